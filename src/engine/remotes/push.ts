import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { CoppiceError, elapsedMs } from '../../base/index.js';
import { asCommitId, asOid } from '../../model/index.js';
import type { CommitId, Oid, RepositoryId, TreeId } from '../../model/index.js';
import { packObjects } from '../../remote/index.js';
import type { CommitRow, HeadBody, PackRef, Publications, RecentPublication } from '../../remote/index.js';
import { rootKey } from '../../snapshot/index.js';
import { indexRevs } from '../indexing/index-revs.js';
import { resolveTarget } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import type { CallOptions } from '../types.js';
import { mergePublished } from './merge-published.js';
import { PackBuilder } from './pack-builder.js';
import type { BuiltPack } from './pack-builder.js';
import { findPublished } from './published-repository.js';
import type { PublishedRepository } from './published-repository.js';

export interface PushOptions extends CallOptions {
  /** Every branch and tag. */
  readonly all?: boolean;
  /** Every commit that the revs reach, for `log` and for opening any of them. */
  readonly history?: boolean;
  /** Leave the text out: who pulls reads it from the repository. */
  readonly noText?: boolean;
  /** Private key that the head is signed with. */
  readonly key?: KeyObject | null;
  /** How long a remote that fails is tried again, in milliseconds. */
  readonly patienceMs?: number;
}

export interface PushResult {
  readonly remote: string;
  readonly revs: readonly { readonly rev: string; readonly commit: Oid; readonly isNew: boolean }[];
  /** Commits that were not published before. */
  readonly commits: number;
  readonly packs: number;
  /** Of a cluster: those that were not there, and the chunks among them. */
  readonly documents?: number;
  readonly chunks?: number;
  /** Of packs, or documents. */
  readonly bytes: number;
  readonly tookMs: number;
}

/** Roots that the remote has and whose trees are looked through, so that nothing of them is sent again. */
const basesMax = 8;
const nearestMax = 2000;
const patienceMsDefault = 60_000;
/** Something that was published when the push began may be cleaned up before it ends. */
const triesMax = 3;

/**
 * Publishes what revs reach and the remote lacks: packs first, which nobody sees, then one conditional write that makes them visible.
 * Killed at any moment it leaves the remote as it was, but for objects that `remote gc` removes.
 */
export async function pushRevs(
  session: Session,
  remote: Publications,
  revs: readonly string[],
  options: PushOptions,
): Promise<PushResult> {
  const startMs = elapsedMs();
  const call = { signal: options.signal, patienceMs: options.patienceMs ?? patienceMsDefault };
  const tips = await indexTips(session, revs, options);
  const refs = await refsOf(session, tips);
  for (let tries = 1; ; tries++) {
    const published = await findPublished(session, remote, call);
    const result = await publish(session, remote, published, tips, refs, options, call);
    if (result === null) {
      if (tries < triesMax) continue;
      throw new CoppiceError('REMOTE_UNREACHABLE', `${remote.url} is being cleaned up while this push builds on it`, {
        hint: 'push again in a moment',
      });
    }
    await mergePublished(session, remote, published.id, { ...call, key: options.key ?? null });
    const known = published.commits;
    return {
      remote: remote.url,
      revs: tips.map(({ rev, commit }) => ({ rev, commit, isNew: !known.has(commit) })),
      ...result,
      tookMs: elapsedMs() - startMs,
    };
  }
}

/** Indexes revs, which have to be commits. */
export async function indexTips(
  session: Session,
  revs: readonly string[],
  options: PushOptions,
): Promise<{ rev: string; commit: Oid }[]> {
  const indexed = await indexRevs(session, revs, {
    ...options,
    all: options.all ?? false,
    history: options.history ?? false,
  });
  const tips: { rev: string; commit: Oid }[] = [];
  for (const { rev } of indexed.revs) {
    const { resolved } = await resolveTarget(session, rev, options);
    if (resolved.commit === null || resolved.kind !== 'commit') {
      throw new CoppiceError('USAGE', `only commits are published, and '${rev}' is none`, {
        hint: 'commit it, and push the branch',
      });
    }
    tips.push({ rev, commit: resolved.commit });
  }
  return tips;
}

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs: number;
}

