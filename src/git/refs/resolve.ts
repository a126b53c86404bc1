import { CoppiceError, compareBytewise, editDistance } from '../../base/index.js';
import { asOid, type Oid } from '../../model/index.js';
import { decodeCommit } from '../objects/commit-object.js';
import type { ObjectReader, ObjectType } from '../objects/object-reader.js';
import type { Ref } from './refs.js';

/** What a rev names, as far as code is concerned. */
export interface ResolvedTree {
  readonly kind: 'commit' | 'tree';
  /** Null when the rev names a tree, as `main:src` does. */
  readonly commit: Oid | null;
  readonly tree: Oid;
}

/** What is asked about the repository only when a rev is not found, to say something useful. */
export interface Surroundings {
  refs(): Promise<readonly Ref[]>;
  /** HEAD names a branch without commits. */
  isUnborn(): Promise<boolean>;
}

const keepSmall = (type: ObjectType): boolean => type === 'commit' || type === 'tag';

type Answer =
  { readonly tree: ResolvedTree } | { readonly tree: null; readonly reason: string; readonly message?: string };

/**
 * Resolves whatever `git rev-parse` takes for one object. The rev goes to git on standard input, so that no rev can
 * be taken for an option. An annotated tag is followed to what it names.
 */
export async function resolveRev(reader: ObjectReader, rev: string, around: Surroundings): Promise<ResolvedTree> {
  const answer = await askFor(reader, rev);
  if (answer.tree !== null) return answer.tree;
  if (answer.reason === 'malformed') throw notFound(rev, 'a rev is one line of text');
  if (answer.reason === 'ambiguous') throw notFound(rev, 'this abbreviated oid is ambiguous: give more digits');
  if (await around.isUnborn()) {
    const refs = await around.refs();
    if (refs.length === 0 || /^(HEAD|@)(?![\w/.-])/.test(rev)) {
      throw new CoppiceError('EMPTY_REPOSITORY', `'${rev}' has no commit yet`, {
        hint: 'make a first commit, or search the files on disk with --rev @worktree',
        data: { rev },
      });
    }
  }
  if (answer.message) throw notFound(rev, answer.message);
  const near = nearNames(rev, await around.refs());
  throw notFound(rev, near.length > 0 ? `did you mean ${near.join(', ')}?` : undefined, { near });
}

/** As `resolveRev`, but null for what is not there: one question, and no search for an explanation. */
export async function findRev(reader: ObjectReader, rev: string): Promise<ResolvedTree | null> {
  return (await askFor(reader, rev)).tree;
}

async function askFor(reader: ObjectReader, rev: string): Promise<Answer> {
  if (rev === '' || /[\r\n\0]/.test(rev)) return { tree: null, reason: 'malformed' };
  let result = await reader.read(rev, { keep: keepSmall, fromUser: true });
  if (result.found && result.type === 'tag') {
    // Peeled by git, which follows tags of tags and refs/replace alike.
    result = await reader.read(`${result.oid}^{}`, { keep: keepSmall, fromUser: true });
  }
  if (!result.found) return { ...result, tree: null };
  const { oid, type, content } = result;
  if (type === 'commit') return { tree: { kind: 'commit', commit: oid, tree: decodeCommit(oid, content!).tree } };
  if (type === 'tree') return { tree: { kind: 'tree', commit: null, tree: oid } };
  throw new CoppiceError('REV_NOT_A_TREE', `'${rev}' names a ${type}, not a commit or tree`, {
    hint: `to see a file, use: coppice show REV:PATH`,
    data: { rev, oid },
  });
}

function notFound(rev: string, hint?: string, data: Record<string, unknown> = {}): CoppiceError {
  return new CoppiceError('REV_NOT_FOUND', `no such rev: '${rev}'`, {
    ...(hint === undefined ? {} : { hint }),
    data: { rev, ...data },
  });
}

/** Up to three names of refs that are spelled much like what was asked for. */
function nearNames(rev: string, refs: readonly Ref[]): string[] {
  const asked = rev.split(/[~^:]|@\{/)[0]!.toLowerCase();
  if (asked.length < 2) return [];
  const scored = new Map<string, number>();
  for (const { shortName } of refs) {
    const name = shortName.toLowerCase();
    const last = name.slice(name.lastIndexOf('/') + 1);
    let distance = Math.min(editDistance(asked, name), 1 + editDistance(asked, last));
    if (name.startsWith(asked) || last === asked) distance = Math.min(distance, 1);
    if (distance <= Math.ceil(asked.length / 3)) scored.set(shortName, distance);
  }
  return [...scored]
    .sort((a, b) => a[1] - b[1] || compareBytewise(a[0], b[0]))
    .slice(0, 3)
    .map(([name]) => name);
}

/** An oid as git prints it; anything else would be a rev expression. */
export function isOid(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

export function checkedOid(oid: Oid): Oid {
  if (!isOid(oid)) throw new CoppiceError('INTERNAL', `not an oid: ${oid}`);
  return asOid(oid);
}
