import { CoppiceError, TimeSlices, throwIfAborted } from '../base/index.js';
import { mergeSegments } from '../segment/index.js';
import type { Segment } from '../segment/index.js';
import type { SnapshotStore } from '../snapshot/index.js';
import type { SegmentEntry } from '../store/index.js';
import type { CommitId, TreeId } from '../model/index.js';
import { MarkedIds, markReachable } from './reachability.js';

export interface CollectionResult {
  readonly chunksAfter: number;
  /** Bytes of segments and their vectors before, less after; what a dry run says is what a run does. */
  readonly reclaimedBytes: number;
  /** Segments that hold something unreachable and were left as they are, as there was no room to write what is kept of them. */
  readonly leftForWantOfRoom: number;
}

/**
 * Rewrites the segments that hold something no root or kept commit reaches, without it. Ids keep their numbers, so readers of the
 * old files and of the new agree. What nothing of is kept goes first, then one segment after the other, the smallest first: so a
 * run needs room for one rewritten segment beside all others, gives room to itself as it goes, and one that is cut short has done a
 * part. For the holder of the writer lock. Null when a fork was made meanwhile that may need what no root reached: the marks are
 * to be made anew.
 */
export async function collectGarbage(
  snapshots: SnapshotStore,
  kept: { readonly roots: Iterable<TreeId>; readonly commits: Iterable<CommitId> },
  options: KeepOptions & { forkChanges: number },
): Promise<CollectionResult | null> {
  const { store, caches } = snapshots;
  const segments = snapshots.segments().retain();
  try {
    const marked = new MarkedIds(store.catalog.nextIds);
    const slices = new TimeSlices();
    const mark = async (root: TreeId): Promise<void> => {
      throwIfAborted(options.signal);
      await markReachable(root, segments, caches, marked, slices);
    };
    for (const root of kept.roots) await mark(root);
    for (const commit of kept.commits) marked.commits.add(commit);
    // Children first: a commit keeps its parents, which git may have forgotten where a clone was made shallow.
    for (let id = segments.commitEnd - 1; id >= 0; id--) {
      if (!marked.commit(id)) continue;
      const { tree, parents } = segments.commit(id);
      await mark(tree);
      for (const parent of parents) if (parent !== null) marked.commits.add(parent);
    }
    const done = await keepOnly(snapshots, segments.segments, marked, { ...options, skipsWhenFull: true });
    if (done === null) return null;
    return {
      chunksAfter: marked.docs.count + done.chunksLeft,
      reclaimedBytes: done.bytesBefore - done.bytesAfter,
      leftForWantOfRoom: done.segmentsLeft,
    };
  } finally {
    segments.release();
    if (!options.dryRun) snapshots.forget();
  }
}

export interface KeepOptions {
  readonly dryRun: boolean;
  /** Publish only while the catalog's `forkChanges` is still this. */
  readonly forkChanges?: number;
  /** A segment that there is no room to rewrite is left as it is. */
  readonly skipsWhenFull?: boolean;
  /** Vectors in other spaces count as gone: they are about to be. */
  readonly isKeptSpace?: (spaceId: string) => boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onSegment?: (done: number, total: number) => void;
}

/** What was done, in bytes of segments and their vectors. */
interface Kept {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly segmentsLeft: number;
  /** Unmarked chunks in them. */
  readonly chunksLeft: number;
}

/** Leaves of segments only what is marked. Null: see KeepOptions. */
export async function keepOnly(
  snapshots: SnapshotStore,
  segments: readonly Segment[],
  marked: MarkedIds,
  options: KeepOptions,
): Promise<Kept | null> {
  const { store } = snapshots;
  const { dryRun, signal, isKeptSpace } = options;
  const bytesBefore = segments.reduce((sum, { entry }) => sum + store.segmentBytes(entry.id), 0);
  let reclaimed = 0;
  let done = 0;
  const take = (segment: Segment, kept: SegmentEntry | null): boolean => {
    const { id } = segment.entry;
    const reclaims = store.segmentBytes(id) - (kept === null ? 0 : store.segmentBytes(kept.id, isKeptSpace));
    // Of a dry run it was written to learn its exact size, and is never published.
    if (dryRun && kept !== null && kept.id !== id) store.removeSegmentFiles([kept.id]);
    if (!dryRun && kept?.id !== id && !publish(snapshots, [id], kept === null ? [] : [kept], options)) return false;
    reclaimed += reclaims;
    options.onSegment?.(++done, segments.length);
    return true;
  };

  const partly: { readonly segment: Segment; readonly share: number }[] = [];
  for (const segment of segments) {
    throwIfAborted(signal);
    const { docs, files, trees, commits } = segment.entry;
    const live = [
      marked.docs.countRange(docs[0], docs[1]),
      marked.files.countRange(files[0], files[1]),
      marked.trees.countRange(trees[0], trees[1]),
      marked.commits.countRange(commits[0], commits[1]),
    ].reduce((sum, count) => sum + count, 0);
    const { docKeys, fileKeys, treeKeys, commitKeys } = segment;
    const all = docKeys.count + fileKeys.count + treeKeys.count + commitKeys.count;
    if (live > 0 && live < all) partly.push({ segment, share: live / all });
    else if (!take(segment, live === all ? segment.entry : null)) return null;
  }
  partly.sort((a, b) => a.segment.entry.bytes * a.share - b.segment.entry.bytes * b.share);
  const rewrite = async ({ segment }: { readonly segment: Segment }): Promise<boolean> => {
    const kept = await mergeSegments(store, [segment], store.catalog.nextIds.segment, { live: marked, signal });
    return take(segment, kept);
  };
  const skipped: typeof partly = [];
  for (const one of partly) {
    throwIfAborted(signal);
    try {
      if (!(await rewrite(one))) return null;
    } catch (error) {
      if (options.skipsWhenFull !== true || !isFull(error)) throw error;
      skipped.push(one);
    }
  }
  const left: Segment[] = [];
  for (const one of skipped) {
    // Those after it may have made room.
    try {
      if (!(await rewrite(one))) return null;
    } catch (error) {
      if (!isFull(error)) throw error;
      left.push(one.segment);
    }
  }
  const chunksLeft = left.reduce(
    (sum, { entry: { docs }, docKeys }) => sum + docKeys.count - marked.docs.countRange(docs[0], docs[1]),
    0,
  );
  return { bytesBefore, bytesAfter: bytesBefore - reclaimed, segmentsLeft: left.length, chunksLeft };
}

/** Puts segments in the place of others; false, and nothing is left behind, when a fork was made meanwhile. */
function publish(
  snapshots: SnapshotStore,
  remove: readonly string[],
  add: readonly SegmentEntry[],
  { forkChanges }: KeepOptions,
): boolean {
  const { store } = snapshots;
  const { nextIds } = store.catalog;
  const change = { add, remove, next: { ...nextIds, segment: nextIds.segment + add.length } };
  if (!store.publish(forkChanges === undefined ? change : { ...change, forkChanges })) {
    store.removeSegmentFiles(add.map(({ id }) => id));
    return false;
  }
  snapshots.segments();
  store.removeSegmentFiles(remove);
  return true;
}

const isFull = (error: unknown): boolean => error instanceof CoppiceError && error.code === 'STORE_FULL';