/** Null: what it builds on is gone by now. */
async function publish(
  session: Session,
  remote: Publications,
  { id, commits: known }: PublishedRepository,
  tips: readonly { readonly commit: Oid }[],
  refs: Readonly<Record<string, string>>,
  options: PushOptions,
  call: Call,
): Promise<{ commits: number; packs: number; bytes: number } | null> {
  const { snapshots, store, fingerprint } = session;
  const list = snapshots.segments().retain();
  try {
    const packs: PackRef[] = [];
    let bytes = 0;
    const about = { repository: id, rules: fingerprint, noText: options.noText ?? false, signal: options.signal };
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
        text: options.noText !== true,
        rules: fingerprint,
      });
      options.onProgress?.({
        phase: 'push',
        done: packs.length,
        total: 0,
        unit: 'records',
        bytes,
        what: `${remote.url}: packs`,
      });
    };
    const builder = new PackBuilder(list, snapshots.caches, store.catalog.nextIds, about, send);
    const bases = await basesOf(session, known, tips);
    for (const { root } of bases) await builder.has(root);
    const rows: { oid: Oid; tree: Oid; recorded: boolean; isTip: boolean }[] = [];
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
        session.shared.note(`${commit} is not published: some of its objects are missing here`);
        continue;
      }
      await builder.addTree(root);
      rows.push({ oid: commit, tree, recorded: isNext, isTip: true });
    }
    for (const record of records) await builder.addCommit(record);
    await builder.flush();
    if (options.history === true && isRecordable) {
      await builder.beginHistory();
      for (const record of unpublishedHistory(session, tips, known, list, repo)) {
        const { oid, tree } = list.commit(record);
        await builder.addCommit(record);
        const treeOid = list.tree(tree).oid;
        if (snapshots.findRoot(rootKey(treeOid, fingerprint)) === tree)
          rows.push({ oid, tree: treeOid, recorded: true, isTip: false });
      }
      await builder.flush();
    }
    const sent = { commits: rows.filter(({ oid }) => !known.has(oid)).length, packs: packs.length, bytes };
    const objects = await objectsOf(session, rows);
    const isKnown = rows.length === 0 && packs.length === 0;
    let isOutdated = false;
    const nonce = randomBytes(12).toString('hex');
    const { name } = session.repository;
    await remote.update(
      { id, name },
      async (head) => {
        if (head.body.recent.some((recent) => recent.nonce === nonce)) return null;
        const current = await remote.commits(head, fingerprint, call);
        isOutdated = bases.some(({ commit }) => !current.has(commit));
        if (isOutdated) return null;
        if (isKnown) {
          const have = await remote.refs(head, call);
          if (Object.entries(refs).every(([ref, value]) => have.get(ref) === value)) return null;
        }
        return withPublication(head.body, packs, rows, { nonce, rules: fingerprint, refs, objects });
      },
      { ...call, key: options.key ?? null },
    );
    return isOutdated ? null : sent;
  } finally {
    list.release();
  }
}

export function withPublication(
  body: HeadBody,
  packs: readonly PackRef[],
  rows: readonly { readonly oid: Oid; readonly tree: Oid; readonly recorded: boolean; readonly isTip: boolean }[],
  { nonce, rules, refs, objects }: Omit<RecentPublication, 'commits'>,
): HeadBody {
  const first = body.nextSequence;
  const placed = packs.map((pack, i) => ({ ...pack, from: first + i, to: first + i }));
  const lastTip = first + packs.filter(({ history }) => !history).length - 1;
  const last = first + packs.length - 1;
  const commits = rows.map(({ oid, tree, recorded, isTip }): CommitRow => [
    oid,
    tree,
    isTip && !recorded ? lastTip : last,
    recorded ? 1 : 0,
  ]);
  return {
    ...body,
    nextSequence: first + packs.length,
    packs: [...body.packs, ...placed],
    recent: [...body.recent, { nonce, rules, commits, refs, objects }],
  };
}

