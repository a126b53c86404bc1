import { BitSet } from '../base/index.js';

import type { EntryKind, FileId, TreeId } from '../model/index.js';
import type { FileRecord, SegmentList } from '../segment/index.js';
import { Derived } from './derived.js';
import type { KeptTables, TableColumns } from './kept-tables.js';
import type { RecordCaches } from './record-caches.js';
import { startsOf } from './snapshot-contents.js';
import type { Occurrences, SeenByRoot, TreeContents } from './snapshot-contents.js';
import type { Mounts } from './mounts.js';
import type { SearchBackend } from './search-backend.js';
import type { SnapshotPaths } from './snapshot-paths.js';

let nextSerial = 0;

/** A file of a snapshot. */
export interface SnapshotFile {
  readonly path: string;
  readonly id: FileId;
  readonly kind: EntryKind;
  readonly record: FileRecord;
}

/** Exact statistics of a snapshot for BM25: over its distinct visible chunks that are ranked. */
export interface SnapshotStatistics {
  readonly docCount: number;
  readonly meanLength: { readonly body: number; readonly comment: number; readonly symbol: number };
}

/** What a snapshot has beside what it sees. */
export interface SnapshotMeans {
  readonly found: RecordCaches['found'];
  /** Where tables that are made of all of it are kept; null: nowhere. */
  readonly tables: KeptTables | null;
  readonly mounts: Mounts | null;
  readonly far: SearchBackend | null;
  /** Opens one that has much in common with it and whose tables are kept; null: there is none. */
  readonly neighbour: (() => Promise<Snapshot | null>) | null;
}

/** A table made of a snapshot as a whole. */
export interface Table<Value> {
  /** With the version of how it is made. */
  readonly name: string;
  /** What it depends on: all that the root sees, or its paths alone. */
  readonly of: 'root' | 'paths';
  /** Null where they are not what is needed any more. */
  read(columns: TableColumns): Value | null;
  /** Null where it is not to be kept. */
  columns(value: Value): TableColumns | null;
}

/**
 * What one tree sees: its files in git's order and, for each chunk, where it occurs. Derived from the stored trees
 * when it is opened; immutable; holds its segments until closed.
 */
export class Snapshot {
  readonly files: TreeContents['files'];
  /** Symlinks and submodules, which are not searched. */
  readonly unfollowed: TreeContents['unfollowed'];
  /** The visible set, over the store's doc ids. */
  readonly visible: BitSet;
  /** Occurrences of chunks in order of path and line: the chunk, its file's position in `files`, its first line from 0. */
  readonly occurrenceDocs: Uint32Array;
  readonly occurrenceFiles: Uint32Array;
  readonly occurrenceLines: Uint32Array;
  /** Things that a search makes of the snapshot once. */
  readonly derived = new Derived();
  /** The folders that are roots themselves; null for the tree of a single root. */
  readonly mounts: Mounts | null;
  /** Searches its chunks that lie in a cluster; null where all are in segments. */
  readonly far: SearchBackend | null;
  private readonly tables: KeptTables | null;
  private readonly found: RecordCaches['found'];
  private readonly findNeighbour: SnapshotMeans['neighbour'];
  private holders = 1;
  private readonly serial = nextSerial++;

  private constructor(
    readonly segments: SegmentList,
    readonly root: TreeId,
    contents: TreeContents,
    private readonly occurrences: Occurrences,
    /** Paths of its files, which other snapshots may have as well. */
    readonly paths: SnapshotPaths,
    { found, tables, mounts, far, neighbour }: SnapshotMeans,
  ) {
    this.findNeighbour = neighbour;
    this.found = found;
    this.tables = tables;
    this.mounts = mounts;
    this.far = far;
    this.files = contents.files;
    this.unfollowed = contents.unfollowed;
    this.visible = occurrences.visible;
    this.occurrenceDocs = occurrences.docs;
    this.occurrenceFiles = occurrences.files;
    this.occurrenceLines = occurrences.lines;
  }

  /** Over segments that are open; it holds them until it is closed. */
  static of(
    segments: SegmentList,
    root: TreeId,
    seen: SeenByRoot,
    paths: SnapshotPaths,
    means: SnapshotMeans,
  ): Snapshot {
    return new Snapshot(segments.retain(), root, seen.contents, seen.occurrences, paths, means);
  }

  /** What its root sees, as it was opened. */
  get seen(): SeenByRoot {
    const { files, unfollowed, occurrences } = this;
    return { contents: { files, unfollowed }, occurrences };
  }

  /** What was remembered under a name; undefined when it has been forgotten, which may be at any time. */
  recall<Value>(name: string): Value | undefined {
    return this.found.get(`${this.serial}:${name}`) as Value | undefined;
  }

  /** Keeps what a search found and may need again, for as long as there is room. `weight`: its bytes of memory. */
  remember(name: string, value: unknown, weight: number): void {
    this.found.set(`${this.serial}:${name}`, value, weight);
  }

  /** Tables that are made of it may be kept. */
  get keepsTables(): boolean {
    return this.tables !== null;
  }

  /** A table as it is kept in the store; undefined when it is not. */
  keptTable<Value>({ name, of, read }: Table<Value>): Value | undefined {
    const { tables } = this;
    if (tables === null) return undefined;
    const columns = of === 'root' ? tables.ofRoot(name) : tables.ofPaths(name, this.paths.hash);
    return columns === null ? undefined : (read(columns) ?? undefined);
  }

