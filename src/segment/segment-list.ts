import { CoppiceError, Gap, TimeSlices, assert } from '../base/index.js';
import { volatileIdMin } from '../model/index.js';
import type { CommitId, FileId, TreeId } from '../model/index.js';
import { compareSegments } from '../store/index.js';
import type { MemoryFiles, SegmentEntry, Store } from '../store/index.js';
import { readTermPostings } from '../text/index.js';
import type { FarChunks } from './far-chunks.js';
import {
  decodeChunkSymbols,
  decodeCommitRecord,
  decodeFileRecord,
  decodeTreeNode,
  readTreeChildren,
} from './tables/records.js';
import type { ChunkSymbols, CommitRecord, FileRecord, TreeNode } from './tables/records.js';
import type { ChangeSign } from './segment-format.js';
import { Segment } from './segment-reader.js';
import type { SegmentCaches } from './segment-reader.js';

/**
 * The live segments at one moment: what a search reads. It stays readable while a writer merges and removes
 * segments, until it is released.
 */
export class SegmentList {
  /** Doc ids that none of its docs has: between those of the store and those in memory. */
  readonly docGap: Gap;
  private holders = 1;

  private constructor(readonly segments: readonly Segment[]) {
    for (const segment of segments) segment.holders++;
    const volatile = segments.findIndex(({ entry }) => entry.trees[0] >= volatileIdMin);
    this.docGap = volatile < 0 ? Gap.none : new Gap(segments[volatile - 1]?.docEnd ?? 0, segments[volatile]!.docBase);
  }

  /** Opens the segments of `entries`, sharing those that `previous` has open. */
  static open(
    store: Store,
    entries: readonly SegmentEntry[],
    previous: SegmentList | null,
    caches: SegmentCaches,
  ): SegmentList {
    const open = new Map(previous?.segments.map((segment) => [segment.entry.id, segment]));
    const opened: Segment[] = [];
    const spaces = entries.every(({ id }) => open.has(id)) ? null : store.vectorSpaces();
    try {
      const segments = entries.map((entry) => {
        const shared = open.get(entry.id);
        if (shared !== undefined) return shared;
        const segment = Segment.open(store, entry, caches);
        opened.push(segment);
        for (const space of spaces?.get(entry.id) ?? []) segment.openVectors(space);
        return segment;
      });
      return new SegmentList(segments);
    } catch (error) {
      for (const segment of opened) segment.close();
      throw error;
    }
  }

  /** Nothing. */
  static get none(): SegmentList {
    return new SegmentList([]);
  }

  /** A segment file that the catalog does not list. */
  static openUnlisted(store: Store, id: string, caches: SegmentCaches): SegmentList {
    return new SegmentList([Segment.open(store, id, caches)]);
  }

  /** A segment in memory, with its vectors. */
  static openInMemory(files: MemoryFiles, entry: SegmentEntry, caches: SegmentCaches): SegmentList {
    const segment = Segment.open(files, entry, caches);
    for (const space of files.vectorSpaces().get(entry.id) ?? []) segment.openVectors(space);
    return new SegmentList([segment]);
  }

  /** A segment in memory of chunks that lie elsewhere. */
  static openFar(files: MemoryFiles, entry: SegmentEntry, caches: SegmentCaches, far: FarChunks): SegmentList {
    return new SegmentList([Segment.open(files, entry, caches, far)]);
  }

  /** The segments of several lists as one, in order of their ids. */
  static join(lists: readonly SegmentList[]): SegmentList {
    const segments = lists.flatMap((list) => list.segments);
    return new SegmentList(segments.sort((a, b) => compareSegments(a.entry, b.entry)));
  }

  retain(): this {
    this.holders++;
    return this;
  }

  release(): void {
    if (--this.holders > 0) return;
    void closeInSlices(this.segments.filter((segment) => --segment.holders === 0));
  }

  /** Ids below this are the docs this list knows. */
  get docEnd(): number {
    return this.segments.at(-1)?.docEnd ?? 0;
  }

  segmentOfDoc(doc: number): Segment {
    return this.segmentOf('docs', doc);
  }

  file(id: number): FileRecord {
    const segment = this.segmentOf('files', id);
    const record = segment.fileRecords.get(id - segment.entry.files[0]);
    if (record.length === 0) throw collected('file', id);
    return decodeFileRecord(record);
  }

  tree(id: number): TreeNode {
    return decodeTreeNode(this.treeRecord(id));
  }

  /** Calls with what lies directly in a tree: for who goes over all of them, and needs no names. */
  treeChildren(id: number, onTree: (id: TreeId) => void, onFile: (id: FileId) => void): void {
    readTreeChildren(this.treeRecord(id), onTree, onFile);
  }