/** Published commits whose trees are here, near what is pushed. */
async function basesOf(
  session: Session,
  known: PublishedRepository['commits'],
  tips: readonly { readonly commit: Oid }[],
): Promise<{ commit: string; root: TreeId }[]> {
  const { snapshots, repository, fingerprint } = session;
  const bases = new Map<string, TreeId>();
  const rootOf = (commit: string): TreeId | null => {
    const row = known.get(commit);
    return row === undefined ? null : snapshots.findRoot(rootKey(asOid(row.tree), fingerprint));
  };
  const here = new Set<Oid>();
  if (known.size > 0) for (const oid of known.keys()) if (rootOf(oid) !== null) here.add(asOid(oid));
  for (const { commit } of tips) {
    if (bases.size >= basesMax) break;
    const nearest = await repository.nearest(commit, here, nearestMax);
    const root = nearest === null ? null : rootOf(nearest);
    if (root !== null) bases.set(nearest!, root);
  }
  return Array.from(bases, ([commit, root]) => ({ commit, root }));
}

/** Recorded commits that the tips reach and whose records are not published, parents first. */
function unpublishedHistory(
  session: Session,
  tips: readonly { readonly commit: Oid }[],
  known: PublishedRepository['commits'],
  list: ReturnType<Session['snapshots']['segments']>,
  repo: RepositoryId,
): CommitId[] {
  const wanted = new Set<number>();
  const open: number[] = [];
  const visit = (id: number): void => {
    if (wanted.has(id) || known.get(list.commit(id).oid)?.recorded === true) return;
    wanted.add(id);
    open.push(id);
  };
  for (const { commit } of tips) {
    const id = session.recordedCommit(list, repo, commit);
    if (id !== null) visit(id);
  }
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const parent of list.commit(id).parents) if (parent !== null) visit(parent);
  // Parents have lower numbers than their children.
  return [...wanted].sort((a, b) => a - b).map(asCommitId);
}

export async function objectsOf(session: Session, rows: readonly { readonly oid: Oid }[]): Promise<string> {
  const objects: Buffer[] = [];
  for (const { oid } of rows) {
    const bytes = await session.repository.readCommitObject(oid);
    if (bytes !== null) objects.push(bytes);
  }
  return packObjects(objects).toString('base64');
}

/** What the revs are called, for those who have no clone: full names of refs, and HEAD's. */
export async function refsOf(
  { repository }: Session,
  tips: readonly { readonly rev: string; readonly commit: Oid }[],
): Promise<Record<string, string>> {
  const all = await repository.refs();
  const head = await repository.head();
  const named: Record<string, string> = {};
  for (const { rev, commit } of tips) {
    const short = rev === 'HEAD' || rev === '@' ? head.branch : rev;
    const ref = all.find(({ name, shortName, kind }) => kind !== 'remote' && (name === short || shortName === short));
    // CI checks out a commit, not the branch: the one of the clone's origin tells its name.
    const origin = all.find(({ kind, shortName }) => kind === 'remote' && shortName === rev);
    if (ref?.commit === commit) named[ref.name] = commit;
    else if (origin?.commit === commit) named[`refs/heads/${origin.shortName.replace(/^[^/]+\//, '')}`] = commit;
    if (head.branch !== null && rev === 'HEAD') named['HEAD'] = `refs/heads/${head.branch}`;
    else if (ref !== undefined && head.branch === ref.shortName && ref.kind === 'branch') named['HEAD'] = ref.name;
  }
  return named;
}
