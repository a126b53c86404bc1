import { CoppiceError } from '../../base/index.js';
import type { FarHistory } from '../../cluster/index.js';
import type { Commit } from '../../git/index.js';
import { clusterIdMin } from '../../model/index.js';
import type { Oid, RepositoryId, TreeId } from '../../model/index.js';
import { addedTo, nothingAdded } from '../trees/added.js';
import type { Added } from '../trees/added.js';
import { publishing } from '../trees/index-trees.js';
import type { Session } from '../session/session.js';
import type { CallOptions } from '../types.js';

/** Text of one segment while history is indexed: larger than else, as all of it comes at once. */
const segmentTextBytesMax = 64 * 1024 * 1024;

/** So many new commits are recorded one by one, which costs what each changed; for more all that is stored is looked through first. */
const fewCommits = 16;

/**
 * Records the commits and all their history, where that is not done yet; null when it is in the store. Returned is the history as it is published in a
 * cluster, where that is what is known of it, or is sooner read than made.
 */
export async function ensureRecorded(
  session: Session,
  commits: readonly Oid[],
  options: CallOptions,
): Promise<FarHistory | null> {
  const repo = await session.repositoryId();
  const areRecorded = (): boolean => commits.every((commit) => isRecorded(session, repo, commit));
  if (areRecorded()) return null;
  if (session.shared.settings.remote !== null) {
    const { takeHistory } = await import('../remotes/auto-take.js');
    await takeHistory(session, commits, options);
    if (areRecorded()) return null;
  }
  const few = session.isPublished ? null : await fewUnrecorded(session, repo, commits);
  if (session.hasCluster && few === null) {
    const { farHistory } = await import('../remotes/far-history.js');
    const history = await farHistory(session, commits, options);
    if (history !== null) return history;
  }
  if (session.isPublished) {
    throw new CoppiceError('REMOTE_NOT_FOUND', 'the history of this rev is not published', {
      hint: 'coppice push REMOTE REV --history publishes it',
    });
  }
  for (const { oid, tree } of few ?? []) {
    const origin = { commit: oid, near: [] };
    const { id, provisional } = await session.ensureTree(tree, session.source, { ...options, what: oid }, origin);
    if (provisional) break; // it is said what to do by those who record it
    await continueHistory(session, oid, id, options);
  }
  if (!areRecorded()) await recordHistory(session, commits, options);
  return null;
}

/** The commits that are not recorded, parents before children; null when they are many, begin a history, or some are missing. */
async function fewUnrecorded(session: Session, repo: RepositoryId, tips: readonly Oid[]): Promise<Commit[] | null> {
  if (session.snapshots.segments().commitEnd === 0) return null;
  const { repository } = session;
  const seen = new Set<Oid>();
  const inOrder: Commit[] = [];
  const visit = async (oid: Oid): Promise<boolean> => {
    if (seen.has(oid) || isRecorded(session, repo, oid)) return true;
    seen.add(oid);
    if (seen.size > fewCommits) return false;
    const commit = await repository.readCommit(oid).catch(() => null);
    if (commit === null || commit.parents.length === 0) return false;
    for (const parent of commit.parents) if (!(await visit(parent))) return false;
    inOrder.push(commit);
    return true;
  };
  for (const tip of tips) if (!(await visit(tip))) return null;
  return inOrder;
}

/**
 * Records every commit reachable from the tips, with its tree and what it changed; parents first, so that a recorded
 * commit has a recorded history. Goes on where an earlier call was cut short. Tells how many it recorded.
 */
export async function recordHistory(
  session: Session,
  tips: readonly Oid[],
  options: CallOptions,
): Promise<{ commits: number; added: Added }> {
  const { repository, shared, source } = session;
  const repo = await session.repositoryId();
  const { signal, onProgress } = options;
  const { HistoryIndexer, SegmentSink } = await import('../../indexing/index.js');
  return shared.asWriter(options, async () => {
    const missing = tips.filter((tip) => !isRecorded(session, repo, tip));
    if (missing.length === 0) return { commits: 0, added: nothingAdded };
    const range = { exclude: recordedRevs(session, repo), ...(signal === undefined ? {} : { signal }) };
    const total = await repository.countCommits(missing, range);
    const sink = new SegmentSink(session.snapshots, { textBytesMax: segmentTextBytesMax });
    await sink.loadKeys();
    const indexer = new HistoryIndexer({
      sink,
      pool: await shared.analysisPool(),
      rules: shared.rules,
      repository: repo,
      signal,
      onNote: shared.options.onNote,
      onProgress: (done, bytes) =>
        onProgress?.({ phase: 'index', done, total, unit: 'commits', bytes, what: 'history' }),
    });
    const commits = await publishing(sink, () =>
      indexer.index(repository.commits(missing, { ...range, oldestFirst: true }), source),
    );
    return { commits, added: addedTo(sink) };
  });
}

/** Records a commit whose tree was stored already, if its parents are recorded. */
export async function continueHistory(
  session: Session,
  commit: Oid,
  tree: TreeId,
  options: CallOptions,
): Promise<void> {
  // What is in a cluster is no tree of the store's.
  if (tree >= clusterIdMin || session.snapshots.segments().commitEnd === 0) return;
  if (isRecorded(session, await session.repositoryId(), commit)) return;
  const { SegmentSink } = await import('../../indexing/index.js');
  await session.shared.asWriter(options, () => {
    const sink = new SegmentSink(session.snapshots);
    return publishing(sink, () => session.recordNext(commit, tree, sink));
  });
}

export function isRecorded(session: Session, repo: RepositoryId, commit: Oid): boolean {
  return session.recordedCommit(session.snapshots.segments(), repo, commit) !== null;
}

/** Commits of revs by which history need not be walked again. */
function recordedRevs(session: Session, repo: RepositoryId): Oid[] {
  return [...session.store.catalog.revs.values()]
    .filter((rev) => rev.repo === repo && rev.commit !== null && isRecorded(session, repo, rev.commit))
    .map(({ commit }) => commit!);
}
