import { BitSet, GenerationCache } from '../base/index.js';
import type { DocId, EntryKind, FileId, Oid, TreeId } from '../model/index.js';
import type { FileRecord, SegmentList, TreeNode } from '../segment/index.js';

/** A file of a snapshot. */
export interface SnapshotFile {
  readonly path: string;
  readonly id: FileId;
  readonly kind: EntryKind;
  readonly record: FileRecord;
}

/** Exact statistics of a snapshot for BM25: over its distinct visible chunks. */
export interface SnapshotStatistics {
  readonly docCount: number;
  readonly meanLength: { readonly body: number; readonly comment: number; readonly symbol: number };
}

/** Records decoded once per process. Ids are never used twice, so entries never go stale. */
export interface RecordCaches {
  readonly trees: GenerationCache<number, TreeNode>;
  readonly files: GenerationCache<number, FileRecord>;
  /** What others keep that they made of records: counted with these. */
  readonly derived: Set<Pick<GenerationCache<unknown, unknown>, 'weight' | 'weightMax' | 'clear'>>;
}

/** Caches that take about so many bytes together. */
export const createRecordCaches = (bytesMax: number): RecordCaches => ({
  trees: new GenerationCache<number, TreeNode>(bytesMax / 2, ({ entries }) => 150 + 80 * entries.length),
  files: new GenerationCache<number, FileRecord>(bytesMax / 2, ({ docs }) => 200 + 8 * docs.length),
  derived: new Set(),
});

/**
 * What one tree sees: its files in git's order and, for each chunk, where it occurs. Derived from the stored trees
 * when it is opened; immutable; holds its segments until closed.
 */
export class Snapshot {
  readonly files: readonly SnapshotFile[];
  /** Symlinks and submodules, which are not searched. */
  readonly unfollowed: readonly { readonly path: string; readonly kind: EntryKind; readonly oid: Oid }[];
  /** The visible set, over the store's doc ids. */
  readonly visible: BitSet;
  /** Occurrences of chunks in order of path and line: the chunk, its file's position in `files`, its first line from 0. */
  readonly occurrenceDocs: Uint32Array;
  readonly occurrenceFiles: Uint32Array;
  readonly occurrenceLines: Uint32Array;
  /** Position of a doc's first occurrence, by doc id, plus one; 0 for what is not visible. */
  private readonly firstOccurrence: Uint32Array;
  /** Position of the same doc's next occurrence plus one, by occurrence; 0 at the last. */
  private readonly nextOccurrence: Uint32Array;
  private cachedStatistics: SnapshotStatistics | undefined;
  /** Derived things that a search keeps with the snapshot, by name. */
  readonly derived = new Map<string, unknown>();
  private holders = 1;

  constructor(
    readonly segments: SegmentList,
    readonly root: TreeId,
    readonly rootNode: TreeNode,
    caches: RecordCaches,
  ) {
    segments.retain();
    const files: SnapshotFile[] = [];
    const unfollowed: { path: string; kind: EntryKind; oid: Oid }[] = [];
    collectFiles(segments, rootNode, '', caches, files, unfollowed);
    this.files = files;
    this.unfollowed = unfollowed;
    let count = 0;
    for (const { record } of files) count += searchedDocs(record).length;
    this.visible = new BitSet(segments.docEnd);
    this.occurrenceDocs = new Uint32Array(count);
    this.occurrenceFiles = new Uint32Array(count);
    this.occurrenceLines = new Uint32Array(count);
    this.firstOccurrence = new Uint32Array(segments.docEnd);
    this.nextOccurrence = new Uint32Array(count);
    this.placeOccurrences();
  }

  private placeOccurrences(): void {
    const { files, segments, visible, firstOccurrence, nextOccurrence } = this;
    const lastOccurrence = new Map<number, number>(); // only of docs that occur twice
    let at = 0;
    let segment = segments.segments[0];
    let lineCounts = segment?.column('lineCount');
    for (let file = 0; file < files.length; file++) {
      let line = 0;
      for (const doc of searchedDocs(files[file]!.record)) {
        if (segment === undefined || doc < segment.docBase || doc >= segment.docEnd) {
          segment = segments.segmentOfDoc(doc);
          lineCounts = segment.column('lineCount');
        }
        this.occurrenceDocs[at] = doc;
        this.occurrenceFiles[at] = file;
        this.occurrenceLines[at] = line;
        line += lineCounts![doc - segment.docBase]!;
        const first = firstOccurrence[doc]!;
        if (first === 0) {
          firstOccurrence[doc] = at + 1;
          visible.add(doc);
        } else {
          nextOccurrence[lastOccurrence.get(doc) ?? first - 1] = at + 1;
          lastOccurrence.set(doc, at);
        }
        at++;
      }
    }
  }

