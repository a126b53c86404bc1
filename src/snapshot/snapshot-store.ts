import { totalmem } from 'node:os';
import { CoppiceError, LruCache, memoryLimit } from '../base/index.js';
import type { TreeId } from '../model/index.js';
import { asTreeId, clusterIdMin } from '../model/index.js';
import { SegmentList, createSegmentCaches, forgetLists } from '../segment/index.js';
import type { SegmentCaches, TreeNode } from '../segment/index.js';
import type { NextIds, SegmentEntry, SegmentFiles, Store } from '../store/index.js';
import { ComposedTrees } from './composed-trees.js';
import type { Mount, Mounts } from './mounts.js';
import { FlatSnapshots } from './flat-snapshots.js';
import { createRecordCaches, readTreeNode } from './record-caches.js';
import type { RecordCaches } from './record-caches.js';
import type { SearchBackend } from './search-backend.js';
import { Snapshot } from './snapshot.js';
import { filesOver } from './flat-snapshot.js';
import { walkRoot } from './snapshot-contents.js';
import type { SeenByRoot } from './snapshot-contents.js';
import { KnownPaths } from './snapshot-paths.js';
import { volatileBytesMax } from './volatile-segments.js';
import type { VolatileSegments } from './volatile-segments.js';

/** Memory that one process gives to what it has read, in bytes. */
export interface SnapshotStoreOptions {
  readonly blockCacheBytes: number;
  readonly snapshotCacheBytes: number;
  readonly recordCacheBytes: number;
  readonly vectorCacheBytes: number;
  /** For what searches found and may need again: the matches of a word. */
  readonly foundCacheBytes: number;
  /** Roots with so many files are laid out flat in the store when they are opened again. No memory, but a bound of the same kind. */
  readonly flatFilesMin: number;
}

export interface SnapshotMemory {
  /** Snapshots that are kept open. */
  readonly snapshots: number;
  readonly snapshotBytes: number;
  readonly snapshotBytesMax: number;
  /** Of unpacked blocks, vectors, decoded records, and segments that are not stored. */
  readonly cacheBytes: number;
  readonly cacheBytesMax: number;
}

const megabyte = 1024 * 1024;

/** So much, and on a small machine or in a small container a sixteenth of its memory. */
const within = (bytes: number): number => Math.min(bytes, Math.floor(Math.min(totalmem(), memoryLimit()) / 16));

/**
 * What ordinary queries go over again and again at a million chunks fits: the snapshot of a root with its statistics, the records of 80,000 files. Of
 * the vectors of a large snapshot a query reads a few thousand (see search/vectors), of a small one all: those of 100,000 chunks with 1,024 dimensions.
 * Blocks are those of a common word, whose 25,000 lines are in 132 MB of them: what does not fit is unpacked anew each time, all of it, as it is read in order.
 */
export const memoryDefaults: SnapshotStoreOptions = {
  blockCacheBytes: within(144 * megabyte),
  snapshotCacheBytes: 256 * megabyte,
  recordCacheBytes: 64 * megabyte,
  vectorCacheBytes: within(112 * megabyte),
  foundCacheBytes: 48 * megabyte,
  flatFilesMin: 1000,
};

/** Where segments are, and new ones go. */
export interface SegmentPlace {
  readonly files: SegmentFiles;
  /** What there is. Release what you retain. */
  segments(): SegmentList;
  /** Those of the next segment. */
  readonly nextIds: NextIds;
  /** Takes a segment that was written: from now on it is there. `next` are the ids that follow it. */
  take(entry: SegmentEntry, next: NextIds): void;
}

/** What lies in a cluster, as far as a process has met it: its files and trees as segments, its chunks where they are. */
export interface FarSegments {
  readonly bytes: number;
  /** Lets go what was read of chunks. */
  trim(): void;
  close(): void;
  has(tree: TreeId): boolean;
  segments(): SegmentList;
  /** Searches the chunks that some of its roots see, one of which has them each. Null: its segments are searched as the store's are. */
  backendOf(roots: readonly TreeId[]): SearchBackend | null;
}

