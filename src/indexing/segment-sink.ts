import { HashIndex } from '../base/index.js';
import type { CommitId, DocId, FileId, Oid, TreeId } from '../model/index.js';
import { asCommitId, asDocId, asFileId, asTreeId } from '../model/index.js';
import { SegmentWriter, segmentTextBytesMax } from '../segment/index.js';
import type {
  ChangeSign,
  CommitRecord,
  FileRecord,
  NewChunk,
  SegmentList,
  TreeCounts,
  TreeNode,
  TreeNodeEntry,
} from '../segment/index.js';
import { readFileRecord, readTreeNode } from '../snapshot/index.js';
import type { SnapshotStore } from '../snapshot/index.js';
import type { KnownChunks } from './analysis-batch.js';

export interface SegmentSinkOptions {
  /** A segment is published when it has so much text. More at once costs memory and saves merging. */
  readonly textBytesMax?: number;
}

/** Looking so many stored chunks up front costs about what analysing one file does. */
const chunksPerFile = 2000;
let nextRun = 0;

/**
 * Where new chunks, files, trees and commits go: the next segment, begun when there is something for it and published when
 * it is full or on demand. Knows what it took, so that content is stored once also within one run. For the holder of
 * the writer lock only.
 */
export class SegmentSink {
  private writer: SegmentWriter | null = null;
  private stored: SegmentList;
  private readonly docs = new KnownIds((key) => this.stored.findDoc(key));
  private readonly files = new KnownIds((key) => this.stored.findFile(key));
  private readonly trees = new KnownIds((key) => this.stored.findTree(key));
  private readonly commits = new KnownIds((key) => this.stored.findCommit(key));
  private readonly chunkCounts = new Map<FileId, number>();
  private readonly treeCounts = new Map<TreeId, TreeCounts>();
  private readonly commitTrees = new Map<CommitId, TreeId>();
  private readonly run = nextRun++;
  newChunks = 0;
  newFiles = 0;
  newBytes = 0;

  constructor(
    private readonly snapshots: SnapshotStore,
    private readonly options: SegmentSinkOptions = {},
  ) {
    this.stored = snapshots.segments();
  }

  /** Reads all keys of the store into memory, so that each of many questions costs next to nothing. */
  loadKeys(): void {
    for (const segment of this.stored.segments) {
      const { docs, files, trees, commits } = segment.entry;
      this.docs.load(segment.docKeys.rows(), docs[0]);
      this.files.load(segment.fileKeys.rows(), files[0]);
      this.trees.load(segment.treeKeys.rows(), trees[0]);
      this.commits.load(segment.commitKeys.rows(), commits[0]);
    }
    for (const ids of [this.docs, this.files, this.trees, this.commits]) ids.complete = true;
  }

  /** Told before many files are analysed: which chunks are stored is then worth knowing beforehand. */
  expectFiles(count: number): void {
    if (this.docs.complete) return;
    const chunks = this.stored.segments.reduce((sum, { docKeys }) => sum + docKeys.count, 0);
    if (chunks > count * chunksPerFile) return;
    for (const segment of this.stored.segments) this.docs.load(segment.docKeys.rows(), segment.docBase);
    this.docs.complete = true;
  }

  /** The chunks that need no analysis: what of them is known beforehand. */
  knownChunks(): KnownChunks {
    return { keys: this.docs.index.sharedKeys, run: this.run };
  }

  findChunk(key: Uint8Array): DocId | null {
    const known = this.docs.find(key);
    return known < 0 ? null : asDocId(known);
  }

  addChunk(chunk: NewChunk): DocId {
    const known = this.docs.find(chunk.key);
    if (known >= 0) return asDocId(known);
    if (this.writer?.isFull === true) this.publish();
    const doc = this.open().addChunk(chunk);
    this.docs.index.add(chunk.key, doc);
    this.newChunks++;
    this.newBytes += chunk.content.length;
    return doc;
  }

  findFile(key: Buffer): FileId | null {
    const known = this.files.find(key);
    return known < 0 ? null : asFileId(known);
  }

  addFile(key: Buffer, record: FileRecord): FileId {
    const file = this.open().addFile(key, record);
    this.files.index.add(key, file);
    this.chunkCounts.set(file, searchedCount(record));
    this.newFiles++;
    return file;
  }

  /** A file's record, published or not. */
  fileRecord(id: FileId): FileRecord {
    return this.writer?.fileRecord(id) ?? readFileRecord(this.stored, id, this.snapshots.caches);
  }

