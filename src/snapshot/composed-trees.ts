import { asTreeId, volatileIdMax } from '../model/index.js';
import type { TreeId } from '../model/index.js';
import { Mounts } from './mounts.js';
import type { Mount } from './mounts.js';

/** So many are remembered: those that were used last. */
const rememberedMax = 200;

/** Trees whose folders are roots. They are nowhere stored; their numbers are those that no tree in a segment can have. */
export class ComposedTrees {
  private readonly byKey = new Map<string, TreeId>();
  private readonly byId = new Map<TreeId, { readonly key: string; readonly mounts: Mounts }>();
  private next: number = volatileIdMax;

  /** The number of the tree of some roots: of the same roots in the same places the same one, while it is remembered. */
  add(list: readonly Mount[]): TreeId {
    const mounts = new Mounts(list);
    const key = mounts.list.map(({ name, tree }) => `${tree} ${name}`).join('\0');
    const id = this.byKey.get(key) ?? asTreeId(this.next++);
    this.remember(id, key, mounts);
    return id;
  }

  /** The roots of a tree; null when it is none of these, or not remembered any more. */
  find(id: TreeId): Mounts | null {
    const known = this.byId.get(id);
    if (known === undefined) return null;
    this.remember(id, known.key, known.mounts);
    return known.mounts;
  }

  private remember(id: TreeId, key: string, mounts: Mounts): void {
    this.byId.delete(id);
    this.byId.set(id, { key, mounts });
    this.byKey.set(key, id);
    if (this.byId.size <= rememberedMax) return;
    const [oldest, { key: oldestKey }] = this.byId.entries().next().value!;
    this.byId.delete(oldest);
    this.byKey.delete(oldestKey);
  }
}
