import { ByteWriter, TimeSlices } from '../../base/index.js';
import { asCommitId, asDocId, asFileId, asTreeId } from '../../model/index.js';
import type { CommitId, DocId, EmbeddingSpace, FileId, TreeId } from '../../model/index.js';
import type { NextIds, WritableFile, SegmentEntry, SegmentFiles } from '../../store/index.js';
import { writeGramPostings, writeTermPosting } from '../../text/index.js';
import type { ChunkPostings } from '../../text/index.js';
import { VectorFileWriter } from '../vectors/vector-file.js';
import { RowPages } from '../tables/row-pages.js';
import { GrowingColumns, forRuns, orderOfHashes, sortByKey } from '../tables/sorted-arrays.js';
import { writeColumns } from '../tables/columns.js';
import { writeKeyTable } from '../tables/key-table.js';
import { writeSymbolNames } from '../names/segment-names.js';
import { PostingTableWriter } from '../tables/posting-table.js';
import type { PostingTableLocation } from '../tables/posting-table.js';
import { RecordBlocksWriter } from '../tables/record-blocks.js';
import type { RecordBlocksLocation } from '../tables/record-blocks.js';
import {
  decodeFileRecord,
  decodeTreeNode,
  encodeCommitRecord,
  encodeFileRecord,
  encodeTreeNode,
} from '../tables/records.js';
import type { CommitRecord, FileRecord, TreeNode } from '../tables/records.js';
import {
  columnTypes,
  commitColumnTypes,
  contentBlockBytes,
  moreParents,
  recordBlockBytes,
  segmentFormatVersion,
} from '../segment-format.js';
import type { ChangeSign, CommitColumns, DocColumns, TableOfContents } from '../segment-format.js';

/** A chunk as it is stored. */
export interface NewChunk {
  /** Identity: content hash of text, language and symbols. */
  readonly key: Uint8Array;
  readonly content: Uint8Array;
  readonly language: number;
  readonly lineCount: number;
  /** Encoded (see encodeChunkSymbols). */
  readonly symbols: Uint8Array;
  readonly analysis: ChunkPostings;
  /** In the writer's space; null when it has none. */
  readonly vector: Int8Array | null;
}

/** A segment is finished before it holds so many distinct terms, or so much text, that memory and the last sort grow. */
const termCountMax = 2 ** 20;
export const segmentTextBytesMax = 16 * 1024 * 1024;

/** Gathers chunks, files and trees with the next free ids and writes them as one segment. */
export class SegmentWriter {
  private readonly file: WritableFile;
  private readonly content: RecordBlocksWriter;
  private readonly docKeys: Uint8Array[] = [];
  private readonly symbols: Uint8Array[] = [];
  private readonly columns: Record<keyof DocColumns, number[]> = {
    language: [],
    lineCount: [],
    bodyLength: [],
    commentLength: [],
    symbolLength: [],
  };
  private readonly fileKeys: Uint8Array[] = [];
  private readonly fileRecords: Buffer[] = [];
  private readonly treeKeys: Uint8Array[] = [];
  private readonly treeRecords: Buffer[] = [];
  /** Rows of gram, doc. */
  private readonly grams = new RowPages(2);
  /** Rows of term number, doc, frequencies. */
  private readonly terms = new RowPages(3);
  private readonly termNumbers: TermNumbers = new TermNumbers();
  private readonly commitKeys: Uint8Array[] = [];
  private readonly commitRecords: Buffer[] = [];
  private readonly commitColumns: Record<keyof CommitColumns, number[]> = {
    time: [],
    firstParent: [],
    secondParent: [],
  };
  /** Rows of doc id, commit and sign packed: commit * 8 + sign; commits count from the segment's first. */
  private readonly changes = new RowPages(2);
  private vectors: VectorFileWriter | null = null;
  textBytes = 0;

  constructor(
    private readonly files: SegmentFiles,
    private readonly first: NextIds,
    private readonly textBytesMax: number,
    /** Of the vectors that chunks come with. */
    private readonly space: EmbeddingSpace | null,
  ) {
    this.file = files.createSegmentFile(segmentName(first.segment));
    this.content = new RecordBlocksWriter(this.file, contentBlockBytes);
  }

