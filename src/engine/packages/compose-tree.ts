import type { ObjectSource } from '../../indexing/index.js';
import type { Oid, TreeEntry } from '../../model/index.js';
import { addTree } from './package-trees.js';

/** A tree and where it is to be; several may be in one place, or one in another. */
export interface Part {
  /** From the root, with `/`; `''`: the root itself. */
  readonly place: string;
  readonly oid: Oid;
}

interface Node {
  readonly bases: Oid[];
  readonly children: Map<string, Node>;
}

const newNode = (): Node => ({ bases: [], children: new Map() });

/** The tree that has trees in their places; those in one place are laid over one another, later ones above. New trees go `into` a map. */
export async function composeTree(
  parts: readonly Part[],
  source: Pick<ObjectSource, 'readTree'>,
  into: Map<Oid, readonly TreeEntry[]>,
): Promise<Oid> {
  const root = newNode();
  for (const { place, oid } of parts) {
    let at = root;
    for (const name of place === '' ? [] : place.split('/')) {
      let next = at.children.get(name);
      if (next === undefined) at.children.set(name, (next = newNode()));
      at = next;
    }
    if (!at.bases.includes(oid)) at.bases.push(oid);
  }
  const build = async ({ bases, children }: Node): Promise<Oid> => {
    if (children.size === 0 && bases.length === 1) return bases[0]!;
    const entries = new Map<string, TreeEntry>();
    // Folders that several have are made of theirs; what more is to be in them comes last.
    const shared = new Map<string, Node>();
    const nodeOf = (name: string): Node => {
      let node = shared.get(name);
      if (node === undefined) {
        node = newNode();
        const before = entries.get(name);
        if (before?.kind === 'tree') node.bases.push(before.oid);
        shared.set(name, node);
      }
      return node;
    };
    for (const base of bases) {
      for (const entry of into.get(base) ?? (await source.readTree(base))) {
        if (entry.kind === 'tree' && entries.get(entry.name)?.kind === 'tree') nodeOf(entry.name).bases.push(entry.oid);
        else {
          entries.set(entry.name, entry);
          shared.delete(entry.name);
        }
      }
    }
    for (const [name, child] of children) {
      const node = nodeOf(name);
      node.bases.push(...child.bases);
      for (const [inner, below] of child.children) node.children.set(inner, below);
    }
    for (const [name, node] of shared) entries.set(name, { name, kind: 'tree', oid: await build(node) });
    return addTree([...entries.values()], into);
  };
  return build(root);
}
