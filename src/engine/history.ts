import type { Oid, RepositoryId, TreeId } from '../model/index.js';
import { commitKey } from '../snapshot/index.js';
import { publishing } from './session.js';
import type { Session } from './session.js';
import type { CallOptions } from './types.js';

/** Text of one segment while history is indexed: larger than else, as all of it comes at once. */
const segmentTextBytesMax = 64 * 1024 * 1024;

/**
 * Records every commit reachable from the tips, with its tree and what it changed; parents first, so that a recorded
 * commit has a recorded history. Goes on where an earlier call was cut short. Returns how many it recorded.
 */
export async function recordHistory(session: Session, tips: readonly Oid[], options: CallOptions): Promise<number> {
  const repository = await session.repository();
  const repo = await session.repositoryId();
  const source = await session.source;
  const { signal, onProgress } = options;
  const { HistoryIndexer, SegmentSink } = await import('../indexing/index.js');
  return session.asWriter(options, async () => {
    const missing = tips.filter((tip) => !isRecorded(session, repo, tip));
    if (missing.length === 0) return 0;
    const range = { exclude: recordedRevs(session, repo), ...(signal === undefined ? {} : { signal }) };
    const total = await repository.countCommits(missing, range);
    const sink = new SegmentSink(session.snapshots, { textBytesMax: segmentTextBytesMax });
    sink.loadKeys();
    const indexer = new HistoryIndexer({
      sink,
      pool: await session.analysisPool(),
      rules: session.rules,
      repository: repo,
      signal,
      onNote: session.options.onNote,
      onProgress: (done, bytes) =>
        onProgress?.({ phase: 'index', done, total, unit: 'commits', bytes, what: 'history' }),
    });
    return publishing(sink, () => indexer.index(repository.commits(missing, { ...range, oldestFirst: true }), source));
  });
}

/** Records a commit whose tree was stored already, if its parents are recorded. */
export async function continueHistory(
  session: Session,
  commit: Oid,
  tree: TreeId,
  options: CallOptions,
): Promise<void> {
  if (session.snapshots.segments().commitEnd === 0) return;
  if (isRecorded(session, await session.repositoryId(), commit)) return;
  const { SegmentSink } = await import('../indexing/index.js');
  await session.asWriter(options, () => {
    const sink = new SegmentSink(session.snapshots);
    return publishing(sink, () => session.recordNext(commit, tree, sink));
  });
}

export function isRecorded(session: Session, repo: RepositoryId, commit: Oid): boolean {
  return session.snapshots.segments().findCommit(commitKey(commit, repo, session.fingerprint)) >= 0;
}

/** Commits of revs by which history need not be walked again. */
function recordedRevs(session: Session, repo: RepositoryId): Oid[] {
  return [...session.store.catalog.revs.values()]
    .filter((rev) => rev.repo === repo && rev.commit !== null && isRecorded(session, repo, rev.commit))
    .map(({ commit }) => commit!);
}
