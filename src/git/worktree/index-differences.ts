import { decodeBytes, type TimeSlices } from '../../base/index.js';
import type { Oid, TreeEntry } from '../../model/index.js';
import type { CachedTree } from './cache-tree.js';
import type { GitIndex } from './index-file.js';
import { kindOfMode } from '../objects/tree-object.js';

/** Reads a tree's entries. */
export type ReadTree = (oid: Oid) => Promise<readonly TreeEntry[]>;

/** Files and submodules of a tree, by path; null for a path that it has not. */
export type TreeDifferences = Map<string, TreeEntry | null>;

/**
 * Every path that the index has otherwise than a tree, with what the tree has there. Folders that the index knows to be the
 * tree's are not looked into, so it costs what differs.
 */
export async function differencesFromTree(
  index: GitIndex,
  tree: Oid | null,
  readTree: ReadTree,
  slices: TimeSlices,
): Promise<TreeDifferences> {
  const differences: TreeDifferences = new Map();

  const onlyInTree = async (entry: TreeEntry, path: string): Promise<void> => {
    if (entry.kind !== 'tree') return void differences.set(path, entry);
    for (const below of await readTree(entry.oid)) await onlyInTree(below, `${path}/${below.name}`);
  };

  /** Compares the entries [from, to), whose paths all begin with a prefix of so many bytes. */
  const compare = async (
    oid: Oid | null,
    cached: CachedTree | null,
    prefix: string,
    range: { readonly from: number; readonly to: number; readonly skip: number },
  ): Promise<void> => {
    if (oid !== null && cached?.oid === oid) return;
    const inTree = new Map((oid === null ? [] : await readTree(oid)).map((entry) => [entry.name, entry]));
    const { skip } = range;
    for (let at = range.from; at < range.to;) {
      if (slices.isOver) await slices.next();
      const full = index.name(at);
      const slash = full.indexOf(0x2f, skip);
      const name = decodeBytes(full.subarray(skip, slash < 0 ? full.length : slash));
      const path = prefix + name;
      const there = inTree.get(name);
      if (slash < 0) {
        const number = at++;
        if (differences.has(path)) continue; // in conflict: it comes once for each stage
        const { mode, oid: own } = index.entry(number);
        if (there?.oid !== own || there.kind !== kindOfMode(mode) || index.isUnsettled(number))
          differences.set(path, there === undefined || there.kind === 'tree' ? null : there);
        // A folder of the same name may follow, where a conflict is between the two.
        if (there !== undefined && there.kind !== 'tree') inTree.delete(name);
        continue;
      }
      const folder = full.subarray(0, slash + 1);
      const end = endOfFolder(index, folder, at, range.to);
      const below = there?.kind === 'tree' ? there.oid : null;
      await compare(below, cached?.folders.get(name) ?? null, `${path}/`, { from: at, to: end, skip: slash + 1 });
      if (below !== null) inTree.delete(name);
      at = end;
    }
    for (const [name, entry] of inTree) await onlyInTree(entry, prefix + name);
  };

  await compare(tree, index.cachedTree, '', { from: 0, to: index.count, skip: 0 });
  return differences;
}

/** The first entry from `at` on that is not below a folder; they lie side by side. */
function endOfFolder(index: GitIndex, folder: Buffer, at: number, to: number): number {
  let low = at + 1;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (index.name(middle).subarray(0, folder.length).equals(folder)) low = middle + 1;
    else high = middle;
  }
  return low;
}
