import { CoppiceError, compareBytewise } from '../../base/index.js';
import { hashTree, isDotGit } from '../../git/index.js';
import type { ObjectFormat } from '../../git/index.js';
import { isTooDeep, treeDepthMax } from '../../model/index.js';
import type { Oid, TreeEntry } from '../../model/index.js';
import type { OverlaySource } from '../object-source.js';

/** What a path becomes; null: nothing. */
export type Edit = { readonly kind: 'file' | 'executable' | 'symlink'; readonly oid: Oid } | null;

/**
 * The root tree that `base` becomes under edits, as git would make it: its oid is git's, so the same tree committed
 * later is known already. New trees are put into the overlay; directories left empty disappear. `base` null: empty.
 */
export async function editTree(
  base: Oid | null,
  edits: ReadonlyMap<string, Edit>,
  source: OverlaySource,
  format: ObjectFormat,
): Promise<Oid> {
  const entries = await editEntries(base === null ? [] : await source.readTree(base), [...edits], source, format);
  return addTree(entries, source, format);
}

type PathEdit = readonly [path: string, edit: Edit];

async function editEntries(
  base: readonly TreeEntry[],
  edits: readonly PathEdit[],
  source: OverlaySource,
  format: ObjectFormat,
): Promise<TreeEntry[]> {
  const here = new Map<string, Edit>();
  const below = new Map<string, PathEdit[]>();
  for (const [path, edit] of edits) {
    const slash = path.indexOf('/');
    if (slash < 0) here.set(path, edit);
    else {
      const name = path.slice(0, slash);
      const list = below.get(name);
      const rest: PathEdit = [path.slice(slash + 1), edit];
      if (list === undefined) below.set(name, [rest]);
      else list.push(rest);
    }
  }
  const entries = new Map(base.map((entry) => [entry.name, entry]));
  for (const [name, edit] of here) {
    if (edit === null) {
      // A removed file; a directory of that name stays unless its files are removed.
      if (entries.get(name)?.kind !== 'tree') entries.delete(name);
    } else entries.set(name, { name, ...edit });
  }
  for (const [name, list] of below) {
    const old = entries.get(name);
    const removesOnly = list.every(([, edit]) => edit === null);
    if (old?.kind !== 'tree' && removesOnly) continue;
    const oldEntries = old?.kind === 'tree' ? await source.readTree(old.oid) : [];
    const newEntries = await editEntries(oldEntries, list, source, format);
    if (newEntries.length === 0) entries.delete(name);
    else entries.set(name, { name, kind: 'tree', oid: addTree(newEntries, source, format) });
  }
  const sortKey = ({ name, kind }: TreeEntry): string => (kind === 'tree' ? `${name}/` : name);
  return [...entries.values()].sort((a, b) => compareBytewise(sortKey(a), sortKey(b)));
}

function addTree(entries: readonly TreeEntry[], source: OverlaySource, format: ObjectFormat): Oid {
  const oid = hashTree(entries, format);
  source.trees.set(oid, entries);
  return oid;
}

/** Throws unless `path` could be a file's path in a git tree: relative, no empty, `.`, `..` or `.git` component. */
export function checkTreePath(path: string): void {
  if (isTooDeep(path)) {
    throw new CoppiceError('PATH_NOT_FOUND', `a path of more than ${treeDepthMax} folders`, {
      hint: 'git takes no deeper ones either (core.maxTreeDepth)',
    });
  }
  const parts = path.split('/');
  if (path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..' || isDotGit(part))) {
    throw new CoppiceError('PATH_NOT_FOUND', `not a path of a file in a tree: ${JSON.stringify(path)}`, {
      hint: 'give a path relative to the root, such as src/main.ts',
      data: { path },
    });
  }
}
