import { randomBytes } from 'node:crypto';

import { CoppiceError, elapsedMs } from '../../base/index.js';
import { TreePublisher } from '../../cluster/index.js';
import type { Oid } from '../../model/index.js';
import { ClusterStorage } from '../../remote/index.js';
import type { Publications } from '../../remote/index.js';
import { rootKey } from '../../snapshot/index.js';
import type { Session } from '../session/session.js';
import { findPublished } from './published-repository.js';
import { indexTips, objectsOf, refsOf, withPublication } from './push.js';
import type { PushOptions, PushResult } from './push.js';

const patienceMsDefault = 60_000;
/** Of a history so many commits are made known at a time: what was published of it is there when it is interrupted. */
const commitsAtOnce = 200;

export const isCluster = ({ storage }: Publications): boolean => storage instanceof ClusterStorage;

/**
 * Publishes revs to a cluster: the trees as documents, each content once, then the commits by one conditional write. Killed at any moment it leaves
 * what was published as it was, and continues where it was.
 */
export async function pushToCluster(
  session: Session,
  remote: Publications,
  revs: readonly string[],
  options: PushOptions,
): Promise<PushResult> {
  const startMs = elapsedMs();
  const storage = remote.storage as ClusterStorage;
  if (options.noText === true) {
    throw new CoppiceError('USAGE', 'a cluster is searched where it is, so it needs the text', {
      hint: 'push without --no-text',
    });
  }
  const call = { signal: options.signal, patienceMs: options.patienceMs ?? patienceMsDefault };
  const key = options.key ?? null;
  const tips = await indexTips(session, revs, options);
  const refs = await refsOf(session, tips);
  const { fingerprint, snapshots, repository } = session;
  const published = await findPublished(session, remote, call);
  const { id, commits: known } = published;
  const list = snapshots.segments().retain();
  let commits = 0;
  try {
    const publisher = new TreePublisher(storage, list, snapshots.caches, call, ({ chunks, bytes }) =>
      options.onProgress?.({
        phase: 'push',
        done: chunks,
        total: 0,
        unit: 'chunks',
        bytes,
        what: `${remote.url}: chunks`,
      }),
    );
    const wanted: Oid[] = tips.map(({ commit }) => commit);
    if (options.history === true) wanted.unshift(...(await historyOf(session, wanted)));
    let rows: { oid: Oid; tree: Oid; recorded: boolean; isTip: boolean }[] = [];
    const announce = async (names: Readonly<Record<string, string>>): Promise<void> => {
      const objects = await objectsOf(session, rows);
      const nonce = randomBytes(12).toString('hex');
      await remote.update(
        { id, name: repository.name },
        async (head) => {
          if (head.body.recent.some((recent) => recent.nonce === nonce)) return null;
          if (rows.length === 0) {
            const have = await remote.refs(head, call);
            if (Object.entries(names).every(([ref, value]) => have.get(ref) === value)) return null;
          }
          return withPublication(head.body, [], rows, { nonce, rules: fingerprint, refs: names, objects });
        },
        { ...call, key },
      );
      commits += rows.length;
      rows = [];
    };
    const seen = new Set<Oid>();
    for (const commit of wanted) {
      if (seen.has(commit) || known.has(commit)) continue;
      seen.add(commit);
      const { tree } = await repository.readCommit(commit);
      const own = rootKey(tree, fingerprint);
      const root = snapshots.findRoot(own);
      if (root === null) {
        session.shared.note(`${commit} is not published: some of its objects are missing here`);
        continue;
      }
      await publisher.publish(root, own.toString('hex'), { tree, rules: fingerprint });
      rows.push({ oid: commit, tree, recorded: false, isTip: true });
      if (rows.length >= commitsAtOnce) await announce({});
    }
    await announce(refs);
    return {
      remote: remote.url,
      revs: tips.map(({ rev, commit }) => ({ rev, commit, isNew: !known.has(commit) })),
      commits,
      packs: 0,
      documents: publisher.sent.documents,
      chunks: publisher.sent.chunks,
      bytes: publisher.sent.bytes,
      tookMs: elapsedMs() - startMs,
    };
  } finally {
    list.release();
  }
}

/** Recorded commits that the tips reach, parents first. */
async function historyOf(session: Session, tips: readonly Oid[]): Promise<Oid[]> {
  const list = session.snapshots.segments();
  if (list.commitEnd === 0) return [];
  const repo = await session.repositoryId();
  const wanted = new Set<number>();
  const open: number[] = [];
  for (const commit of tips) {
    const id = session.recordedCommit(list, repo, commit);
    if (id !== null) open.push(id);
  }
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (wanted.has(id)) continue;
    wanted.add(id);
    for (const parent of list.commit(id).parents) if (parent !== null && !wanted.has(parent)) open.push(parent);
  }
  // Parents have lower numbers than their children.
  return [...wanted].sort((a, b) => a - b).map((id) => list.commit(id).oid);
}
