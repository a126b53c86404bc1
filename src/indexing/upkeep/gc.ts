import { CoppiceError, TimeSlices, throwIfAborted } from '../../base/index.js';
import { mergeSegments } from '../../segment/index.js';
import type { Segment } from '../../segment/index.js';
import type { SnapshotStore } from '../../snapshot/index.js';
import type { SegmentEntry } from '../../store/index.js';
import { asTreeId } from '../../model/index.js';
import type { CommitId, TreeId } from '../../model/index.js';
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
 * old files and of the new agree. Publishes once, at the end: a run that is cut short changes nothing. For the holder of the writer lock. Null when a fork was made meanwhile that may need what no root reached: the marks are
 * to be made anew.
 */
export async function collectGarbage(
  snapshots: SnapshotStore,
  kept: { readonly roots: Iterable<TreeId>; readonly commits: Iterable<CommitId> },
  options: KeepOptions & { forkChanges: number },
): Promise<CollectionResult | null> {
  const { store } = snapshots;
  const segments = snapshots.segments().retain();
  try {
    const marked = new MarkedIds(store.catalog.nextIds);
    const slices = new TimeSlices();
    const mark = async (root: TreeId): Promise<void> => {
      throwIfAborted(options.signal);
      await markReachable(root, segments, marked, slices);
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
    let leftForWantOfRoom = 0;
    for (;;) {
      const done = await keepOnly(snapshots, segments.segments, marked, { ...options, skipsWhenFull: true });
      if (done === null) return null;
      if (!('noRoomFor' in done)) {
        const reclaimedBytes = done.bytesBefore - done.bytesAfter;
        return { chunksAfter: marked.docs.count, reclaimedBytes, leftForWantOfRoom };
      }
      // It stays as it is, and so does all that it refers to.
      leftForWantOfRoom++;
      const { docKeys, fileKeys, treeKeys, commitKeys, entry } = done.noRoomFor;
      for (const { number } of docKeys.rows()) marked.docs.add(entry.docs[0] + number);
      for (const { number } of fileKeys.rows()) {
        marked.files.add(entry.files[0] + number);
        for (const doc of segments.file(entry.files[0] + number).docs) marked.docs.add(doc);
      }
      for (const { number } of treeKeys.rows()) await mark(asTreeId(entry.trees[0] + number));
      const unseen = Array.from(commitKeys.rows(), ({ number }) => entry.commits[0] + number);
      for (let id = unseen.pop(); id !== undefined; id = unseen.pop()) {
        marked.commits.add(id);
        const { tree, parents } = segments.commit(id);
        await mark(tree);
        for (const parent of parents) if (parent !== null && !marked.commit(parent)) unseen.push(parent);
      }
    }
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

/** What was done, in bytes of segments and their vectors; or the segment that there is no room to rewrite, and nothing was done. */
type Kept = { readonly bytesBefore: number; readonly bytesAfter: number } | { readonly noRoomFor: Segment };

/**
 * Leaves of segments only what is marked. Published at once: what is dropped from one segment may be referred to by what is
 * dropped from another, and nobody may meet the one without the other. Null: see KeepOptions.
 */
export async function keepOnly(
  snapshots: SnapshotStore,
  segments: readonly Segment[],
  marked: MarkedIds,
  options: KeepOptions,
): Promise<Kept | null> {
  const { store } = snapshots;
  const { dryRun, signal, isKeptSpace } = options;
  const bytesBefore = segments.reduce((sum, { entry }) => sum + store.segmentBytes(entry.id), 0);
  const remove: string[] = [];
  const partly: Segment[] = [];
  let bytesAfter = 0;
  for (const segment of segments) {
    throwIfAborted(signal);
    const { docs, files, trees, commits, id } = segment.entry;
    const live = [
      marked.docs.countRange(docs[0], docs[1]),
      marked.files.countRange(files[0], files[1]),
      marked.trees.countRange(trees[0], trees[1]),
      marked.commits.countRange(commits[0], commits[1]),
    ].reduce((sum, count) => sum + count, 0);
    const { docKeys, fileKeys, treeKeys, commitKeys } = segment;
    const all = docKeys.count + fileKeys.count + treeKeys.count + commitKeys.count;
    if (live === all) bytesAfter += store.segmentBytes(id, isKeptSpace);
    else {
      remove.push(id);
      if (live > 0) partly.push(segment);
    }
  }
  const add: SegmentEntry[] = [];
  const removeNew = (): void => store.removeSegmentFiles(add.map(({ id }) => id));
  let sequence = store.catalog.nextIds.segment;
  for (const segment of partly) {
    try {
      throwIfAborted(signal);
      const kept = await mergeSegments(store, [segment], sequence++, { live: marked, signal });
      add.push(kept);
      bytesAfter += store.segmentBytes(kept.id, isKeptSpace);
      options.onSegment?.(add.length, partly.length);
    } catch (error) {
      removeNew();
      if (options.skipsWhenFull === true && error instanceof CoppiceError && error.code === 'STORE_FULL')
        return { noRoomFor: segment };
      throw error;
    }
  }
  // Of a dry run they were written to learn their exact size, and are never published.
  if (dryRun) removeNew();
  else if (remove.length > 0) {
    const { forkChanges } = options;
    const change = { add, remove, next: { ...store.catalog.nextIds, segment: sequence } };
    if (!store.publish(forkChanges === undefined ? change : { ...change, forkChanges })) {
      removeNew();
      return null;
    }
    snapshots.segments();
    store.removeSegmentFiles(remove);
  }
  return { bytesBefore, bytesAfter };
}
