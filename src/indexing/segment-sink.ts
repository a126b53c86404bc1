import type { DocId, FileId, Oid, TreeId } from '../model/index.js';
import { asDocId } from '../model/index.js';
import { SegmentWriter } from '../segment/index.js';
import type { FileRecord, NewChunk, SegmentList, TreeCounts, TreeNodeEntry } from '../segment/index.js';
import { readFileRecord, readTreeNode } from '../snapshot/index.js';
import type { SnapshotStore } from '../snapshot/index.js';

/**
 * Where new chunks, files and trees go: the next segment, begun when there is something for it and published when it
 * is full or on demand. Knows what it took, so that content is stored once also within one run. For the holder of
 * the writer lock only.
 */
export class SegmentSink {
  private writer: SegmentWriter | null = null;
  /** Keys (as Latin-1 strings) of what this run added. */
  private readonly docs = new Map<string, DocId>();
  private readonly files = new Map<string, FileId>();
  private readonly trees = new Map<string, TreeId>();
  private readonly chunkCounts = new Map<FileId, number>();
  private readonly treeCounts = new Map<TreeId, TreeCounts>();
  private stored: SegmentList;
  newChunks = 0;
  newFiles = 0;
  newBytes = 0;

  constructor(private readonly snapshots: SnapshotStore) {
    this.stored = snapshots.segments();
  }

  addChunk(chunk: NewChunk): DocId {
    const key = asMapKey(chunk.key);
    const known = this.docs.get(key) ?? this.stored.findDoc(asBuffer(chunk.key));
    if (known >= 0) return asDocId(known);
    if (this.writer?.isFull === true) this.publish();
    const doc = this.open().addChunk(chunk);
    this.docs.set(key, doc);
    this.newChunks++;
    this.newBytes += chunk.content.length;
    return doc;
  }

  findFile(key: Buffer): FileId | null {
    const known = this.files.get(asMapKey(key)) ?? this.stored.findFile(key);
    return known < 0 ? null : (known as FileId);
  }

  addFile(key: Buffer, record: FileRecord): FileId {
    const file = this.open().addFile(key, record);
    this.files.set(asMapKey(key), file);
    this.chunkCounts.set(file, searchedCount(record));
    this.newFiles++;
    return file;
  }

  findTree(key: Buffer): TreeId | null {
    const known = this.trees.get(asMapKey(key)) ?? this.stored.findTree(key);
    return known < 0 ? null : (known as TreeId);
  }

  addTree(key: Buffer, oid: Oid, entries: readonly TreeNodeEntry[]): TreeId {
    const counts = this.count(entries);
    const tree = this.open().addTree(key, { oid, ...counts, entries });
    this.trees.set(asMapKey(key), tree);
    this.treeCounts.set(tree, counts);
    return tree;
  }

  private count(entries: readonly TreeNodeEntry[]): TreeCounts {
    const { caches } = this.snapshots;
    let fileCount = 0;
    let chunkCount = 0;
    let submoduleCount = 0;
    for (const { kind, file, tree } of entries) {
      if (file !== undefined) {
        fileCount++;
        chunkCount += this.chunkCounts.get(file) ?? searchedCount(readFileRecord(this.stored, file, caches));
      } else if (tree !== undefined) {
        const below = this.treeCounts.get(tree) ?? readTreeNode(this.stored, tree, caches);
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
    return (this.writer ??= new SegmentWriter(this.snapshots.store, this.snapshots.store.catalog.nextIds));
  }
}

const searchedCount = ({ skipped, docs }: FileRecord): number => (skipped === null ? docs.length : 0);
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asMapKey = (bytes: Uint8Array): string => asBuffer(bytes).toString('latin1');