/** Opens snapshots over the store's live segments and keeps the most recent ones open. */
export class SnapshotStore implements SegmentPlace {
  /** Segments that are not the store's, and lie over it. */
  readonly volatile = new Set<VolatileSegments>();
  /** What lies in a cluster. */
  far: FarSegments | null = null;
  readonly caches: RecordCaches;
  readonly segmentCaches: SegmentCaches;
  private readonly snapshots: LruCache<number, Snapshot>;
  private readonly opening = new Map<number, Promise<void>>();
  private readonly paths = new KnownPaths();
  private readonly composed = new ComposedTrees();
  private readonly flat: FlatSnapshots;
  private current: SegmentList | null = null;
  private currentVersion = -1;

  constructor(
    readonly store: Store,
    options: Partial<SnapshotStoreOptions> = {},
  ) {
    const settings = { ...memoryDefaults, ...options };
    this.segmentCaches = createSegmentCaches(settings.blockCacheBytes, settings.vectorCacheBytes);
    this.caches = createRecordCaches(settings.recordCacheBytes, settings.foundCacheBytes);
    this.flat = new FlatSnapshots(store, this.caches, settings.flatFilesMin);
    this.snapshots = new LruCache<number, Snapshot>(settings.snapshotCacheBytes, (snapshot) => snapshot.release());
  }

  /** The live segments now. Release what you retain. */
  segments(): SegmentList {
    this.store.refresh();
    const { catalog } = this.store;
    if (this.current !== null && this.currentVersion === catalog.segmentsVersion) return this.current;
    for (let tries = 0; ; tries++) {
      const version = catalog.segmentsVersion;
      try {
        const list = SegmentList.open(this.store, catalog.segments(), this.current, this.segmentCaches);
        this.current?.release();
        this.current = list;
        this.currentVersion = version;
        return list;
      } catch (error) {
        // Another process merged and removed a segment between our reading its name and opening it.
        this.store.refresh();
        if (catalog.segmentsVersion === version || tries > 20) throw error;
      }
    }
  }

  get files(): SegmentFiles {
    return this.store;
  }

  get nextIds(): NextIds {
    return this.store.newIds;
  }

  /** For the holder of the writer lock. */
  take(entry: SegmentEntry, next: NextIds): void {
    this.store.publish({ add: [entry], remove: [], next });
  }

  /** Number of a stored root tree by its key (see rootKey), or null when it is not indexed. */
  findRoot(key: Buffer): TreeId | null {
    const found = this.segments().findTree(key);
    return found < 0 ? null : asTreeId(found);
  }

  /** A stored tree itself: what it holds, without opening its snapshot. */
  treeNode(tree: TreeId): TreeNode {
    return readTreeNode(this.segmentsOf(tree), tree, this.caches);
  }

  /** The number, for `open`, of the tree whose folders are these roots, stored or in memory. No name lies in another. */
  compose(mounts: readonly Mount[]): TreeId {
    return this.composed.add(mounts);
  }

