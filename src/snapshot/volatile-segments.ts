import { clusterIdMin, volatileIdMin } from '../model/index.js';
import type { TreeId } from '../model/index.js';
import { SegmentList } from '../segment/index.js';
import type { Segment } from '../segment/index.js';
import { MemoryFiles } from '../store/index.js';
import type { NextIds, SegmentEntry, SegmentFiles } from '../store/index.js';
import type { SegmentPlace, SnapshotStore } from './snapshot-store.js';

/** Memory for all segments of a process that are not stored. */
export const volatileBytesMax = 32 * 1024 * 1024;

/** No segment has so many ids of a kind: with fewer left, numbering begins anew. */
const idsLeftMin = 2 ** 24;
/** Numbers between the first and the last chunk of one user take memory in each of its snapshots, whosever they are. */
const spreadMax = 2 ** 18;

/** The ids of all that a process has in memory alone, none of which the store gives away. */
export class VolatileIds {
  private ids = firstIds;

  /** Those of the next segment. */
  get next(): NextIds {
    return this.ids;
  }

  /** Hardly any are left: that takes a process that lives for many years. */
  get areUsedUp(): boolean {
    const { doc, file, tree } = this.ids;
    return Math.max(doc, file, tree) > clusterIdMin - idsLeftMin;
  }

  /** `next` are the first that are free now. */
  take(next: NextIds): void {
    this.ids = next;
  }

  /** Begins anew, when nothing has any of them. */
  reset(): void {
    this.ids = firstIds;
  }
}

const firstIds: NextIds = {
  doc: volatileIdMin,
  file: volatileIdMin,
  tree: volatileIdMin,
  commit: volatileIdMin,
  segment: 0,
};

/** Ids of what segments refer to. */
interface References {
  readonly docs: Set<number>;
  readonly files: Set<number>;
  readonly trees: Set<number>;
}

/**
 * Segments in memory, laid over the store's: what is soon outdated and can be read again, as are the edits of a work tree.
 * They refer to what is stored; nothing that is stored refers to them. For one user at a time.
 */
export class VolatileSegments implements SegmentPlace {
  private memory = new MemoryFiles();
  /** Each a list of one. */
  private own: SegmentList[] = [];
  private base: SegmentList | null = null;
  private joined: SegmentList | null = null;
  private references: References = { docs: new Set(), files: new Set(), trees: new Set() };
  /** Of memory that they take. */
  bytes = 0;
  /** Grows whenever all is let go: ids from before may be others' by now. */
  clears = 0;

  constructor(
    private readonly snapshots: SnapshotStore,
    private readonly ids: VolatileIds,
  ) {}

  get files(): SegmentFiles {
    return this.memory;
  }

  get nextIds(): NextIds {
    return this.ids.next;
  }

  get count(): number {
    return this.own.length;
  }

  /** Its first and its next chunk have numbers far apart: it is better to begin anew. */
  get isSpread(): boolean {
    return this.own.length > 0 && this.ids.next.doc - this.own[0]!.segments[0]!.docBase > spreadMax;
  }

  /** Those of the store, as of the last refresh, with its own. */
  segments(): SegmentList {
    if (this.base === null) this.base = this.snapshots.segments().retain();
    if (this.joined === null) this.joined = SegmentList.join([this.base, ...this.own]);
    return this.joined;
  }

  /** Its own, without those of the store. */
  get lists(): readonly SegmentList[] {
    return this.own;
  }

  has(tree: TreeId): boolean {
    return this.own.some((list) => list.has('trees', tree));
  }

  take(entry: SegmentEntry, next: NextIds): void {
    this.ids.take(next);
    const list = SegmentList.openInMemory(this.memory, entry, this.snapshots.segmentCaches);
    this.own.push(list);
    this.noteReferences(list, entry);
    this.bytes += entry.bytes;
    this.snapshots.volatile.add(this);
    this.letGo('joined');
  }

  /**
   * Takes note of what the store has now. When something is gone that its segments refer to, or what they have is stored by now,
   * under other numbers, all is let go.
   */
  refresh(): void {
    const latest = this.snapshots.segments();
    if (this.base === latest) return;
    if (this.base !== null && this.own.length > 0) {
      const known = new Set(this.base.segments);
      const added = latest.segments.filter((segment) => !known.has(segment));
      const isStored = added.some((segment) => this.shares(segment));
      const live = new Set(latest.segments);
      const isLess = this.base.segments.some((segment) => !live.has(segment));
      if (isStored || (isLess && !this.isWhole(latest))) this.clear();
    }
    this.letGo('joined');
    this.letGo('base');
  }

  /** Lets all go; open snapshots stay as they are. */
  clear(): void {
    this.letGo('joined');
    this.letGo('base');
    for (const list of this.own) list.release();
    this.own = [];
    this.memory = new MemoryFiles();
    this.references = { docs: new Set(), files: new Set(), trees: new Set() };
    this.bytes = 0;
    this.clears++;
    this.snapshots.volatile.delete(this);
  }

  private noteReferences(list: SegmentList, { files, trees }: SegmentEntry): void {
    const { references } = this;
    for (let id = files[0]; id < files[1]; id++) for (const doc of list.file(id).docs) references.docs.add(doc);
    for (let id = trees[0]; id < trees[1]; id++) {
      for (const { file, tree } of list.tree(id).entries) {
        if (file !== undefined) references.files.add(file);
        if (tree !== undefined) references.trees.add(tree);
      }
    }
  }

  /** Whether all is there that its segments refer to. What a tree of the store has below it is there as long as it is. */
  private isWhole(latest: SegmentList): boolean {
    const { docs, files, trees } = this.references;
    const lists = [latest, ...this.own];
    const isThere = (kind: 'docs' | 'files' | 'trees', ids: ReadonlySet<number>): boolean =>
      [...ids].every((id) => lists.some((list) => list.has(kind, id)));
    return isThere('trees', trees) && isThere('files', files) && isThere('docs', docs);
  }

  /** Whether a segment has something that is here, too. */
  private shares(other: Segment): boolean {
    const tables = ['docKeys', 'fileKeys', 'treeKeys'] as const;
    return this.own.some(({ segments: [segment] }) =>
      tables.some((table) => {
        for (const { key } of segment![table].rows()) if (other[table].find(key) >= 0) return true;
        return false;
      }),
    );
  }

  private letGo(list: 'base' | 'joined'): void {
    this[list]?.release();
    this[list] = null;
  }
}
