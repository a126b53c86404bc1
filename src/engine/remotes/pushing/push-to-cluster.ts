import { ClusterTurns, TreePublisher } from '../../../cluster/index.js';
import type { Turn } from '../../../cluster/index.js';
import { asOid } from '../../../model/index.js';
import type { Oid } from '../../../model/index.js';
import { ClusterStorage } from '../../../remote/index.js';
import type { Publications } from '../../../remote/index.js';
import { rootKey } from '../../../snapshot/index.js';
import type { Session } from '../../session/session.js';
import { waitTold } from '../far.js';
import { findPublished } from '../published-repository.js';
import { announce, basesOf, publishedRefs, recordedHistory } from './publication.js';
import type { Push, Pushed, Row } from './publication.js';

/** Of a history so many commits are made known at a time: what was published of it is there when it is interrupted. */
const commitsAtOnce = 200;

export const isCluster = ({ storage }: Publications): boolean => storage instanceof ClusterStorage;

/**
 * Publishes revs to a cluster: the trees as documents, each content once, then the commits. Killed at any moment it leaves
 * what was published as it was, and continues where it was.
 */
export function pushToCluster(session: Session, remote: Publications, push: Push): Promise<Pushed> {
  const turns = new ClusterTurns(remote.storage as ClusterStorage);
  const onWait = waitTold(remote.url, 'push', push.onProgress);
  return turns.publish({ ...push.call, onWait }, (turn) => publish(session, remote, push, turn));
}

async function publish(session: Session, remote: Publications, push: Push, turn: Turn): Promise<Pushed> {
  const { tips, call } = push;
  const { fingerprint, snapshots, repository } = session;
  const { id, commits: known } = await findPublished(session, remote, call);
  const list = snapshots.segments().retain();
  let commits = 0;
  try {
    const publisher = new TreePublisher(
      remote.storage as ClusterStorage,
      list,
      snapshots.caches,
      { ...call, check: () => turn.check() },
      ({ chunks, bytes }) =>
        push.onProgress?.({
          phase: 'push',
          done: chunks,
          total: 0,
          unit: 'chunks',
          bytes,
          what: `${remote.url}: chunks`,
        }),
    );
    const prepared = publisher.prepare();
    prepared.catch(() => undefined); // told when it is waited for
    const [base] = await basesOf(session, known, tips.slice(0, 1));
    if (base !== undefined) {
      const { tree } = known.get(base.commit)!;
      await publisher.beginFrom(base.root, rootKey(asOid(tree), fingerprint).toString('hex'));
    }
    await prepared;
    let wanted: Oid[] = tips.map(({ commit }) => commit);
    if (push.history) {
      const records = recordedHistory(session, list, await session.repositoryId(), tips);
      wanted = [...records.map((record) => list.commit(record).oid), ...wanted];
    }
    let rows: Row[] = [];
    const announceRows = async (refs: Push['refs']): Promise<void> => {
      await announce(session, remote, id, { packs: [], rows, refs }, push, () => {
        turn.check();
        return Promise.resolve(true);
      });
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
        push.left.add(commit);
        session.shared.note(`${commit} is not published: some of its objects are missing here`);
        continue;
      }
      await publisher.publish(root, own.toString('hex'), { tree, rules: fingerprint });
      rows.push({ oid: commit, tree, recorded: false, isTip: true });
      if (rows.length >= commitsAtOnce) await announceRows({});
    }
    await announceRows(publishedRefs(push));
    return { known, commits, packs: 0, ...publisher.sent };
  } finally {
    list.release();
  }
}