  get isEmpty(): boolean {
    const { docKeys, fileKeys, treeKeys, commitKeys } = this;
    return docKeys.length + fileKeys.length + treeKeys.length + commitKeys.length === 0;
  }

  /** Time to finish this segment and begin another. */
  get isFull(): boolean {
    return this.textBytes > this.textBytesMax || this.termNumbers.count > termCountMax;
  }

  get docCount(): number {
    return this.docKeys.length;
  }

  addChunk(chunk: NewChunk): DocId {
    const doc = this.docKeys.length;
    this.docKeys.push(chunk.key);
    this.content.add(chunk.content);
    this.textBytes += chunk.content.length;
    this.symbols.push(chunk.symbols);
    const { analysis } = chunk;
    this.columns.language.push(chunk.language);
    this.columns.lineCount.push(chunk.lineCount);
    this.columns.bodyLength.push(Math.min(analysis.bodyLength, 0xffff));
    this.columns.commentLength.push(Math.min(analysis.commentLength, 0xffff));
    this.columns.symbolLength.push(Math.min(analysis.symbolLength, 0xff));
    this.addGrams(analysis, doc);
    this.addTerms(analysis, doc);
    if (chunk.vector !== null && this.space !== null) {
      this.vectors ??= new VectorFileWriter(this.files, segmentName(this.first.segment), this.space);
      this.vectors.add(doc, chunk.vector);
    }
    return asDocId(this.first.doc + doc);
  }

  addFile(key: Uint8Array, record: FileRecord): FileId {
    this.fileKeys.push(key);
    this.fileRecords.push(encodeFileRecord(record));
    return asFileId(this.first.file + this.fileKeys.length - 1);
  }

  addTree(key: Uint8Array, node: TreeNode): TreeId {
    this.treeKeys.push(key);
    this.treeRecords.push(encodeTreeNode(node));
    return asTreeId(this.first.tree + this.treeKeys.length - 1);
  }

  /** A file that was added to this segment, or null when its number is not of this segment. */
  fileRecord(id: FileId): FileRecord | null {
    const record = this.fileRecords[id - this.first.file];
    return record === undefined ? null : decodeFileRecord(record);
  }

  /** A tree that was added to this segment, or null when its number is not of this segment. */
  treeNode(id: TreeId): TreeNode | null {
    const record = this.treeRecords[id - this.first.tree];
    return record === undefined ? null : decodeTreeNode(record);
  }

  /** Adds a commit with the chunks that it added to or removed from some file; each chunk once. */
  addCommit(key: Uint8Array, commit: CommitRecord, changedDocs: ReadonlyMap<DocId, ChangeSign>): CommitId {
    const number = this.commitKeys.length;
    const [first, second, ...more] = commit.parents;
    this.commitKeys.push(key);
    this.commitRecords.push(encodeCommitRecord(commit));
    this.commitColumns.time.push(Math.min(commit.time, 0xffffffff));
    this.commitColumns.firstParent.push(first === undefined || first === null ? 0 : first + 1);
    this.commitColumns.secondParent.push(
      more.length > 0 ? moreParents : second === undefined || second === null ? 0 : second + 1,
    );
    const { columns, at } = this.changes.add(changedDocs.size);
    const [docs, packed] = columns as [Uint32Array, Uint32Array];
    let row = at;
    for (const [doc, sign] of changedDocs) {
      docs[row] = doc;
      packed[row++] = number * 8 + sign;
    }
    return asCommitId(this.first.commit + number);
  }

  /** The ids that follow those of this segment so far. */
  get next(): NextIds {
    const { first } = this;
    return {
      doc: first.doc + this.docKeys.length,
      file: first.file + this.fileKeys.length,
      tree: first.tree + this.treeKeys.length,
      commit: first.commit + this.commitKeys.length,
      segment: first.segment + 1,
    };
  }

