import { asTreeId, volatileIdMin } from '../model/index.js';
import type { TreeId } from '../model/index.js';
import type { SegmentList, TreeNode } from '../segment/index.js';
import type { Store } from '../store/index.js';
import { decodeFlatSnapshot, encodeFlatSnapshot } from './flat-snapshot.js';
import type { FlatSnapshot } from './flat-snapshot.js';
import { KeptTables } from './kept-tables.js';
import type { RecordCaches } from './record-caches.js';
import type { SeenByRoot } from './snapshot-contents.js';
import type { Snapshot } from './snapshot.js';

/** What roots see that are opened again and again, kept in the store as it lies in memory. */
export class FlatSnapshots {
  constructor(
    private readonly store: Store,
    private readonly caches: RecordCaches,
    /** Roots with fewer files are walked as fast. */
    readonly filesMin: number,
  ) {}

  /** What a root sees; null when it is not kept. */
  find(segments: SegmentList, root: TreeId, node: TreeNode): FlatSnapshot | null {
    if (!this.isKept(root, node)) return null;
    const bytes = this.store.snapshots.get(nameOf(root));
    if (bytes === null || bytes.length === 0) return null;
    const flat = decodeFlatSnapshot(bytes, node, segments, this.caches);
    if (flat === null) this.store.snapshots.remove(nameOf(root));
    return flat;
  }

  /** A root was walked. Once is no reason to keep it, and is noted by an empty file; the second time it is kept. */
  noteWalk(root: TreeId, node: TreeNode, seen: SeenByRoot): void {
    if (!this.isKept(root, node)) return;
    const { snapshots } = this.store;
    if (snapshots.sizeOf(nameOf(root)) !== null) this.keep(root, node, seen);
    else snapshots.put(nameOf(root), new Uint8Array(0));
  }

  /** Keeps what an open snapshot sees: it will be opened again. */
  keepOf(snapshot: Snapshot, node: TreeNode): void {
    if ((this.store.snapshots.sizeOf(nameOf(snapshot.root)) ?? 0) === 0) this.keep(snapshot.root, node, snapshot.seen);
  }

  /** The roots that are kept, the last used first. */
  keptRoots(): TreeId[] {
    return this.store.snapshots.names().flatMap((name) => {
      const root = /^t(\d+)$/.exec(name)?.[1];
      return root !== undefined && (this.store.snapshots.sizeOf(name) ?? 0) > 0 ? [asTreeId(Number(root))] : [];
    });
  }

  /** Where tables that searches make of a root are kept, once it is; null for one that is walked as fast. */
  tablesOf(root: TreeId, node: TreeNode): KeptTables | null {
    if (node.fileCount < this.filesMin) return null;
    const isStored = this.isKept(root, node);
    return new KeptTables(
      this.store,
      root,
      node,
      () => isStored && (this.store.snapshots.sizeOf(nameOf(root)) ?? 0) > 0,
    );
  }

  private keep(root: TreeId, node: TreeNode, seen: SeenByRoot): void {
    if (!this.isKept(root, node)) return;
    const bytes = encodeFlatSnapshot(node, seen);
    if (bytes !== null) this.store.snapshots.put(nameOf(root), bytes);
  }

  private isKept(root: TreeId, { fileCount }: TreeNode): boolean {
    return fileCount >= this.filesMin && root < volatileIdMin;
  }
}

const nameOf = (root: TreeId): string => `t${root}`;