  /** The snapshot of a root tree, stored, in memory or composed; release it after use. Opened once for all who ask at the same time. */
  async open(root: TreeId): Promise<Snapshot> {
    for (;;) {
      const cached = this.snapshots.get(root)?.retain();
      if (cached !== undefined) {
        this.snapshots.reweigh(root, cached.weight);
        return cached;
      }
      const others = this.opening.get(root);
      if (others === undefined) break;
      await others;
    }
    let opened = (): void => undefined;
    this.opening.set(root, new Promise((resolve) => (opened = resolve)));
    const mounts = this.composed.find(root);
    const segments = mounts === null ? this.segmentsOf(root).retain() : this.segmentsOfAll(mounts);
    try {
      const node = mounts === null ? readTreeNode(segments, root, this.caches) : nodeOf(mounts);
      const flat = mounts === null ? this.flat.find(segments, root, node as TreeNode) : null;
      const seen = flat ?? (await this.walk(segments, root, node, mounts === null));
      if (flat === null && mounts === null) this.flat.noteWalk(root, node as TreeNode, seen);
      const paths = this.paths.of(flat?.paths ?? seen.contents.files.map(({ path }) => path));
      const far = this.backendOf(mounts === null ? [root] : mounts.list.map(({ tree }) => tree));
      const tables = mounts === null && far === null ? this.flat.tablesOf(root, node as TreeNode) : null;
      const neighbour = tables === null ? null : () => this.openNeighbour(root, node);
      const means = { found: this.caches.found, tables, mounts, far, neighbour };
      const snapshot = Snapshot.of(segments, root, seen, paths, means);
      this.snapshots.set(root, snapshot, snapshot.weight);
      return snapshot.retain();
    } finally {
      segments.release();
      this.opening.delete(root);
      opened();
    }
  }

  private async walk(
    segments: SegmentList,
    root: TreeId,
    node: Pick<TreeNode, 'entries'>,
    isStored: boolean,
  ): Promise<SeenByRoot> {
    const isLarge = isStored && (node as TreeNode).fileCount >= this.flat.filesMin;
    const like = isLarge ? await this.openNeighbour(root, node) : null;
    if (like !== null) {
      try {
        const { seen } = like;
        const over = filesOver(segments);
        return await walkRoot(segments, node, this.caches, { node: this.treeNode(like.root), seen, over });
      } catch {
        // Of the other, or of this one as well: that the walk without it tells.
      } finally {
        like.release();
      }
    }
    return walkRoot(segments, node, this.caches);
  }

  /** Lays out in the store what a stored root sees, so that it is opened at once from now on. */
  async keepFlat(root: TreeId): Promise<void> {
    const snapshot = await this.open(root);
    try {
      this.flat.keepOf(snapshot, this.treeNode(root));
    } finally {
      snapshot.release();
    }
  }

  /**
   * As `open`, over the segments that are live now: what was added to them is seen. `held`: a snapshot of the root, for the case
   * that it is in memory alone, and was let go there.
   */
  async openLatest(root: TreeId, held?: Snapshot): Promise<Snapshot> {
    const mounts = this.composed.find(root);
    const roots = mounts === null ? [root] : mounts.list.map(({ tree }) => tree);
    if (held !== undefined && !roots.every((tree) => this.isThere(tree))) return held.retain();
    const segments = mounts === null ? this.segmentsOf(root).retain() : this.segmentsOfAll(mounts);
    const cached = this.snapshots.get(root);
    if (cached !== undefined && !isSame(cached.segments, segments)) this.snapshots.delete(root);
    segments.release();
    return this.open(root);
  }

  /**
   * The snapshot of the kept root that is most like another by what lies directly in both; null where most of that has other names. It is for
   * speed alone: one that is damaged is none, and one that is being opened, which may be waiting for this one, is not waited for.
   */
  private async openNeighbour(root: TreeId, node: Pick<TreeNode, 'entries'>): Promise<Snapshot | null> {
    try {
      const best = this.neighbourOf(root, node);
      return best === null ? null : await this.open(best);
    } catch {
      return null;
    }
  }

  private neighbourOf(root: TreeId, node: Pick<TreeNode, 'entries'>): TreeId | null {
    const own = new Map(node.entries.map((entry) => [entry.name, entry.tree ?? entry.file]));
    const segments = this.segments();
    let best: TreeId | null = null;
    let most = own.size / 2;
    for (const kept of this.flat.keptRoots().slice(0, neighboursMax)) {
      if (kept === root || this.opening.has(kept) || !segments.has('trees', kept)) continue;
      const { entries } = this.treeNode(kept);
      let alike = 0;
      for (const { name, tree, file } of entries) if (own.has(name)) alike += own.get(name) === (tree ?? file) ? 2 : 1;
      if (alike > most) [best, most] = [kept, alike];
    }
    return best;
  }

