import { CoppiceError, throwIfAborted } from '../../base/index.js';
import { asOid, type Oid } from '../../model/index.js';
import { decodeCommit, type Commit } from '../objects/commit-object.js';
import type { ObjectReader } from '../objects/object-reader.js';
import { gitLines, type RunOptions } from '../process.js';
import { checkedOid } from '../refs/resolve.js';

/** A commit as history sees it. */
export interface CommitLink {
  readonly oid: Oid;
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  /** Committer time, in seconds since 1970. */
  readonly time: number;
}

export interface HistoryOptions {
  /** Commits that are left out, with everything reachable from them; one that is not here leaves out nothing. */
  readonly exclude?: readonly Oid[];
  /** Parents before children; else children before parents. Either way topologically. */
  readonly oldestFirst?: boolean;
  readonly signal?: AbortSignal;
}

/** A commit by its oid; OBJECT_MISSING when it is not here, as below the boundary of a shallow clone. */
export async function readCommit(reader: ObjectReader, oid: Oid): Promise<Commit> {
  const commit = await findCommit(reader, oid);
  if (commit === null) throw new CoppiceError('OBJECT_MISSING', `commit ${oid} is missing`, { data: { oid } });
  return commit;
}

async function findCommit(reader: ObjectReader, oid: Oid): Promise<Commit | null> {
  const result = await reader.read(checkedOid(oid), { keep: (type) => type === 'commit' });
  return result.found && result.type === 'commit' ? decodeCommit(result.oid, result.content!) : null;
}

/** Every commit reachable from `from`, as `git rev-list` walks: a shallow clone ends where it was cut off. */
export async function* listCommits(
  reader: ObjectReader,
  options: RunOptions,
  from: readonly Oid[],
  { exclude = [], oldestFirst = false, signal }: HistoryOptions,
): AsyncGenerator<CommitLink, void, undefined> {
  if (from.length === 0) return;
  const args = ['rev-list', '--stdin', '--ignore-missing', '--topo-order'];
  args.push('--format=tformat:%H %T %P:%ct');
  if (oldestFirst) args.push('--reverse');
  const input = tips(from, exclude);
  for await (const line of gitLines(args, { ...options, input, signal })) {
    if (line.startsWith('commit ')) continue; // rev-list's own header, which older gits cannot leave out
    const [oids, seconds] = line.split(':');
    const [oid, tree, ...parents] = oids!.split(' ').filter((word) => word !== '');
    if (!oid || !tree) continue;
    const time = await committerTime(reader, asOid(oid), seconds);
    yield { oid: asOid(oid), tree: asOid(tree), time, parents: parents.map(asOid) };
  }
}

/** What git tells of a commit's time, or where that is nothing, what the commit itself does. */
async function committerTime(reader: ObjectReader, oid: Oid, seconds: string | undefined): Promise<number> {
  if (seconds) return Number.isSafeInteger(Number(seconds)) ? Number(seconds) : 0;
  return (await findCommit(reader, oid))?.committerTime ?? 0;
}

/** How many commits `listCommits` would list. */
export async function countCommits(
  options: RunOptions,
  from: readonly Oid[],
  { exclude = [], signal }: HistoryOptions,
): Promise<number> {
  if (from.length === 0) return 0;
  let count = 0;
  const args = ['rev-list', '--stdin', '--ignore-missing', '--count'];
  for await (const line of gitLines(args, { ...options, input: tips(from, exclude), signal })) count += Number(line);
  return count;
}

const tips = (from: readonly Oid[], exclude: readonly Oid[]): string =>
  [...from.map(checkedOid), ...exclude.map((oid) => `^${checkedOid(oid)}`), ''].join('\n');

/** Every commit, with its tree, that refs, reflogs or the HEAD of any work tree reach; in no order. */
export async function* listReachableCommits(
  options: RunOptions,
): AsyncGenerator<Pick<CommitLink, 'oid' | 'tree'>, void, undefined> {
  const args = ['rev-list', '--all', '--reflog', '--format=tformat:%H %T'];
  for await (const line of gitLines(args, options)) {
    const [oid, tree] = line.split(' ');
    if (oid && tree && oid !== 'commit') yield { oid: asOid(oid), tree: asOid(tree) };
  }
}

/**
 * The oldest root commit reachable from any branch, tag or HEAD: the one with the least (committer time, oid). Null
 * without commits. In a shallow clone the commits at the boundary are roots.
 */
export async function findRootCommit(reader: ObjectReader, options: RunOptions, head: Oid | null): Promise<Oid | null> {
  const args = ['rev-list', '--max-parents=0', '--stdin', '--format=tformat:%H %ct'];
  args.push('--branches', '--tags', '--remotes');
  let best: { oid: string; time: number } | null = null;
  for await (const line of gitLines(args, { ...options, input: head === null ? '' : `${head}\n` })) {
    if (line.startsWith('commit ')) continue;
    const [oid, seconds] = line.split(' ');
    if (!oid) continue;
    const time = await committerTime(reader, asOid(oid), seconds);
    if (best === null || time < best.time || (time === best.time && oid < best.oid)) best = { oid, time };
  }
  return best === null ? null : asOid(best.oid);
}

/**
 * The first of `candidates` met when walking back from `commit`, newest first by committer time, looking at no more
 * than `max` commits. Usually it is the parent or not far, so this asks for one commit after another.
 */
export async function findNearest(
  reader: ObjectReader,
  commit: Oid,
  candidates: ReadonlySet<Oid>,
  max: number,
  signal?: AbortSignal,
): Promise<Oid | null> {
  if (candidates.size === 0) return null;
  if (candidates.has(commit)) return commit;
  const seen = new Set<Oid>([commit]);
  const frontier: Commit[] = [];
  const start = await findCommit(reader, commit);
  if (start) frontier.push(start);
  for (let looked = 0; looked < max && frontier.length > 0; looked++) {
    throwIfAborted(signal);
    let newest = 0;
    for (let i = 1; i < frontier.length; i++) {
      if (frontier[i]!.committerTime > frontier[newest]!.committerTime) newest = i;
    }
    const [next] = frontier.splice(newest, 1);
    const parents = next!.parents.filter((parent) => !seen.has(parent));
    const found = parents.find((parent) => candidates.has(parent));
    if (found !== undefined) return found;
    for (const parent of parents) seen.add(parent);
    const read = await Promise.all(parents.map((parent) => findCommit(reader, parent)));
    for (const parent of read) if (parent) frontier.push(parent);
  }
  return null;
}
