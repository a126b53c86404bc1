import { TimeSlices, throwIfAborted, yieldToEventLoop } from '../../base/index.js';
import { mergeSegments } from '../../segment/index.js';
import type { SnapshotStore } from '../../snapshot/index.js';
import type { SegmentEntry, Store } from '../../store/index.js';

/** So many segments at least become one, so that a byte is not written again for every commit. */
const mergedCountMin = 8;
/** Larger segments are left alone: rewriting them gains nothing. */
const mergedBytesMax = 1024 * 1024 * 1024;

/**
 * The newest segments that are to become one, or null: as many as can be whose oldest is no larger than the others together.
 * So a segment is rewritten only once as much has come after it, and what is left has sizes that fall fast. Over 20,000 single
 * commits there are at most 16 segments, and a byte is rewritten 3.4 times. Only neighbours can be merged, so that
 * ids stay consecutive.
 */
export function nextMerge(segments: readonly SegmentEntry[]): readonly SegmentEntry[] | null {
  let best: number | null = null;
  let newer = 0;
  for (let from = segments.length - 1; from >= 0; from--) {
    const { bytes } = segments[from]!;
    if (newer + bytes > mergedBytesMax) break;
    if (segments.length - from >= mergedCountMin && bytes <= newer) best = from;
    newer += bytes;
  }
  return best === null ? null : segments.slice(best);
}

/**
 * Merges as long as there is something to merge. For the holder of the writer lock. Returns how often it merged.
 */
export async function mergeWhereDue(snapshots: SnapshotStore, signal?: AbortSignal): Promise<number> {
  const { store } = snapshots;
  for (let merges = 0; ; merges++) {
    throwIfAborted(signal);
    const list = snapshots.segments().retain();
    try {
      const due = nextMerge(list.segments.map(({ entry }) => entry));
      if (due === null) return merges;
      const ids = due.map(({ id }) => id);
      const sequence = store.catalog.nextIds.segment;
      const open = list.segments.filter(({ entry }) => ids.includes(entry.id));
      const merged = await mergeSegments(store, open, sequence, { live: null, signal });
      await yieldToEventLoop();
      const next = { ...store.catalog.nextIds, segment: sequence + 1 };
      store.publish({ add: [merged], remove: ids, next });
      snapshots.segments();
      await yieldToEventLoop();
      await removeInSlices(store, ids);
      await yieldToEventLoop();
    } finally {
      list.release();
    }
  }
}

async function removeInSlices(store: Store, ids: readonly string[]): Promise<void> {
  const slices = new TimeSlices();
  for (const id of ids) {
    if (slices.isOver) await slices.next();
    store.removeSegmentFiles([id]);
  }
}