  private isFar(tree: TreeId): boolean {
    return this.far?.has(tree) === true;
  }

  /** A root can be opened: it was not collected, or let go, since its number was told. */
  isThere(tree: TreeId): boolean {
    return tree < clusterIdMin ? this.segmentsOf(tree).has('trees', tree) : this.isFar(tree);
  }

  /** The segments that have a tree, with all that it refers to. */
  private segmentsOf(tree: TreeId): SegmentList {
    for (const place of this.volatile) if (place.has(tree)) return place.segments();
    if (tree < clusterIdMin) return this.segments();
    if (!this.isFar(tree)) throw letGo();
    return this.far!.segments();
  }

  /** Those that have some trees together; to be released. */
  private segmentsOfAll({ list }: Mounts): SegmentList {
    const places = [...this.volatile].filter((place) => list.some(({ tree }) => place.has(tree)));
    const farRoots = list.filter(({ tree }) => tree >= clusterIdMin);
    if (!farRoots.every(({ tree }) => this.isFar(tree))) throw letGo();
    const far = farRoots.length > 0 ? [this.far!.segments()] : [];
    return places.length + far.length === 0
      ? this.segments().retain()
      : SegmentList.join([this.segments(), ...places.flatMap((place) => place.lists), ...far]);
  }

  private backendOf(roots: readonly TreeId[]): SearchBackend | null {
    const own = roots.filter((root) => this.isFar(root));
    return own.length === 0 ? null : this.far!.backendOf(own);
  }

  /** What is held in memory now, and its bound, in bytes by our own count. */
  get memory(): SnapshotMemory {
    const { segmentCaches, snapshots } = this;
    const { trees, files, found, derived } = this.caches;
    const { blocks, vectors, names } = segmentCaches;
    const caches = [blocks, vectors, names, trees, files, found, ...derived];
    return {
      snapshots: snapshots.size,
      snapshotBytes: snapshots.weight,
      snapshotBytesMax: snapshots.weightMax,
      cacheBytes: [...this.volatile].reduce((sum, { bytes }) => sum + bytes, weightOf(caches)) + (this.far?.bytes ?? 0),
      cacheBytesMax: caches.reduce((sum, { weightMax }) => sum + weightMax, volatileBytesMax),
    };
  }

  /** Forgets open snapshots, so that files of removed segments can go. */
  forget(): void {
    this.snapshots.clear();
    this.caches.trees.clear();
    this.caches.files.clear();
  }

  /** Lets go what is kept for speed alone. */
  trim(): void {
    this.forget();
    this.paths.clear();
    this.segmentCaches.blocks.clear();
    this.segmentCaches.vectors.clear();
    this.segmentCaches.names.clear();
    forgetLists();
    this.caches.found.clear();
    for (const cache of this.caches.derived) cache.clear();
    this.far?.trim();
  }

  close(): void {
    this.forget();
    this.far?.close();
    this.far = null;
    this.current?.release();
    this.current = null;
    this.currentVersion = -1;
  }
}

/** Of so many kept roots it is looked at what they have in common with another. */
const neighboursMax = 16;

const letGo = (): CoppiceError =>
  new CoppiceError('TOO_LARGE', 'more of a cluster is asked about at once than memory has room for', {
    hint: 'ask again, or about fewer repositories at once',
  });

/** A folder's name may be several: the files below come out with the same paths as if each were a folder of its own. */
const nodeOf = ({ list }: Mounts): Pick<TreeNode, 'entries'> => ({
  entries: list.map(({ name, tree }) => ({ name, kind: 'tree', tree })),
});

const isSame = (a: SegmentList, b: SegmentList): boolean =>
  a === b || (a.segments.length === b.segments.length && a.segments.every((segment, i) => segment === b.segments[i]));

const weightOf = (caches: readonly { readonly weight: number }[]): number =>
  caches.reduce((sum, { weight }) => sum + weight, 0);