  findTree(key: Buffer): TreeId | null {
    const known = this.trees.find(key);
    return known < 0 ? null : asTreeId(known);
  }

  addTree(key: Buffer, oid: Oid, entries: readonly TreeNodeEntry[]): TreeId {
    const counts = this.count(entries);
    const tree = this.open().addTree(key, { oid, ...counts, entries });
    this.trees.index.add(key, tree);
    this.treeCounts.set(tree, counts);
    return tree;
  }

  /** A tree's record, published or not. */
  treeNode(id: TreeId): TreeNode {
    return this.writer?.treeNode(id) ?? readTreeNode(this.stored, id, this.snapshots.caches);
  }

  findCommit(key: Buffer): CommitId | null {
    const known = this.commits.find(key);
    return known < 0 ? null : asCommitId(known);
  }

  addCommit(key: Buffer, commit: CommitRecord, changedDocs: ReadonlyMap<DocId, ChangeSign>): CommitId {
    const id = this.open().addCommit(key, commit, changedDocs);
    this.commits.index.add(key, id);
    this.commitTrees.set(id, commit.tree);
    return id;
  }

  /** Root tree of a commit, published or not. */
  commitTree(id: CommitId): TreeId {
    return this.commitTrees.get(id) ?? this.stored.commit(id).tree;
  }

  /** Whether a file has lines to search. */
  isSearched(file: FileId): boolean {
    return (this.chunkCounts.get(file) ?? searchedCount(this.fileRecord(file))) > 0;
  }

  private count(entries: readonly TreeNodeEntry[]): TreeCounts {
    const { caches } = this.snapshots;
    let fileCount = 0;
    let chunkCount = 0;
    let submoduleCount = 0;
    for (const { kind, file, tree } of entries) {
      if (file !== undefined) {
        fileCount++;
        let chunks = this.chunkCounts.get(file);
        if (chunks === undefined) {
          chunks = searchedCount(readFileRecord(this.stored, file, caches));
          this.chunkCounts.set(file, chunks);
        }
        chunkCount += chunks;
      } else if (tree !== undefined) {
        let below = this.treeCounts.get(tree);
        if (below === undefined) {
          const node = readTreeNode(this.stored, tree, caches);
          below = { fileCount: node.fileCount, chunkCount: node.chunkCount, submoduleCount: node.submoduleCount };
          this.treeCounts.set(tree, below);
        }
        fileCount += below.fileCount;
        chunkCount += below.chunkCount;
        submoduleCount += below.submoduleCount;
      } else if (kind === 'submodule') submoduleCount++;
    }
    return { fileCount, chunkCount, submoduleCount };
  }

  /** Makes everything added so far durable and visible. */
  publish(): void {
    const { writer } = this;
    if (writer === null) return;
    this.writer = null;
    if (writer.isEmpty) {
      writer.abandon();
      return;
    }
    let finished: ReturnType<SegmentWriter['finish']>;
    try {
      finished = writer.finish();
    } catch (error) {
      writer.abandon();
      throw error;
    }
    this.snapshots.store.record({ t: 'segments', add: [finished.entry], remove: [], next: finished.next });
    this.stored = this.snapshots.segments();
  }

  /** Drops what is not published. */
  abandon(): void {
    this.writer?.abandon();
    this.writer = null;
  }

  private open(): SegmentWriter {
    const { store } = this.snapshots;
    return (this.writer ??= new SegmentWriter(
      store,
      store.catalog.nextIds,
      this.options.textBytesMax ?? segmentTextBytesMax,
    ));
  }
}

/** Ids of one kind by their keys: of what this run added and, once all are loaded, of what is stored. */
class KnownIds {
  readonly index = new HashIndex();
  /** Every key of the store is in the index. */
  complete = false;

  constructor(private readonly findStored: (key: Buffer) => number) {}

  /** The key's id, or -1. */
  find(key: Uint8Array): number {
    const known = this.index.find(key);
    return known >= 0 || this.complete ? known : this.findStored(asBuffer(key));
  }

  /** Adds keys whose numbers count from `base`. */
  load(rows: Iterable<{ key: Buffer; number: number }>, base: number): void {
    for (const { key, number } of rows) if (this.index.find(key) < 0) this.index.add(key, base + number);
  }
}

const searchedCount = ({ skipped, docs }: FileRecord): number => (skipped === null ? docs.length : 0);
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
