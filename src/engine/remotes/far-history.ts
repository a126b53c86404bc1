import { LruCache, TimeSlices } from '../../base/index.js';
import { FarHistory } from '../../cluster/index.js';
import type { CommitLink } from '../../git/index.js';
import { CommitRecorder, SegmentSink } from '../../indexing/index.js';
import type { Oid, RepositoryId } from '../../model/index.js';
import { rootKey } from '../../snapshot/index.js';
import type { Session } from '../session/session.js';
import type { CallOptions } from '../types.js';
import { farOf, orWithout } from './far.js';
import type { Far } from './far.js';
import { openRemote } from './open-remote.js';
import { findPublished } from './published-repository.js';

/** Histories of repositories in memory; of one alone there may be more. */
const bytesMax = 256 * 1024 * 1024;
/** Of so many commits the trees are read together. */
const commitsAtOnce = 500;

interface Kept {
  readonly history: FarHistory;
  /** Commits that are recorded with all that they reach. */
  readonly tips: Set<Oid>;
  recording: Promise<unknown>;
}

const known = new WeakMap<Far, LruCache<string, Kept>>();

function historiesOf(session: Session): LruCache<string, Kept> {
  const far = farOf(session.shared);
  let histories = known.get(far);
  if (histories === undefined) {
    histories = new LruCache<string, Kept>(bytesMax, ({ history }) => history.close());
    known.set(far, histories);
    session.snapshots.caches.derived.add(histories);
  }
  return histories;
}

/**
 * The history that some commits reach, as far as it is published in the cluster that is the remote; null where it is to be made here, in a clone, of which
 * something is not published or is recorded already.
 */
export async function farHistory(
  session: Session,
  commits: readonly Oid[],
  call: CallOptions,
): Promise<FarHistory | null> {
  if (!session.hasCluster) return null;
  // The refs' as well: answers tell which of them have a line.
  if (session.isPublished) return record(session, [...new Set([...commits, ...(await tipsOf(session, call))])], call);
  return orWithout(session.shared, 'the history is indexed here', call, async (_, patient) => {
    const remote = openRemote(session.shared, session.shared.settings.remote!);
    const published = await findPublished(session, remote, patient);
    const areAll = async (tips: readonly Oid[]): Promise<boolean> => {
      for await (const { oid } of session.repository.commits(tips, rangeOf(call)))
        if (!published.commits.has(oid)) return false;
      return true;
    };
    if (!(await areAll(commits))) return null;
    const refs = (await tipsOf(session, call)).filter((commit) => published.commits.has(commit));
    return record(session, (await areAll(refs)) ? [...new Set([...commits, ...refs])] : commits, call);
  });
}

/** Begins anew at the next question: something of it is no longer there. */
export async function forgetFarHistory(session: Session): Promise<void> {
  historiesOf(session).delete(keyOf(session, await session.repositoryId()));
}

const keyOf = ({ fingerprint }: Session, repo: RepositoryId): string => `${repo}\0${fingerprint}`;

/** Commits of branches and tags. */
async function tipsOf({ repository }: Session, { signal }: CallOptions): Promise<Oid[]> {
  return (await repository.refs(signal)).flatMap(({ commit }) => (commit === null ? [] : [commit]));
}

const rangeOf = ({ signal }: CallOptions): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });

async function record(session: Session, commits: readonly Oid[], call: CallOptions): Promise<FarHistory> {
  const histories = historiesOf(session);
  const key = keyOf(session, await session.repositoryId());
  let kept = histories.get(key);
  if (kept === undefined) {
    const { storage } = farOf(session.shared);
    const history = new FarHistory(storage.cluster, session.snapshots.segmentCaches);
    kept = { history, tips: new Set(), recording: Promise.resolve() };
    histories.set(key, kept, 0);
  }
  const { history } = kept;
  const own = kept;
  // One after the other: each goes on where the one before ended.
  const recording = own.recording.then(() => history.use(() => recordNew(session, own, commits, call)));
  own.recording = recording.catch(() => undefined);
  await recording;
  histories.reweigh(key, history.bytes);
  return history;
}

async function recordNew(
  session: Session,
  { history, tips }: Kept,
  commits: readonly Oid[],
  call: CallOptions,
): Promise<void> {
  const { repository, fingerprint } = session;
  const repo = await session.repositoryId();
  const missing = commits.filter((commit) => session.recordedCommit(history.segments(), repo, commit) === null);
  if (missing.length === 0) return;
  const { signal, onProgress } = call;
  const range = { exclude: [...tips], ...rangeOf(call) };
  const total = await repository.countCommits(missing, range);
  const slices = new TimeSlices(signal);
  let done = 0;
  const take = async (links: readonly CommitLink[]): Promise<void> => {
    const keys = links.map(({ tree }) => rootKey(tree, fingerprint).toString('hex'));
    const roots = await history.roots(keys, { signal });
    const sink = new SegmentSink(history);
    const recorder = new CommitRecorder(sink, repo, fingerprint);
    for (const [i, link] of links.entries()) {
      if (slices.isOver) await slices.next();
      const root = roots[i]!;
      // One whose snapshot was cleaned up is as one that is not published.
      if (root !== null && recorder.find(link.oid) === null) recorder.record(link, root);
    }
    await sink.publish();
    done += links.length;
    onProgress?.({ phase: 'index', done, total, unit: 'commits', bytes: 0, what: 'history as it is published' });
  };
  let links: CommitLink[] = [];
  for await (const link of repository.commits(missing, { ...range, oldestFirst: true })) {
    links.push(link);
    if (links.length < commitsAtOnce) continue;
    await take(links);
    links = [];
  }
  if (links.length > 0) await take(links);
  for (const commit of missing) tips.add(commit);
}
