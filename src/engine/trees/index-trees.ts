import { CoppiceError } from '../../base/index.js';
import type { ObjectSource, SegmentSink, StoredRoot } from '../../indexing/index.js';
import type { Oid } from '../../model/index.js';
import { addedTo } from './added.js';
import type { Added } from './added.js';
import { loadIndexing } from '../shared/load-indexing.js';
import type { SharedStore } from '../shared/shared-store.js';
import type { CallOptions } from '../types.js';

export interface IndexTreesOptions {
  readonly sink?: SegmentSink;
  /** Trees that those to index may have most in common with, the likeliest first. */
  readonly baseOids?: readonly Oid[];
  readonly beforePublish?: (sink: SegmentSink, roots: readonly StoredRoot[]) => Promise<void>;
}

/** Indexes trees and publishes them; what was done is kept when it is cut short. For the holder of the writer lock. */
export async function indexTrees(
  shared: SharedStore,
  oids: readonly Oid[],
  source: ObjectSource,
  call: CallOptions & { what?: string },
  options: IndexTreesOptions = {},
): Promise<{ roots: StoredRoot[]; added: Added }> {
  const { SegmentSink, TreeIndexer } = await loadIndexing();
  const sink = options.sink ?? new SegmentSink(shared.snapshots);
  let bytes = 0;
  const indexer = new TreeIndexer({
    sink,
    pool: await shared.analysisPool(),
    rules: shared.rules,
    signal: call.signal,
    onNote: shared.options.onNote,
    onFile: (done, total, size, path) => {
      bytes += size;
      call.onProgress?.({ phase: 'index', done, total, unit: 'files', bytes, what: call.what ?? path });
    },
  });
  return publishing(sink, async () => {
    const roots = await indexer.ensure(oids, source, options.baseOids);
    await options.beforePublish?.(sink, roots);
    return { roots, added: addedTo(sink) };
  });
}

/** Ends that are nobody's fault: what was done is right, and the next run goes on from it. */
const keptCodes: ReadonlySet<string> = new Set(['ABORTED', 'WORKERS_LOST']);

/** Runs an action that adds to a sink, and publishes what it added; what was done is kept when it is cut short. */
export async function publishing<T>(sink: SegmentSink, action: () => Promise<T>): Promise<T> {
  try {
    const result = await action();
    await sink.publish();
    return result;
  } catch (error) {
    if (error instanceof CoppiceError && keptCodes.has(error.code)) await sink.publish();
    else sink.abandon();
    throw error;
  }
}
