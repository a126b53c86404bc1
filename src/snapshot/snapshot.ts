import { BitSet } from '../base/index.js';

import type { EntryKind, FileId, TreeId } from '../model/index.js';
import type { FileRecord, SegmentList } from '../segment/index.js';
import { Derived } from './derived.js';
import type { RecordCaches } from './record-caches.js';
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
  private holders = 1;
  private readonly serial = nextSerial++;

  private constructor(
    readonly segments: SegmentList,
    readonly root: TreeId,
    contents: TreeContents,
    private readonly occurrences: Occurrences,
    /** Paths of its files, which other snapshots may have as well. */
    readonly paths: SnapshotPaths,
    private readonly found: RecordCaches['found'],
    /** The folders that are roots themselves; null for the tree of a single root. */
    readonly mounts: Mounts | null,
    /** Searches its chunks that lie in a cluster; null where all are in segments. */
    readonly far: SearchBackend | null,
  ) {
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
    found: RecordCaches['found'],
    mounts: Mounts | null = null,
    far: SearchBackend | null = null,
  ): Snapshot {
    return new Snapshot(segments.retain(), root, seen.contents, seen.occurrences, paths, found, mounts, far);
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

  /** For each file, by its position, that of its first occurrence, and at the end their number: occurrences are in order of files. */
  get fileStarts(): Uint32Array {
    return this.derived.once('fileStarts', () => {
      const starts = new Uint32Array(this.files.length + 1);
      for (const file of this.occurrenceFiles) starts[file + 1]!++;
      for (let at = 0; at < this.files.length; at++) starts[at + 1]! += starts[at]!;
      return starts;
    });
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
    return this.derived.once('statistics', () => statisticsOf(this));
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
