import type { CommitId, Oid } from '../../../model/index.js';
import { remoteBusy } from '../../../remote/index.js';
import type { PackRef, PublishedHead, Publications } from '../../../remote/index.js';
import type { DescriptionLog } from '../../../store/index.js';
import { rootKey } from '../../../snapshot/index.js';
import type { Session } from '../../session/session.js';
import { findPublished } from '../published-repository.js';
import type { PublishedRepository } from '../published-repository.js';
import { mergePublished } from './merge-published.js';
import { PackBuilder } from './pack-builder.js';
import type { BuiltPack } from './pack-builder.js';
import { announce, basesOf, publishedRefs, recordedHistory } from './publication.js';
import type { Push, Pushed, Row } from './publication.js';

/** Something that was published when the push began may be cleaned up before it ends. */
const triesMax = 3;
/** What indexing has read of the head so short a time ago need not be asked again: if it has changed, the swap fails and tells. */
const headAgeMsMax = 10_000;

/**
 * Publishes what revs reach and the remote lacks as packs, which nobody sees before they are announced. Killed at any moment it leaves
 * the remote as it was, but for objects that `remote gc` removes.
 */
export async function pushPacks(session: Session, remote: Publications, push: Push): Promise<Pushed> {
  const before = remote.sentBytes;
  for (let tries = 1; ; tries++) {
    const ageMsMax = tries === 1 ? headAgeMsMax : 0;
    const published = await findPublished(session, remote, { ...push.call, ageMsMax });
    const sent = await publish(session, remote, published, push);
    if (sent === null) {
      if (tries < triesMax) continue;
      throw remoteBusy(remote.url, 'it is being cleaned up while this push builds on it');
    }
    const all = { bytes: remote.sentBytes - before, commits: sent.commits };
    await mergePublished(session, remote, published.id, all, { ...push.call, key: push.key });
    return { ...sent, known: published.commits };
  }
}

/** Null: what it builds on is gone by now. */
async function publish(
  session: Session,
  remote: Publications,
  { id, commits: known }: PublishedRepository,
  push: Push,
): Promise<Omit<Pushed, 'known'> | null> {
  const { tips, call, noText } = push;
  const { snapshots, store, fingerprint } = session;
  const list = snapshots.segments().retain();
  try {
    const packs: PackRef[] = [];
    let bytes = 0;
    const about = { repository: id, rules: fingerprint, noText, signal: call.signal };
    const send = async (pack: BuiltPack): Promise<void> => {
      await remote.putPack(pack.name, pack.bytes, call);
      bytes += pack.bytes.length;
      packs.push({
        name: pack.name,
        bytes: pack.bytes.length,
        from: 0,
        to: 0,
        docs: pack.counts.docs,
        history: pack.history,
        text: !noText,
        rules: fingerprint,
      });
      push.onProgress?.({
        phase: 'push',
        done: packs.length,
        total: 0,
        unit: 'records',
        bytes,
        what: `${remote.url}: packs`,
      });
    };
    const builder = new PackBuilder(list, snapshots.caches, store.catalog.nextIds, about, describedBy(store), send);
    const bases = await basesOf(session, known, tips);
    for (const { root } of bases) await builder.has(root);
    const rows: Row[] = [];
    const repo = await session.repositoryId();
    const isRecordable = repo === id;
    const records: CommitId[] = [];
    for (const { commit } of tips) {
      const { tree } = await session.repository.readCommit(commit);
      const row = known.get(commit);
      const recordId = isRecordable ? session.recordedCommit(list, repo, commit) : null;
      const parents = recordId === null ? [] : list.commit(recordId).parents;
      const isNext =
        recordId !== null &&
        row?.recorded !== true &&
        parents.length > 0 &&
        parents.every((parent) => parent !== null && known.get(list.commit(parent).oid)?.recorded === true);
      if (isNext) records.push(recordId);
      if (row !== undefined && !isNext) continue;
      const root = snapshots.findRoot(rootKey(tree, fingerprint));
      if (root === null) {
        push.left.add(commit);
        session.shared.note(`${commit} is not published: some of its objects are missing here`);
        continue;
      }
      await builder.addTree(root);
      rows.push({ oid: commit, tree, recorded: isNext, isTip: true });
    }
    for (const record of records) await builder.addCommit(record);
    await builder.flush();
    if (push.history && isRecordable) {
      await builder.beginHistory();
      const isDone = (commit: Oid): boolean => known.get(commit)?.recorded === true;
      for (const record of recordedHistory(session, list, repo, tips, isDone)) {
        const { oid, tree } = list.commit(record);
        await builder.addCommit(record);
        const treeOid = list.tree(tree).oid;
        if (snapshots.findRoot(rootKey(treeOid, fingerprint)) === tree)
          rows.push({ oid, tree: treeOid, recorded: true, isTip: false });
      }
      await builder.flush();
    }
    const sent = { commits: rows.filter(({ oid }) => !known.has(oid)).length, packs: packs.length, bytes };
    const isCurrent = async (head: PublishedHead): Promise<boolean> => {
      const current = await remote.commits(head, fingerprint, call);
      return bases.every(({ commit }) => current.has(commit));
    };
    return (await announce(session, remote, id, { packs, rows, refs: publishedRefs(push) }, push, isCurrent))
      ? sent
      : null;
  } finally {
    list.release();
  }
}

/** What models say of the store's chunks. */
const describedBy = (store: Session['store']): (readonly [string, DescriptionLog])[] =>
  store.describers().map((describer) => {
    const log = store.descriptions(describer);
    log.refresh();
    return [describer, log];
  });
