import { HashIndex, TimeSlices, elapsedMs } from '../base/index.js';
import { bundledSpace } from '../embedding/index.js';
import type { CommitId, DocId, FileId, Oid, TreeId } from '../model/index.js';
import { asCommitId, asDocId, asFileId, asTreeId } from '../model/index.js';
import { SegmentWriter, segmentTextBytesMax } from '../segment/index.js';
import type {
  ChangeSign,
  CommitRecord,
  FileRecord,
  KeyTable,
  NewChunk,
  SegmentList,
  TreeCounts,
  TreeNode,
  TreeNodeEntry,
} from '../segment/index.js';
import { readFileRecord, readTreeNode } from '../snapshot/index.js';
import type { SegmentPlace, SnapshotStore } from '../snapshot/index.js';
import type { KnownChunks } from './analysis/analysis-batch.js';

export interface SegmentSinkOptions {
  /** Default: the store. */
  readonly place?: SegmentPlace;
  /** A segment is published when it has so much text. More at once costs memory and saves merging. */
  readonly textBytesMax?: number;
  /** Of the store, or when it is as old: whoever is killed loses no more. Each is one more to merge. Default: half a minute. */
  readonly publishedEveryMs?: number;
}

const publishedEveryMs = 30_000;

/** Looking so many stored chunks up front costs about what analysing one file does. */
const chunksPerFile = 2000;
let nextRun = 0;

/**
 * Where new chunks, files, trees and commits go: the next segment, begun when there is something for it and published on
 * demand. Knows what it took, so that content is stored once also within one run. For the only one who writes to its place:
 * for the store, the holder of the writer lock.
 */
export class SegmentSink {
  private writer: SegmentWriter | null = null;
  /** Of the writer. */
  private begunMs = 0;
  /** Segments that are being written, the oldest first. */
  private readonly finishing: SegmentWriter[] = [];
  private published: Promise<void> = Promise.resolve();
  private stored: SegmentList;
  private readonly docs = new KnownIds((key) => this.stored.findDoc(key));
  private readonly files = new KnownIds((key) => this.stored.findFile(key));
  private readonly trees = new KnownIds((key) => this.stored.findTree(key));
  private readonly commits = new KnownIds((key) => this.stored.findCommit(key));
  private readonly chunkCounts = new Map<FileId, number>();
  private readonly treeCounts = new Map<TreeId, TreeCounts>();
  private readonly commitTrees = new Map<CommitId, TreeId>();
  private readonly run = nextRun++;
  private readonly place: SegmentPlace;
  private readonly ageMaxMs: number;
  /** Of the vectors that chunks come with. */
  private readonly space = bundledSpace();
  newChunks = 0;
  newFiles = 0;
  newBytes = 0;

  constructor(
    private readonly snapshots: SegmentPlace & Pick<SnapshotStore, 'caches'>,
    private readonly options: SegmentSinkOptions = {},
  ) {
    this.place = options.place ?? snapshots;
    // What is in memory alone is lost with the process either way.
    this.ageMaxMs = options.publishedEveryMs ?? (options.place === undefined ? publishedEveryMs : Infinity);
    this.stored = this.place.segments();
  }

  get dimension(): number {
    return this.space?.dimension ?? 0;
  }

  /** Reads all keys of the store into memory, so that each of many questions costs next to nothing. */
  async loadKeys(): Promise<void> {
    const { segments } = this.stored;
    await this.docs.load(segments.map(({ docKeys, entry }) => [docKeys, entry.docs[0]]));
    await this.files.load(segments.map(({ fileKeys, entry }) => [fileKeys, entry.files[0]]));
    await this.trees.load(segments.map(({ treeKeys, entry }) => [treeKeys, entry.trees[0]]));
    await this.commits.load(segments.map(({ commitKeys, entry }) => [commitKeys, entry.commits[0]]));
  }

