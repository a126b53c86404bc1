import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { compareBytewise, throwIfAborted } from '../../base/index.js';
import type { Ref, Repository } from '../../git/index.js';
import type { Oid } from '../../model/index.js';
import { rootKey } from '../../snapshot/index.js';
import { forkPrefix, worktreeRev } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import { listedForks } from '../forks/forks.js';
import { checkCount } from '../limits.js';
import type { NamedRev, RevsOptions, RevsResult } from '../types.js';
import { newestFirst } from '../revs/version-order.js';

const limitDefault = 100;

/** A name before it is known whether it is indexed. */
interface Candidate extends Omit<NamedRev, 'indexed'> {
  /** The commit that tells whether it is indexed; of a work tree its HEAD. */
  readonly tip: Oid | null;
  /** Key of its root, of a fork. */
  readonly root?: Buffer;
}

/** See `Engine.revs`. Whether a name is indexed is found out for those alone that are returned. */
export async function listRevs(session: Session, options: RevsOptions): Promise<RevsResult> {
  const { repository } = session;
  const limit = checkCount('limit', options.limit, limitDefault);
  const [refs, head] = await Promise.all([repository.refs(options.signal), repository.head()]);
  const worktrees = await worktreesOf(repository, head.commit);
  throwIfAborted(options.signal);
  const shortest = shortestNames(refs);
  const candidates = (kind: Ref['kind']): Candidate[] =>
    refs
      .filter((ref) => ref.kind === kind && ref.commit !== null)
      .map((ref) => ({
        ...named(shortest(ref), kind, ref.commit),
        current: kind === 'branch' && ref.shortName === head.branch,
      }));
  const branches = candidates('branch');
  const wanted = options.match?.toLowerCase() ?? '';
  const matching = [
    ...(head.commit === null ? [] : [named('HEAD', 'head', head.commit)]),
    ...worktrees,
    ...branches.filter(({ current }) => current),
    ...branches.filter(({ current }) => !current),
    ...newestFirst(candidates('tag'), ({ rev }) => rev),
    ...(await forksOf(session, refs)),
    ...candidates('remote'),
  ].filter(({ rev, path }) => rev.toLowerCase().includes(wanted) || path?.toLowerCase().includes(wanted) === true);
  const page = matching.slice(0, limit);
  const trees = await treesOf(repository, page);
  const isNew = ({ kind, tip }: Candidate): boolean => kind === 'worktree' && tip === null;
  const seen = page.some(isNew) ? await lastSeen(session) : undefined;
  const isIndexed = ({ tip, root, kind }: Candidate): boolean => {
    // A folder without git, or without a commit yet, has been indexed as it was seen last.
    const tree = tip !== null ? trees.get(tip) : kind === 'worktree' ? seen : undefined;
    const key = root ?? (tree === undefined ? undefined : rootKey(tree, session.fingerprint));
    return key !== undefined && session.snapshots.findRoot(key) !== null;
  };
  const revs = page.map((candidate): NamedRev => {
    const { rev, kind, commit, current, path } = candidate;
    return { rev, kind, commit, current, ...(path === undefined ? {} : { path }), indexed: isIndexed(candidate) };
  });
  return { revs, truncated: matching.length > page.length };
}

/** The tree that this work tree had when it was indexed last. */
async function lastSeen(session: Session): Promise<Oid | undefined> {
  const repo = await session.repositoryId();
  for (const entry of session.shared.store.catalog.revs.values())
    if (entry.repo === repo && entry.kind === 'worktree') return entry.tree;
  return undefined;
}

const named = (rev: string, kind: NamedRev['kind'], commit: Oid | null): Candidate => ({
  rev,
  kind,
  commit,
  current: false,
  tip: commit,
});

/** The work tree at hand first, then the others that are there. */
async function worktreesOf(repository: Repository, head: Oid | null): Promise<Candidate[]> {
  const { workTree, commonDir } = repository;
  const own = workTree === null ? [] : [{ ...named(worktreeRev, 'worktree', null), tip: head }];
  if (!existsSync(join(commonDir, 'worktrees'))) return own;
  const others = (await repository.worktrees())
    // A bare repository is listed as well, and so are folders that were removed.
    .filter(({ path }) => path !== workTree && existsSync(join(path, '.git')))
    .map(({ path, head: tip }): Candidate => ({ ...named(worktreeRev, 'worktree', null), path, tip }));
  return [...own, ...others.sort((a, b) => compareBytewise(a.path!, b.path!))];
}

/** The shortest name that means a ref and nothing else. */
function shortestNames(refs: readonly Ref[]): (ref: Ref) => string {
  const counts = new Map([
    ['HEAD', 1],
    [worktreeRev, 1],
  ]);
  for (const { shortName } of refs) counts.set(shortName, (counts.get(shortName) ?? 0) + 1);
  return ({ name, shortName }) => (counts.get(shortName) === 1 ? shortName : name);
}

/** Forks by name, or as `fork:NAME` where git may take the name for another. */
async function forksOf(session: Session, refs: readonly Ref[]): Promise<Candidate[]> {
  const forks = await listedForks(session);
  if (forks.length === 0) return [];
  const taken = new Set(refs.map(({ shortName }) => shortName));
  return forks.map(({ name, commit, root }): Candidate => {
    const isPlain = !taken.has(name) && !/^[0-9a-f]{4,}$/.test(name);
    const rev = isPlain ? name : `${forkPrefix}${name}`;
    return { ...named(rev, 'fork', commit), root: Buffer.from(root, 'base64url') };
  });
}

/** The trees of commits: those that are not known from before are asked for at once. */
async function treesOf(repository: Repository, candidates: readonly Candidate[]): Promise<Map<Oid, Oid>> {
  const trees = new Map<Oid, Oid>();
  const tips = new Set(candidates.flatMap(({ tip, root }) => (tip === null || root !== undefined ? [] : [tip])));
  const asked = Array.from(tips, async (tip) => {
    const found = await repository.find(tip);
    if (found !== null) trees.set(tip, found.tree);
  });
  await Promise.all(asked);
  return trees;
}
