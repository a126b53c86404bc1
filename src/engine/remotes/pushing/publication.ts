import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { CoppiceError } from '../../../base/index.js';
import { asCommitId, asOid } from '../../../model/index.js';
import type { CommitId, Oid, RepositoryId, TreeId } from '../../../model/index.js';
import { packObjects } from '../../../remote/index.js';
import type {
  CommitRow,
  HeadBody,
  PackRef,
  PublishedHead,
  Publications,
  RecentPublication,
} from '../../../remote/index.js';
import type { SegmentList } from '../../../segment/index.js';
import { rootKey } from '../../../snapshot/index.js';
import { indexRevs } from '../../indexing/index-revs.js';
import { resolveTarget } from '../../revs/revs.js';
import type { Session } from '../../session/session.js';
import type { CallOptions } from '../../types.js';
import type { PublishedRepository } from '../published-repository.js';

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
  /** `isPublished`: not where some of its objects are missing here, which a note tells. */
  readonly revs: readonly {
    readonly rev: string;
    readonly commit: Oid;
    readonly isNew: boolean;
    readonly isPublished: boolean;
  }[];
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

/** A push that has begun: what is to be published, and how. */
export interface Push {
  /** Indexed already. */
  readonly tips: readonly { readonly rev: string; readonly commit: Oid }[];
  /** What they are called. */
  readonly refs: Readonly<Record<string, string>>;
  readonly history: boolean;
  readonly noText: boolean;
  readonly key: KeyObject | null;
  readonly call: { readonly signal?: AbortSignal | undefined; readonly patienceMs: number };
  readonly onProgress: PushOptions['onProgress'];
  /** Takes the commits that cannot be published, as some of their objects are missing here. */
  readonly left: Set<Oid>;
}

/** What a push sent, and the commits that were published before it. */
export interface Pushed extends Pick<PushResult, 'commits' | 'packs' | 'documents' | 'chunks' | 'bytes'> {
  readonly known: { has(commit: Oid): boolean };
}

/** A commit that is made known. */
export interface Row {
  readonly oid: Oid;
  readonly tree: Oid;
  /** Its record is published with it, for `log`. */
  readonly recorded: boolean;
  readonly isTip: boolean;
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
    searchedHere: false,
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

/** What the revs are called, for those who have no clone: full names of refs, and HEAD's. */
export async function refsOf(
  { repository }: Session,
  tips: readonly { readonly rev: string; readonly commit: Oid }[],
): Promise<Record<string, string>> {
  let all: Awaited<ReturnType<typeof repository.refs>> | null = null;
  const head = await repository.head();
  const named: Record<string, string> = {};
  for (const { rev, commit } of tips) {
    if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(rev)) continue;
    if (rev === 'HEAD' || rev === '@') {
      // Detached it has no name; else it is its branch's, which is not looked for among thousands.
      if (head.branch === null) continue;
      const name = `refs/heads/${head.branch}`;
      if (head.commit === commit) named[name] = commit;
      named['HEAD'] = name;
      continue;
    }
    all ??= await repository.refs();
    const ref = all.find(({ name, shortName, kind }) => kind !== 'remote' && (name === rev || shortName === rev));
    // CI checks out a commit, not the branch: the one of the clone's origin tells its name.
    const origin = all.find(({ kind, shortName }) => kind === 'remote' && shortName === rev);
    if (ref?.commit === commit) named[ref.name] = commit;
    else if (origin?.commit === commit) named[`refs/heads/${origin.shortName.replace(/^[^/]+\//, '')}`] = commit;
    if (ref !== undefined && head.branch === ref.shortName && ref.kind === 'branch') named['HEAD'] = ref.name;
  }
  return named;
}

/** Names of what is published: of what is not nobody is told. */
export const publishedRefs = ({ refs, left }: Push): Push['refs'] =>
  Object.fromEntries(Object.entries(refs).filter(([, commit]) => !left.has(asOid(commit))));

/**
 * Makes what was sent visible by one conditional write; where nothing is new, nothing is written. `stillHolds`: whether it may be, with the
 * head as it is by then. False when it may not.
 */
export async function announce(
  session: Session,
  remote: Publications,
  id: string,
  sent: { readonly packs: readonly PackRef[]; readonly rows: readonly Row[]; readonly refs: Push['refs'] },
  { key, call }: Pick<Push, 'key' | 'call'>,
  stillHolds: (head: PublishedHead) => Promise<boolean> = () => Promise.resolve(true),
): Promise<boolean> {
  const { packs, rows, refs } = sent;
  const objects = await objectsOf(session, rows);
  const nonce = randomBytes(12).toString('hex');
  let holds = true;
  await remote.update(
    { id, name: session.repository.name },
    async (head) => {
      if (head.body.recent.some((recent) => recent.nonce === nonce)) return null;
      holds = await stillHolds(head);
      if (!holds) return null;
      if (rows.length === 0 && packs.length === 0) {
        const have = await remote.refs(head, call);
        if (Object.entries(refs).every(([ref, value]) => have.get(ref) === value)) return null;
      }
      return withPublication(head.body, packs, rows, { nonce, rules: session.fingerprint, refs, objects });
    },
    { ...call, key },
  );
  return holds;
}

function withPublication(
  body: HeadBody,
  packs: readonly PackRef[],
  rows: readonly Row[],
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

async function objectsOf(session: Session, rows: readonly { readonly oid: Oid }[]): Promise<string> {
  const objects: Buffer[] = [];
  for (const { oid } of rows) {
    const bytes = await session.repository.readCommitObject(oid);
    if (bytes !== null) objects.push(bytes);
  }
  return packObjects(objects).toString('base64');
}

/** Recorded commits that the tips reach, parents first; not those that are done, nor what is reached through them alone. */
export function recordedHistory(
  session: Session,
  list: SegmentList,
  repo: RepositoryId,
  tips: Push['tips'],
  isDone: (commit: Oid) => boolean = () => false,
): CommitId[] {
  const wanted = new Set<number>();
  const open: number[] = [];
  const visit = (id: number): void => {
    if (wanted.has(id) || isDone(list.commit(id).oid)) return;
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

/** Roots that the remote has and whose trees are looked through, so that nothing of them is sent again. */
const basesMax = 8;
const nearestMax = 2000;

/** Published commits whose trees are here, near what is pushed. */
export async function basesOf(
  session: Session,
  known: PublishedRepository['commits'],
  tips: Push['tips'],
): Promise<{ commit: string; root: TreeId }[]> {
  const { snapshots, repository, fingerprint } = session;
  const bases = new Map<string, TreeId>();
  const rootOf = (commit: string): TreeId | null => {
    const row = known.get(commit);
    return row === undefined ? null : snapshots.findRoot(rootKey(asOid(row.tree), fingerprint));
  };
  // Nearly always the nearest that is published is here as well: the trees of all others are not looked for.
  const likely = new Set(Array.from(known.keys(), asOid));
  for (const { commit } of tips) {
    if (bases.size >= basesMax) break;
    let nearest = await repository.nearest(commit, likely, nearestMax);
    if (nearest !== null && rootOf(nearest) === null) {
      for (const oid of likely) if (rootOf(oid) === null) likely.delete(oid);
      nearest = await repository.nearest(commit, likely, nearestMax);
    }
    const root = nearest === null ? null : rootOf(nearest);
    if (root !== null) bases.set(nearest!, root);
  }
  return Array.from(bases, ([commit, root]) => ({ commit, root }));
}