  /** Writes the segment durably, in slices, while nothing is added. It counts once the catalog lists the entry. */
  async finish(): Promise<SegmentEntry> {
    const { first, next, file } = this;
    const slices = new TimeSlices();
    const writeRecords = async (records: readonly Uint8Array[]): Promise<RecordBlocksLocation> => {
      const writer = new RecordBlocksWriter(file, recordBlockBytes);
      for (const record of records) {
        if (slices.isOver) await slices.next();
        writer.add(record);
      }
      return writer.finish();
    };
    const toc: TableOfContents = {
      formatVersion: segmentFormatVersion,
      docs: [first.doc, next.doc],
      files: [first.file, next.file],
      trees: [first.tree, next.tree],
      commits: [first.commit, next.commit],
      textBytes: this.textBytes,
      content: this.content.finish(),
      symbols: await writeRecords(this.symbols),
      fileRecords: await writeRecords(this.fileRecords),
      treeRecords: await writeRecords(this.treeRecords),
      commitRecords: await writeRecords(this.commitRecords),
      symbolNames: await writeSymbolNames(file, this.symbols.length, (doc) => this.symbols[doc]!, slices),
      grams: await this.writeGrams(slices),
      terms: await this.writeTerms(slices),
      changes: await this.writeChanges(slices),
      docKeys: await writeKeyTable(file, this.docKeys, slices),
      fileKeys: await writeKeyTable(file, this.fileKeys, slices),
      treeKeys: await writeKeyTable(file, this.treeKeys, slices),
      commitKeys: await writeKeyTable(file, this.commitKeys, slices),
      columns: writeColumns(file, columnTypes, this.columns),
      commitColumns: writeColumns(file, commitColumnTypes, this.commitColumns),
    };
    this.vectors?.finish();
    const bytes = file.finish(encodeToc(toc));
    const { docs, files, trees, commits, textBytes } = toc;
    return { id: segmentName(first.segment), docs, files, trees, commits, bytes, textBytes };
  }

  /** Leaves nothing behind. */
  abandon(): void {
    this.file.abandon();
    this.vectors?.abandon();
  }

  private addGrams({ grams }: ChunkPostings, doc: number): void {
    const { columns, at } = this.grams.add(grams.length);
    const [keys, docs] = columns as [Uint32Array, Uint32Array];
    keys.set(grams, at);
    docs.fill(doc, at, at + grams.length);
  }

  private addTerms({ termHigh, termLow, frequencies }: ChunkPostings, doc: number): void {
    const { columns, at } = this.terms.add(termHigh.length);
    const [numbers, docs, packed] = columns as [Uint32Array, Uint32Array, Uint32Array];
    for (let i = 0; i < termHigh.length; i++) {
      numbers[at + i] = this.termNumbers.number(termHigh[i]!, termLow[i]!);
      docs[at + i] = doc;
      packed[at + i] = frequencies[i]!;
    }
  }

  private async writeGrams(slices: TimeSlices): Promise<PostingTableLocation> {
    const table = new PostingTableWriter(this.file, false);
    const { length } = this.grams;
    const [grams, grammed] = (await this.grams.join(slices)) as [Uint32Array, Uint32Array];
    const { keys, values: docs } = await sortByKey({ keys: grams, values: grammed }, length, 24, slices);
    const list = new ByteWriter(64 * 1024);
    for (let from = 0; from < length;) {
      if (slices.isOver) await slices.next();
      const gram = keys[from]!;
      let to = from + 1;
      while (to < length && keys[to] === gram) to++;
      list.reset();
      writeGramPostings(list, docs, from, to, this.docKeys.length);
      table.add(gram, 0, to - from, list.view());
      from = to;
    }
    return table.finish();
  }