  private treeRecord(id: number): Buffer {
    const segment = this.segmentOf('trees', id);
    const record = segment.treeRecords.get(id - segment.entry.trees[0]);
    if (record.length === 0) throw collected('tree', id);
    return record;
  }

  /** Whether what a number stands for is there, and was not collected. */
  has(kind: 'docs' | 'files' | 'trees', id: number): boolean {
    const segment = this.segments.find(({ entry }) => id >= entry[kind][0] && id < entry[kind][1]);
    if (segment === undefined) return false;
    const records = { docs: segment.content, files: segment.fileRecords, trees: segment.treeRecords }[kind];
    return records.get(id - segment.entry[kind][0]).length > 0;
  }

  commit(id: number): CommitRecord {
    const segment = this.segmentOf('commits', id);
    const record = segment.commitRecords.get(id - segment.entry.commits[0]);
    if (record.length === 0) throw collected('commit', id);
    return decodeCommitRecord(record);
  }

  /** Calls `onChange` with each commit, ascending, that added a chunk to some file or removed it from one. */
  forEachChange(doc: number, onChange: (commit: CommitId, sign: ChangeSign) => void): void {
    for (const { changes, entry } of this.segments) {
      const [from, to] = entry.commits;
      const list = from === to ? null : changes.find(doc, 0);
      if (list !== null) readTermPostings(list.bytes, (number, sign) => onChange((from + number) as CommitId, sign));
    }
  }

  /** The same of many chunks, ascending; in no order. */
  forEachChangeOf(docs: readonly number[], onChange: (commit: CommitId, sign: ChangeSign, doc: number) => void): void {
    for (const { changes, entry } of this.segments) {
      const [from, to] = entry.commits;
      if (from === to) continue;
      changes.forEachList(docs, (doc, list) =>
        readTermPostings(list, (number, sign) => onChange((from + number) as CommitId, sign, doc)),
      );
    }
  }

  /** Committer time of a commit, in seconds since 1970. */
  commitTime(id: number): number {
    const segment = this.segmentOf('commits', id);
    return segment.commitColumn('time')[id - segment.entry.commits[0]]!;
  }

  /** Ids below this are the commits this list knows: all are stored. */
  get commitEnd(): number {
    return this.segments.findLast(({ entry }) => entry.trees[0] < volatileIdMin)?.entry.commits[1] ?? 0;
  }

  chunkSymbols(doc: number): ChunkSymbols {
    const segment = this.segmentOfDoc(doc);
    return decodeChunkSymbols(segment.symbols.get(doc - segment.docBase));
  }

  chunkText(doc: number): string {
    return this.segmentOfDoc(doc).chunkText(doc);
  }

  chunkBytes(doc: number): Buffer {
    return this.segmentOfDoc(doc).chunkBytes(doc);
  }

  findDoc(key: Buffer): number {
    return this.find('docKeys', 'docs', key);
  }

  findFile(key: Buffer): number {
    return this.find('fileKeys', 'files', key);
  }

  findTree(key: Buffer): number {
    return this.find('treeKeys', 'trees', key);
  }

  /** The key of a tree; found by looking at all keys of its segment, so for rare questions only. */
  treeKey(id: number): Buffer | null {
    const segment = this.segmentOf('trees', id);
    return segment.treeKeys.keyOf(id - segment.entry.trees[0]);
  }

  findCommit(key: Buffer): number {
    return this.find('commitKeys', 'commits', key);
  }

  private find(
    table: 'docKeys' | 'fileKeys' | 'treeKeys' | 'commitKeys',
    range: 'docs' | 'files' | 'trees' | 'commits',
    key: Buffer,
  ): number {
    for (let i = this.segments.length - 1; i >= 0; i--) {
      const segment = this.segments[i]!;
      const number = segment[table].find(key);
      if (number >= 0) return segment.entry[range][0] + number;
    }
    return -1;
  }

  /** The segment that has a number. STORE_CORRUPT where none does. */
  segmentOf(range: 'docs' | 'files' | 'trees' | 'commits', id: number): Segment {
    let low = 0;
    let high = this.segments.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const [from, to] = this.segments[middle]!.entry[range];
      if (id < from) high = middle - 1;
      else if (id >= to) low = middle + 1;
      else return this.segments[middle]!;
    }
    assert(id >= 0, 'ids are not negative');
    throw collected(range, id);
  }
}

/** A file that was removed meanwhile is deleted when it is closed, which takes a while: hundreds are not closed at once. */
async function closeInSlices(segments: readonly Segment[]): Promise<void> {
  const slices = new TimeSlices();
  for (const segment of segments) {
    if (slices.isOver) await slices.next();
    segment.close();
  }
}

function collected(what: string, id: number): CoppiceError {
  return new CoppiceError('STORE_CORRUPT', `the store lacks ${what} ${id} that it refers to`, {
    hint: 'run `coppice doctor --repair`: what is lost is indexed again from the repository',
  });
}