  /** Keeps one that was made, where the root is one that is kept. */
  keepTable<Value>(table: Table<Value>, value: Value): void {
    const { tables } = this;
    const columns = tables === null ? null : table.columns(value);
    if (columns === null) return;
    if (table.of === 'root') tables!.keepOfRoot(table.name, columns);
    else tables!.keepOfPaths(table.name, this.paths.hash, columns);
  }

  /** One that has much in common with it, and tables that are kept: what it has of its own is all that has to be made. To be released. */
  async neighbour(): Promise<Snapshot | null> {
    return (await this.findNeighbour?.()) ?? null;
  }

  /** The table as it is kept, or made, and kept from now on. */
  async tableOf<Value>(table: Table<Value>, make: () => Promise<Value>): Promise<Value> {
    const kept = this.keptTable(table);
    if (kept !== undefined) return kept;
    const made = await make();
    this.keepTable(table, made);
    return made;
  }

  /** For each file, by its position, that of its first occurrence, and at the end their number: occurrences are in order of files. */
  get fileStarts(): Uint32Array {
    return this.derived.once('fileStarts', () => startsOf(this.occurrenceFiles, this.files.length));
  }

  /** Calls `onOccurrence` with the position of each occurrence of a visible chunk, in order. */
  forEachOccurrence(doc: number, onOccurrence: (position: number) => void): void {
    const { first, next } = this.occurrences;
    for (let at = first[this.visible.gap.slot(doc)] ?? 0; at !== 0; at = next[at - 1]!) onOccurrence(at - 1);
  }

  /** The visible chunks that take part in ranking: all but those of files that are for exact search only. */
  get ranked(): BitSet {
    return this.derived.once('ranked', () => (this.rankedFiles === null ? this.visible : this.visibleIn(() => true)));
  }

  /** 1 for each file that takes part in ranking, by position; null when all do. */
  get rankedFiles(): Uint8Array | null {
    return this.derived.once('rankedFiles', () =>
      this.files.some(({ record }) => record.exactOnly)
        ? Uint8Array.from(this.files, ({ record }) => (record.exactOnly ? 0 : 1))
        : null,
    );
  }

  /** The chunks that some ranked file of those that `has` is true for has. */
  visibleIn(has: (path: string) => boolean): BitSet {
    const { occurrenceDocs, occurrenceFiles } = this;
    const docs = new BitSet(this.visible.size, this.visible.gap);
    const isIn = this.files.map(({ path, record }) => !record.exactOnly && has(path));
    for (let position = 0; position < occurrenceDocs.length; position++)
      if (isIn[occurrenceFiles[position]!] === true) docs.add(occurrenceDocs[position]!);
    return docs;
  }

  /** Number of distinct visible chunks that are ranked. */
  get docCount(): number {
    return this.statistics.docCount;
  }

  get statistics(): SnapshotStatistics {
    return this.derived.once('statistics', () => {
      const kept = this.keptTable(statisticsTable);
      if (kept !== undefined) return kept;
      const made = statisticsOf(this);
      this.keepTable(statisticsTable, made);
      return made;
    });
  }

  /** The file at a path, or undefined. */
  fileAt(path: string): SnapshotFile | undefined {
    const position = this.paths.positionOf(path);
    return position === undefined ? undefined : this.files[position];
  }

  /** The blob as it was, or null when the store does not have it. */
  fileBytes({ record }: SnapshotFile): Buffer | null {
    return contentOf(record, this.segments);
  }

  /** Rough bytes of memory it holds, with what searches made of it. */
  get weight(): number {
    const own = this.files.length * 450 + this.occurrenceDocs.length * 24 + this.visible.slotCount * 4.2 + 1000;
    return own + this.derived.weight;
  }

  retain(): this {
    this.holders++;
    return this;
  }

  release(): void {
    if (--this.holders === 0) this.segments.release();
  }
}

const statisticsTable: Table<SnapshotStatistics> = {
  name: 'statistics-1',
  of: 'root',
  read: ({ values }) => {
    const [docCount, body, comment, symbol] = values as unknown as [number, number, number, number];
    return { docCount, meanLength: { body, comment, symbol } };
  },
  columns: ({ docCount, meanLength: { body, comment, symbol } }) => ({
    values: Float64Array.of(docCount, body, comment, symbol),
  }),
};

function statisticsOf({ segments, ranked: visible }: Snapshot): SnapshotStatistics {
  let docCount = 0;
  let body = 0;
  let comment = 0;
  let symbol = 0;
  for (const segment of segments.segments) {
    if (segment.docCount === 0 || visible.countRange(segment.docBase, segment.docEnd) === 0) continue;
    const bodies = segment.column('bodyLength');
    const comments = segment.column('commentLength');
    const symbols = segment.column('symbolLength');
    for (let doc = segment.docBase; doc < segment.docEnd; doc++) {
      if (!visible.has(doc)) continue;
      docCount++;
      body += bodies[doc - segment.docBase]!;
      comment += comments[doc - segment.docBase]!;
      symbol += symbols[doc - segment.docBase]!;
    }
  }
  const mean = (sum: number): number => (docCount === 0 ? 0 : sum / docCount);
  return { docCount, meanLength: { body: mean(body), comment: mean(comment), symbol: mean(symbol) } };
}

/** The chunks of a file, joined: the blob as it was; null when the store does not have it. */
export function contentOf({ skipped, docs }: FileRecord, segments: SegmentList): Buffer | null {
  if (skipped !== null && docs.length === 0) return null;
  return Buffer.concat(docs.map((doc) => segments.chunkBytes(doc)));
}