  /** Calls `onOccurrence` with the position of each occurrence of a visible chunk, in order. */
  forEachOccurrence(doc: number, onOccurrence: (position: number) => void): void {
    for (let next = this.firstOccurrence[doc] ?? 0; next !== 0; next = this.nextOccurrence[next - 1]!)
      onOccurrence(next - 1);
  }

  /** Number of distinct visible chunks. */
  get docCount(): number {
    return this.statistics.docCount;
  }

  get statistics(): SnapshotStatistics {
    if (this.cachedStatistics === undefined) {
      let docCount = 0;
      let body = 0;
      let comment = 0;
      let symbol = 0;
      for (const segment of this.segments.segments) {
        if (segment.docCount === 0 || this.visible.countRange(segment.docBase, segment.docEnd) === 0) continue;
        const bodies = segment.column('bodyLength');
        const comments = segment.column('commentLength');
        const symbols = segment.column('symbolLength');
        for (let doc = segment.docBase; doc < segment.docEnd; doc++) {
          if (!this.visible.has(doc)) continue;
          docCount++;
          body += bodies[doc - segment.docBase]!;
          comment += comments[doc - segment.docBase]!;
          symbol += symbols[doc - segment.docBase]!;
        }
      }
      const mean = (sum: number): number => (docCount === 0 ? 0 : sum / docCount);
      this.cachedStatistics = {
        docCount,
        meanLength: { body: mean(body), comment: mean(comment), symbol: mean(symbol) },
      };
    }
    return this.cachedStatistics;
  }

  /** The file at a path, or undefined. */
  fileAt(path: string): SnapshotFile | undefined {
    let byPath = this.derived.get('fileAt') as Map<string, SnapshotFile> | undefined;
    if (byPath === undefined) {
      byPath = new Map(this.files.map((file) => [file.path, file]));
      this.derived.set('fileAt', byPath);
    }
    return byPath.get(path);
  }

  /** The blob as it was, or null when the store does not have it. */
  fileBytes({ record }: SnapshotFile): Buffer | null {
    return contentOf(record, this.segments);
  }

  /** Rough bytes of memory it holds. */
  get weight(): number {
    return this.files.length * 450 + this.occurrenceDocs.length * 16 + this.visible.size * 4.2 + 1000;
  }

  retain(): this {
    this.holders++;
    return this;
  }

  release(): void {
    if (--this.holders === 0) this.segments.release();
  }
}

/** A file that is skipped may have its content stored, for show alone. */
const searchedDocs = ({ skipped, docs }: FileRecord): readonly DocId[] => (skipped === null ? docs : []);

function collectFiles(
  segments: SegmentList,
  node: TreeNode,
  prefix: string,
  caches: RecordCaches,
  files: SnapshotFile[],
  unfollowed: { path: string; kind: EntryKind; oid: Oid }[],
): void {
  for (const entry of node.entries) {
    const path = prefix + entry.name;
    if (entry.tree !== undefined) {
      collectFiles(segments, readTreeNode(segments, entry.tree, caches), `${path}/`, caches, files, unfollowed);
    } else if (entry.file !== undefined) {
      files.push({ path, id: entry.file, kind: entry.kind, record: readFileRecord(segments, entry.file, caches) });
    } else {
      unfollowed.push({ path, kind: entry.kind, oid: entry.oid! });
    }
  }
}

/** The chunks of a file, joined: the blob as it was; null when the store does not have it. */
export function contentOf({ skipped, docs }: FileRecord, segments: SegmentList): Buffer | null {
  if (skipped !== null && docs.length === 0) return null;
  return Buffer.concat(docs.map((doc) => segments.chunkBytes(doc)));
}

/** A stored tree, decoded once. */
export function readTreeNode(segments: SegmentList, id: TreeId, caches: RecordCaches): TreeNode {
  let node = caches.trees.get(id);
  if (node === undefined) {
    node = segments.tree(id);
    caches.trees.set(id, node);
  }
  return node;
}

/** A stored file, decoded once. */
export function readFileRecord(segments: SegmentList, id: FileId, caches: RecordCaches): FileRecord {
  let record = caches.files.get(id);
  if (record === undefined) {
    record = segments.file(id);
    caches.files.set(id, record);
  }
  return record;
}
