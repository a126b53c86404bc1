import { TimeSlices, throwIfAborted } from '../base/index.js';
import { mergeSegments } from '../segment/index.js';
import type { Segment } from '../segment/index.js';
import type { SnapshotStore } from '../snapshot/index.js';
import type { SegmentEntry } from '../store/index.js';
import type { CommitId, TreeId } from '../model/index.js';
import { MarkedIds, markReachable } from './reachability.js';

export interface CollectionResult {
  readonly chunksBefore: number;
  readonly chunksAfter: number;
  /** Bytes of segment files before, less after; what a dry run says is what a run does. */
  readonly reclaimedBytes: number;
}

/**
 * Rewrites the segments that hold something no root or kept commit reaches, without it. Ids keep their numbers, so readers of the
 * old files and of the new agree. Publishes once, at the end: a run that is cut short changes nothing. For the holder
 * of the writer lock. Null, and nothing is changed, when a fork was made meanwhile that may need what no root reached.
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
    const rewritten = await keepOnly(snapshots, segments.segments, marked, options);
    if (rewritten === null) return null;
    const before = segments.segments.reduce((sum, { entry }) => sum + entry.bytes, 0);
    const after = rewritten.reduce((sum, { kept }) => sum + (kept?.bytes ?? 0), 0);
    return {
      chunksBefore: segments.segments.reduce((sum, segment) => sum + segment.docKeys.count, 0),
      chunksAfter: marked.docs.count,
      reclaimedBytes: before - after,
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
  readonly signal?: AbortSignal | undefined;
  readonly onSegment?: (done: number, total: number) => void;
}

/** What becomes of each segment when only marked ids are kept: itself, a smaller one, or nothing. Null: see KeepOptions. */
export async function keepOnly(
  snapshots: SnapshotStore,
  segments: readonly Segment[],
  marked: MarkedIds,
  options: KeepOptions,
): Promise<{ segment: Segment; kept: SegmentEntry | null }[] | null> {
  const { store } = snapshots;
  const { signal } = options;
  let sequence = store.catalog.nextIds.segment;
  const results: { segment: Segment; kept: SegmentEntry | null }[] = [];
  try {
    for (const segment of segments) {
      throwIfAborted(signal);
      const { docs, files, trees, commits } = segment.entry;
      const liveDocs = marked.docs.countRange(docs[0], docs[1]);
      const liveFiles = marked.files.countRange(files[0], files[1]);
      const liveTrees = marked.trees.countRange(trees[0], trees[1]);
      const liveCommits = marked.commits.countRange(commits[0], commits[1]);
      const complete =
        liveDocs === segment.docKeys.count &&
        liveFiles === segment.fileKeys.count &&
        liveTrees === segment.treeKeys.count &&
        liveCommits === segment.commitKeys.count;
      if (complete) results.push({ segment, kept: segment.entry });
      else if (liveDocs + liveFiles + liveTrees + liveCommits === 0) results.push({ segment, kept: null });
      else results.push({ segment, kept: await mergeSegments(store, [segment], sequence++, { live: marked, signal }) });
      options.onSegment?.(results.length, segments.length);
    }
  } catch (error) {
    removeNew(snapshots, results);
    throw error;
  }
  if (options.dryRun) {
    // Written to learn their exact size; never published.
    removeNew(snapshots, results);
    return results;
  }
  const changed = results.filter(({ segment, kept }) => kept !== segment.entry);
  if (changed.length > 0) {
    const removed = changed.map(({ segment }) => segment.entry.id);
    const add = changed.flatMap(({ kept }) => (kept === null ? [] : [kept]));
    const { forkChanges } = options;
    const change = { add, remove: removed, next: { ...store.catalog.nextIds, segment: sequence } };
    if (!store.publish(forkChanges === undefined ? change : { ...change, forkChanges })) {
      removeNew(snapshots, results);
      return null;
    }
    snapshots.segments();
    store.removeSegmentFiles(removed);
  }
  return results;
}

function removeNew(
  snapshots: SnapshotStore,
  results: readonly { segment: Segment; kept: SegmentEntry | null }[],
): void {
  const isNew = results.flatMap(({ segment, kept }) => (kept !== null && kept !== segment.entry ? [kept.id] : []));
  snapshots.store.removeSegmentFiles(isNew);
}