  /** Told before many files are analysed: which chunks are stored is then worth knowing beforehand. */
  async expectFiles(count: number): Promise<void> {
    const { segments } = this.stored;
    const chunks = segments.reduce((sum, { docKeys }) => sum + docKeys.count, 0);
    if (chunks <= count * chunksPerFile)
      await this.docs.load(segments.map(({ docKeys, entry }) => [docKeys, entry.docs[0]]));
  }

  /** The chunks that need no analysis: what of them is known beforehand. */
  knownChunks(): KnownChunks {
    return { keys: this.docs.index.sharedKeys, run: this.run };
  }

  findChunk(key: Uint8Array): DocId | null {
    const known = this.docs.find(key);
    return known < 0 ? null : asDocId(known);
  }

  /** The segment should be published before more chunks are added. */
  get isFull(): boolean {
    const { writer, begunMs } = this;
    return writer !== null && (writer.isFull || elapsedMs() - begunMs >= this.ageMaxMs);
  }

  addChunk(chunk: NewChunk): DocId {
    const known = this.docs.find(chunk.key);
    if (known >= 0) return asDocId(known);
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
    return (
      this.unpublished((writer) => writer.fileRecord(id)) ?? readFileRecord(this.stored, id, this.snapshots.caches)
    );
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
    return this.unpublished((writer) => writer.treeNode(id)) ?? readTreeNode(this.stored, id, this.snapshots.caches);
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

  /** Makes everything added so far durable and visible. What is added meanwhile goes to the next segment. */
  publish(): Promise<void> {
    const { writer } = this;
    this.writer = null;
    if (writer?.isEmpty === true) writer.abandon();
    else if (writer !== null) {
      this.finishing.push(writer);
      this.published = this.published.then(
        () => this.finish(writer),
        (error: unknown) => {
          writer.abandon(); // its ids follow those of a segment that came to nothing
          throw error;
        },
      );
    }
    return this.published;
  }

  /** Drops what is not published. */
  abandon(): void {
    this.writer?.abandon();
    this.writer = null;
  }

  private async finish(writer: SegmentWriter): Promise<void> {
    try {
      this.place.take(await writer.finish(), writer.next);
    } catch (error) {
      writer.abandon();
      throw error;
    }
    this.stored = this.place.segments();
    this.finishing.shift();
  }

  private unpublished<T>(read: (writer: SegmentWriter) => T | null): T | null {
    for (const writer of this.finishing) {
      const found = read(writer);
      if (found !== null) return found;
    }
    return this.writer && read(this.writer);
  }

  private open(): SegmentWriter {
    const { files, nextIds } = this.place;
    if (this.writer === null) this.begunMs = elapsedMs();
    return (this.writer ??= new SegmentWriter(
      files,
      this.finishing.at(-1)?.next ?? nextIds,
      this.options.textBytesMax ?? segmentTextBytesMax,
      this.space,
    ));
  }
}

/** Ids of one kind by their keys: of what this run added and, once all are loaded, of what is stored. */
class KnownIds {
  readonly index = new HashIndex();
  /** Every key of the store is in the index. */
  private complete = false;

  constructor(private readonly findStored: (key: Buffer) => number) {}

  /** The key's id, or -1. */
  find(key: Uint8Array): number {
    const known = this.index.find(key);
    return known >= 0 || this.complete ? known : this.findStored(asBuffer(key));
  }

  /** Adds the keys of all segments, with the first id of each. */
  async load(tables: readonly (readonly [keys: KeyTable, firstId: number])[]): Promise<void> {
    if (this.complete) return;
    const slices = new TimeSlices();
    for (const [keys, firstId] of tables) {
      for (const { key, number } of keys.rows()) {
        if (slices.isOver) await slices.next();
        if (this.index.find(key) < 0) this.index.add(key, firstId + number);
      }
    }
    this.complete = true;
  }
}

const searchedCount = ({ skipped, docs }: FileRecord): number => (skipped === null ? docs.length : 0);
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
