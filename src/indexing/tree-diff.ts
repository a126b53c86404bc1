import type { Oid, TreeEntry } from '../model/index.js';
import type { Edit } from './patches/edits.js';
import type { ObjectSource } from './object-source.js';

/** A path that two trees have differently. Submodules count as absent. */
export interface PathChange {
  readonly path: string;
  readonly before: Edit;
  readonly after: Edit;
}

/** What changes from tree `a` to tree `b` (null: empty). Directories that both share are not looked into. */
export async function diffTrees(a: Oid | null, b: Oid | null, source: ObjectSource): Promise<PathChange[]> {
  const changes: PathChange[] = [];
  const treeOf = (entry: TreeEntry | undefined): Oid | null => (entry?.kind === 'tree' ? entry.oid : null);
  const fileOf = (entry: TreeEntry | undefined): Edit =>
    entry === undefined || entry.kind === 'tree' || entry.kind === 'submodule'
      ? null
      : { kind: entry.kind, oid: entry.oid };
  // A list, not a recursion: folders can be nested deeper than calls.
  const pairs: { a: Oid | null; b: Oid | null; prefix: string }[] = [{ a, b, prefix: '' }];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    if (pair.a === pair.b) continue;
    const before = await entriesByName(pair.a, source);
    const after = await entriesByName(pair.b, source);
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      const old = before.get(name);
      const now = after.get(name);
      if (old?.oid === now?.oid && old?.kind === now?.kind) continue;
      const path = pair.prefix + name;
      if (fileOf(old) !== null || fileOf(now) !== null) changes.push({ path, before: fileOf(old), after: fileOf(now) });
      if (treeOf(old) !== null || treeOf(now) !== null)
        pairs.push({ a: treeOf(old), b: treeOf(now), prefix: `${path}/` });
    }
  }
  return changes;
}

async function entriesByName(oid: Oid | null, source: ObjectSource): Promise<Map<string, TreeEntry>> {
  return new Map(oid === null ? [] : (await source.readTree(oid)).map((entry) => [entry.name, entry]));
}

/** The entry at a path of a tree, or null. */
export async function entryAt(root: Oid, path: string, source: ObjectSource): Promise<TreeEntry | null> {
  const parts = path.split('/');
  let tree: Oid = root;
  for (let depth = 0; ; depth++) {
    const entry = (await source.readTree(tree)).find(({ name }) => name === parts[depth]);
    if (entry === undefined || depth === parts.length - 1) return entry ?? null;
    if (entry.kind !== 'tree') return null;
    tree = entry.oid;
  }
}
