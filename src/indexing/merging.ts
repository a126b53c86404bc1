import { throwIfAborted, yieldToEventLoop } from '../base/index.js';
import { mergeSegments } from '../segment/index.js';
import type { SnapshotStore } from '../snapshot/index.js';
import type { SegmentEntry } from '../store/index.js';

/**
 * Segments are merged in tiers that grow by this factor, so every byte is rewritten about once a tier and a search
 * meets at most so many segments a tier: 20,000 single commits leave under 40 segments.
 */
const tierFactor = 8;
/** Segments up to this size are one tier. */
const smallestTierBytes = 64 * 1024;
/** Larger segments are left alone: rewriting them gains nothing. */
const mergedBytesMax = 1024 * 1024 * 1024;

const tierOf = ({ bytes }: SegmentEntry): number =>
  Math.max(0, Math.ceil(Math.log(bytes / smallestTierBytes) / Math.log(tierFactor)));

/**
 * The newest segments that are to become one, or null: a tier that is full, with the smaller ones behind it. Only
 * neighbours can, so that ids stay consecutive.
 */
export function nextMerge(segments: readonly SegmentEntry[]): readonly SegmentEntry[] | null {
  const tiers = segments.map(tierOf);
  for (let tier = 0; tier <= Math.max(...tiers, -1); tier++) {
    let from = segments.length;
    let bytes = 0;
    let inTier = 0;
    while (from > 0 && tiers[from - 1]! <= tier && bytes + segments[from - 1]!.bytes <= mergedBytesMax) {
      from--;
      bytes += segments[from]!.bytes;
      if (tiers[from] === tier) inTier++;
    }
    if (inTier >= tierFactor) return segments.slice(from);
  }
  return null;
}

/** Merges until no tier is full. For the holder of the writer lock. */
export async function mergeWhereDue(snapshots: SnapshotStore, signal?: AbortSignal): Promise<number> {
  let merges = 0;
  for (;;) {
    throwIfAborted(signal);
    const due = nextMerge(snapshots.store.catalog.segments());
    if (due === null) return merges;
    const ids = due.map(({ id }) => id);
    const list = snapshots.segments();
    const open = list.segments.filter(({ entry }) => ids.includes(entry.id));
    const { nextIds } = snapshots.store.catalog;
    const merged = mergeSegments(snapshots.store, open, nextIds.segment, null);
    snapshots.store.record({
      t: 'segments',
      add: [merged],
      remove: ids,
      next: { ...nextIds, segment: nextIds.segment + 1 },
    });
    snapshots.segments();
    snapshots.store.removeSegmentFiles(ids);
    merges++;
    await yieldToEventLoop();
  }
}