  private async writeChanges(slices: TimeSlices): Promise<PostingTableLocation> {
    const table = new PostingTableWriter(this.file, false);
    const { length } = this.changes;
    const [changed, signs] = (await this.changes.join(slices)) as [Uint32Array, Uint32Array];
    const { keys: docs, values: packed } = await sortByKey({ keys: changed, values: signs }, length, 32, slices);
    const list = new ByteWriter(4096);
    for (let from = 0; from < length;) {
      if (slices.isOver) await slices.next();
      const doc = docs[from]!;
      let to = from;
      let previous = -1;
      list.reset();
      for (; to < length && docs[to] === doc; to++) {
        const commit = packed[to]! >>> 3;
        writeTermPosting(list, commit - previous - 1, packed[to]! & 7);
        previous = commit;
      }
      table.add(doc, 0, to - from, list.view());
      from = to;
    }
    return table.finish();
  }

  private async writeTerms(slices: TimeSlices): Promise<PostingTableLocation> {
    const table = new PostingTableWriter(this.file, true);
    const { termNumbers } = this;
    const { length } = this.terms;
    const [numbers, docs, packed] = (await this.terms.join(slices)) as [Uint32Array, Uint32Array, Uint32Array];
    const starts = new Uint32Array(termNumbers.count + 1);
    await forRuns(length, slices, (from, to) => {
      for (let i = from; i < to; i++) starts[numbers[i]! + 1]!++;
    });
    await forRuns(termNumbers.count, slices, (from, to) => {
      for (let number = from; number < to; number++) starts[number + 1]! += starts[number]!;
    });
    const fill = starts.slice();
    const rows = new Uint32Array(length); // by term, docs ascending within: rows were added in order of docs
    await forRuns(length, slices, (from, to) => {
      for (let i = from; i < to; i++) rows[fill[numbers[i]!]!++] = i;
    });
    const list = new ByteWriter(64 * 1024);
    for (const number of await termNumbers.inKeyOrder(slices)) {
      if (slices.isOver) await slices.next();
      list.reset();
      let previous = -1;
      for (let at = starts[number]!; at < starts[number + 1]!; at++) {
        const row = rows[at]!;
        writeTermPosting(list, docs[row]! - previous - 1, packed[row]!);
        previous = docs[row]!;
      }
      const { high, low } = termNumbers.key(number);
      table.add(high, low, starts[number + 1]! - starts[number]!, list.view());
    }
    return table.finish();
  }
}

export const segmentName = (sequence: number): string => `s${sequence}`;

export const encodeToc = (toc: TableOfContents): Buffer => Buffer.from(JSON.stringify(toc), 'utf8');

/** Numbers distinct terms from 0, by an open-addressing table on their keys. */
class TermNumbers {
  private slots = new Int32Array(1 << 11).fill(-1);
  private readonly keys = new GrowingColumns(2);

  get count(): number {
    return this.keys.length;
  }

  key(number: number): { high: number; low: number } {
    return { high: this.keys.columns[0]![number]!, low: this.keys.columns[1]![number]! };
  }

  number(high: number, low: number): number {
    const { keys } = this;
    const mask = this.slots.length - 1;
    let slot = (low ^ high) & mask;
    for (;;) {
      const number = this.slots[slot]!;
      if (number < 0) break;
      if (keys.columns[1]![number] === low && keys.columns[0]![number] === high) return number;
      slot = (slot + 1) & mask;
    }
    keys.reserve(1);
    const number = keys.length++;
    keys.columns[0]![number] = high;
    keys.columns[1]![number] = low;
    this.slots[slot] = number;
    if (number * 2 > this.slots.length) this.grow();
    return number;
  }

  /** Numbers by ascending key. */
  inKeyOrder(slices: TimeSlices): Promise<Uint32Array> {
    const [highs, lows] = this.keys.columns as [Uint32Array, Uint32Array];
    const compare = (a: number, b: number): number => highs[a]! - highs[b]! || lows[a]! - lows[b]!;
    return orderOfHashes(this.count, (number) => highs[number]!, compare, slices);
  }

  private grow(): void {
    const slots = new Int32Array(this.slots.length * 4).fill(-1);
    const mask = slots.length - 1;
    const [highs, lows] = this.keys.columns as [Uint32Array, Uint32Array];
    for (let number = 0; number < this.count; number++) {
      let slot = (lows[number]! ^ highs[number]!) & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.slots = slots;
  }
}
