import { CoppiceError } from '../base/index.js';
import type { TreeId } from '../model/index.js';
import { SegmentList } from '../segment/index.js';
import type { Segment } from '../segment/index.js';
import { MemoryFiles } from '../store/index.js';
import type { NextIds, SegmentEntry, SegmentFiles } from '../store/index.js';
import type { SegmentPlace, SnapshotStore } from './snapshot-store.js';

/** Memory for all segments of a process that are not stored. */
export const volatileBytesMax = 32 * 1024 * 1024;

/**
 * Ids that the store gave away for this process alone: so no number means two things, whether it is stored or not. Segments of
 * the store before them are not merged with those after them, as the merged one would have the ids in between as well.
 */
export class ReservedIds {
  private ids: NextIds = { doc: 0, file: 0, tree: 0, commit: 0, segment: 0 };
  private end: NextIds = this.ids;
  private checked: { readonly segments: SegmentList; readonly areLost: boolean } | null = null;

  /** How many of each are taken from the store at a time. */
  static readonly blockSize = 2048;

  constructor(private readonly snapshots: SnapshotStore) {}

  get next(): NextIds {
    return this.ids;
  }

  /** Whether so many of each kind are left. */
  has(count: number): boolean {
    const { ids, end } = this;
    return Math.min(end.doc - ids.doc, end.file - ids.file, end.tree - ids.tree) >= count;
  }

  /** The store no longer knows that it gave them away: it was repaired, or another process has merged across them. */
  get areLost(): boolean {
    const segments = this.snapshots.segments();
    if (this.checked?.segments !== segments) {
      const { ids, end } = this;
      const { doc, file, tree } = this.snapshots.nextIds;
      const known = end.doc <= doc && end.file <= file && end.tree <= tree;
      const own = { docs: [ids.doc, end.doc], files: [ids.file, end.file], trees: [ids.tree, end.tree] } as const;
      this.checked = { segments, areLost: !known || segments.segments.some(({ entry }) => overlap(entry, own)) };
    }
    return this.checked.areLost;
  }

  /** Takes the next block; what is left of the one before is never used. For the holder of the writer lock. */
  reserve(): void {
    const { store } = this.snapshots;
    const { nextIds } = store.catalog;
    const { doc, file, tree, commit } = nextIds;
    const size = ReservedIds.blockSize;
    const next = { ...nextIds, doc: doc + size, file: file + size, tree: tree + size };
    store.record({ t: 'segments', add: [], remove: [], next });
    this.ids = { doc, file, tree, commit, segment: this.ids.segment };
    this.end = next;
    this.checked = null;
    this.snapshots.reservedEnd = next.tree;
  }

  /** `next` are the first that are free now. False, and nothing is taken, when there are not so many. */
  take(next: NextIds): boolean {
    const { end } = this;
    if (next.doc > end.doc || next.file > end.file || next.tree > end.tree) return false;
    this.ids = next;
    return true;
  }
}

type Ranges = Pick<SegmentEntry, 'docs' | 'files' | 'trees'>;

const overlap = (a: Ranges, b: Ranges): boolean =>
  (['docs', 'files', 'trees'] as const).some((kind) => a[kind][0] < b[kind][1] && b[kind][0] < a[kind][1]);

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
  /** There were too few ids for the last segment. */
  isFull = false;

  constructor(
    private readonly snapshots: SnapshotStore,
    private readonly ids: ReservedIds,
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

  /** Those of the store, as of the last refresh, with its own. */
  segments(): SegmentList {
    if (this.base === null) this.base = this.snapshots.segments().retain();
    if (this.joined === null) this.joined = SegmentList.join([this.base, ...this.own]);
    return this.joined;
  }

  has(tree: TreeId): boolean {
    return this.own.some((list) => list.has('trees', tree));
  }

  /** Fails, and nothing is taken, when it has more chunks, files or directories than ids are left. */
  take(entry: SegmentEntry, next: NextIds): void {
    this.isFull = !this.ids.take(next);
    if (this.isFull) throw new CoppiceError('INTERNAL', 'there are too few ids for a segment in memory');
    const list = SegmentList.openInMemory(this.memory, entry, this.snapshots.segmentCaches);
    this.own.push(list);
    this.noteReferences(list, entry);
    this.bytes += entry.bytes;
    this.snapshots.volatile.add(this);
    this.letGo('joined');
  }

  /**
   * Takes note of what the store has now. When something is gone that its segments refer to, or what they have is stored by now,
   * under other numbers, or their own are in use, all is let go.
   */
  refresh(): void {
    const latest = this.snapshots.segments();
    if (this.base === latest) return;
    if (this.base !== null && this.own.length > 0) {
      const known = new Set(this.base.segments);
      const added = latest.segments.filter((segment) => !known.has(segment));
      const isTaken = added.some((segment) => this.overlaps(segment) || this.shares(segment));
      const live = new Set(latest.segments);
      const isLess = this.base.segments.some((segment) => !live.has(segment));
      if (isTaken || (isLess && !this.isWhole(latest))) this.clear();
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

  private overlaps({ entry }: Segment): boolean {
    return this.own.some(({ segments: [own] }) => overlap(own!.entry, entry));
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
