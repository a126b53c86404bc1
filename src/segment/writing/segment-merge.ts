import { ByteWriter, CoppiceError, TimeSlices, assert, throwIfAborted } from '../../base/index.js';
import type { IdRange, WritableFile, SegmentEntry, Store } from '../../store/index.js';
import { readGramPostings, readTermPostings, writeGramPostings, writeTermPosting } from '../../text/index.js';
import { writeColumns } from '../tables/columns.js';
import type { ColumnLocations } from '../tables/columns.js';
import { KeyTableWriter } from '../tables/key-table.js';
import type { KeyTable, KeyTableLocation } from '../tables/key-table.js';
import { mergeSymbolNames } from '../names/segment-names.js';
import type { NamesSource } from '../names/segment-names.js';
import type { SymbolNamesLocation } from '../names/symbol-names.js';
import { PostingTableWriter } from '../tables/posting-table.js';
import type { PostingList, PostingTableLocation } from '../tables/posting-table.js';
import { RecordBlocksWriter } from '../tables/record-blocks.js';
import type { DecodedBlock, RecordBlocks, RecordBlocksLocation } from '../tables/record-blocks.js';
import {
  columnTypes,
  commitColumnTypes,
  contentBlockBytes,
  recordBlockBytes,
  segmentFormatVersion,
} from '../segment-format.js';
import type { TableOfContents } from '../segment-format.js';
import type { Segment } from '../segment-reader.js';
import { encodeToc, segmentName } from './segment-writer.js';
import { VectorFileWriter } from '../vectors/vector-file.js';

/** What of the segments is kept; ids that are not stay free for ever. */
export interface LiveIds {
  doc(id: number): boolean;
  file(id: number): boolean;
  tree(id: number): boolean;
  commit(id: number): boolean;
}

type Kind = 'docs' | 'files' | 'trees' | 'commits';
type KeysSection = 'docKeys' | 'fileKeys' | 'treeKeys' | 'commitKeys';

/** A stored block is copied as it is when it is at least this full; smaller ones are packed anew. */
const fullBlockShare = 0.5;

export interface MergeOptions {
  /** Leaves out what no longer counts. Null: all does. */
  readonly live: LiveIds | null;
  /** Cancels it: nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes neighbouring segments as one, which answers as they did. Ids keep their numbers, so nothing that refers to
 * them changes. Works in slices: the segments have to be held open until it is done.
 *
 * 1. Records: full blocks of which all is kept are copied, the rest packed anew.
 * 2. Posting lists: for each key in order, the lists of the segments one after the other, as their doc ids ascend.
 * 3. Key tables and columns.
 */
export async function mergeSegments(
  store: Store,
  segments: readonly Segment[],
  sequence: number,
  { live, signal }: MergeOptions,
): Promise<SegmentEntry> {
  const file = store.createSegmentFile(segmentName(sequence));
  try {
    const entry = await new Merge(file, segments, live, signal).write(sequence);
    await mergeVectors(store, segments, entry, { live, signal });
    return entry;
  } catch (error) {
    file.abandon();
    throw error;
  }
}

/** The vectors of the segments in each space, those of chunks that are kept. They are no reason for a merge to fail. */
async function mergeVectors(
  store: Store,
  segments: readonly Segment[],
  { id, docs: [base] }: SegmentEntry,
  { live, signal }: MergeOptions,
): Promise<void> {
  const slices = new TimeSlices(signal);
  for (const spaceId of new Set(segments.flatMap(({ vectorSpaces }) => [...vectorSpaces]))) {
    const files = segments.map((segment) => segment.vectors(spaceId)?.retain());
    let writer: VectorFileWriter | null = null;
    try {
      for (const [i, { docBase }] of segments.entries()) {
        const file = files[i];
        if (file === undefined) continue;
        writer ??= new VectorFileWriter(store, id, file.space);
        const docs = file.docs();
        for (let row = 0; row < docs.length; row++) {
          if ((row & 255) === 0 && slices.isOver) await slices.next();
          const doc = docBase + docs[row]!;
          if (live === null || live.doc(doc)) writer.add(doc - base, file.row(row));
        }
      }
      if (writer?.count === 0) writer.abandon();
      else writer?.finish();
    } catch (error) {
      writer?.abandon();
      if (!(error instanceof CoppiceError) || error.code !== 'STORE_CORRUPT') throw error;
    } finally {
      for (const file of files) file?.release();
    }
  }
}

class Merge {
  private readonly ranges: Readonly<Record<Kind, IdRange>>;
  private readonly slices = new TimeSlices();
  private textBytes = 0;

  constructor(
    private readonly file: WritableFile,
    private readonly segments: readonly Segment[],
    private readonly live: LiveIds | null,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.ranges = {
      docs: this.range('docs', 'docKeys', live && ((id) => live.doc(id))),
      files: this.range('files', 'fileKeys', live && ((id) => live.file(id))),
      trees: this.range('trees', 'treeKeys', live && ((id) => live.tree(id))),
      commits: this.range('commits', 'commitKeys', live && ((id) => live.commit(id))),
    };
  }

  /** From the first id that is kept to the last: what is collected at either end costs nothing any more. */
  private range(kind: Kind, keys: KeysSection, isLive: ((id: number) => boolean) | null): IdRange {
    const first = this.segments[0];
    const last = this.segments.at(-1);
    assert(first !== undefined && last !== undefined, 'a merge has at least one segment');
    if (isLive === null) return [first.entry[kind][0], last.entry[kind][1]];
    let [from, to] = [Infinity, -1];
    for (const segment of this.segments) {
      const [base] = segment.entry[kind];
      for (const { number } of segment[keys].rows()) {
        if (!isLive(base + number)) continue;
        from = Math.min(from, base + number);
        to = Math.max(to, base + number + 1);
      }
    }
    return to < 0 ? [first.entry[kind][0], first.entry[kind][0]] : [from, to];
  }

  async write(sequence: number): Promise<SegmentEntry> {
    const { live } = this;
    const content = await this.records('content', 'docs', live && ((id) => live.doc(id)), contentBlockBytes);
    if (live === null) this.textBytes = this.segments.reduce((sum, { entry }) => sum + entry.textBytes, 0);
    const toc: TableOfContents = {
      formatVersion: segmentFormatVersion,
      ...this.ranges,
      textBytes: this.textBytes,
      content,
      symbols: await this.records('symbols', 'docs', live && ((id) => live.doc(id)), recordBlockBytes),
      fileRecords: await this.records('fileRecords', 'files', live && ((id) => live.file(id)), recordBlockBytes),
      treeRecords: await this.records('treeRecords', 'trees', live && ((id) => live.tree(id)), recordBlockBytes),
      commitRecords: await this.records(
        'commitRecords',
        'commits',
        live && ((id) => live.commit(id)),
        recordBlockBytes,
      ),
      symbolNames: await this.symbolNames(),
      grams: await this.gramTable(),
      terms: await this.termTable(),
      changes: await this.changeTable(),
      docKeys: await this.keys('docKeys', 'docs', live && ((id) => live.doc(id))),
      fileKeys: await this.keys('fileKeys', 'files', live && ((id) => live.file(id))),
      treeKeys: await this.keys('treeKeys', 'trees', live && ((id) => live.tree(id))),
      commitKeys: await this.keys('commitKeys', 'commits', live && ((id) => live.commit(id))),
      columns: await this.columns(columnTypes, 'docs', live && ((id) => live.doc(id)), (segment, name) =>
        segment.column(name),
      ),
      commitColumns: await this.columns(
        commitColumnTypes,
        'commits',
        live && ((id) => live.commit(id)),
        (segment, name) => segment.commitColumn(name),
      ),
    };
    await this.turn(); // syncing the file takes a turn of its own
    const bytes = this.file.finish(encodeToc(toc));
    return { id: segmentName(sequence), ...this.ranges, bytes, textBytes: toc.textBytes };
  }

  /** Between steps: lets other work have its turn when it is due. */
  private async turn(): Promise<void> {
    throwIfAborted(this.signal);
    await this.slices.next();
  }

  private async records(
    section: 'content' | 'symbols' | 'fileRecords' | 'treeRecords' | 'commitRecords',
    kind: Kind,
    isLive: ((id: number) => boolean) | null,
    blockBytes: number,
  ): Promise<RecordBlocksLocation> {
    const writer = new RecordBlocksWriter(this.file, blockBytes);
    const nothing = new Uint8Array(0);
    const [first, end] = this.ranges[kind];
    let nextId = first;
    for (const segment of this.segments) {
      const [from, to] = segment.entry[kind];
      for (; nextId < Math.min(from, end); nextId++) writer.add(nothing);
      const records: RecordBlocks = segment[section];
      const blockCount = from === to ? 0 : records.blockCount;
      for (let block = 0; block < blockCount; block++) {
        if (this.slices.isOver) await this.turn();
        const { bytes, firstNumber, recordCount } = records.compressedBlock(block);
        const decoded = records.blockOf(firstNumber);
        // What is beyond the range at either end may be in a block with what is kept, and is not counted any more.
        const isIn = from + firstNumber >= first && from + firstNumber + recordCount <= end;
        if (isIn && decoded.length > fullBlockShare * blockBytes && isWhole(decoded, from, isLive)) {
          writer.addBlock(bytes, recordCount);
          if (section === 'content' && isLive !== null) this.textBytes += decoded.length;
          continue;
        }
        for (let number = firstNumber; number < firstNumber + recordCount; number++) {
          if (from + number < first || from + number >= end) continue;
          if (this.slices.isOver) await this.turn();
          const record = isLive === null || isLive(from + number) ? records.get(number) : nothing;
          if (section === 'content') this.textBytes += record.length;
          writer.add(record);
        }
      }
      nextId = Math.max(nextId, Math.min(to, end));
    }
    return writer.finish();
  }

  private async symbolNames(): Promise<SymbolNamesLocation[]> {
    const sources: NamesSource[] = [];
    for (const segment of this.segments)
      sources.push({ tables: await segment.symbolNames(this.slices), docBase: segment.docBase });
    const { live } = this;
    const isLive = live && ((doc: number) => live.doc(doc));
    return mergeSymbolNames(this.file, sources, this.ranges.docs[0], isLive, this.slices);
  }

  private async gramTable(): Promise<PostingTableLocation> {
    const docCount = this.ranges.docs[1] - this.ranges.docs[0];
    const table = new PostingTableWriter(this.file, false);
    const writer = new ByteWriter(64 * 1024);
    await this.mergeLists('grams', (high, low, parts) => {
      const docs: number[] = [];
      for (const { list, segment } of parts) {
        const shift = segment.docBase - this.ranges.docs[0];
        readGramPostings(list.bytes, list.docCount, segment.docCount, (doc) => {
          if (this.live === null || this.live.doc(segment.docBase + doc)) docs.push(doc + shift);
        });
      }
      if (docs.length === 0) return;
      const [part] = parts as readonly [(typeof parts)[number]];
      const { list, segment } = part;
      const isSame = parts.length === 1 && docs.length === list.docCount && segment.docBase === this.ranges.docs[0];
      if (isSame && segment.docCount === docCount) {
        table.add(high, low, list.docCount, list.bytes);
        return;
      }
      writer.reset();
      writeGramPostings(writer, docs, 0, docs.length, docCount);
      table.add(high, low, docs.length, writer.view());
    });
    return table.finish();
  }

  private termTable(): Promise<PostingTableLocation> {
    return this.postingTable('terms', 'docs', true, this.live && ((_, doc) => this.live!.doc(doc)));
  }

  private changeTable(): Promise<PostingTableLocation> {
    const { live } = this;
    return this.postingTable(
      'changes',
      'commits',
      false,
      live && ((doc, commit) => live.doc(doc) && live.commit(commit)),
    );
  }

  /** Lists in the way of term postings, over ids of one kind. */
  private async postingTable(
    name: 'terms' | 'changes',
    kind: Kind,
    wideKeys: boolean,
    isLive: ((key: number, id: number) => boolean) | null,
  ): Promise<PostingTableLocation> {
    const table = new PostingTableWriter(this.file, wideKeys);
    const writer = new ByteWriter(64 * 1024);
    await this.mergeLists(name, (high, low, parts) => {
      writer.reset();
      let count = 0;
      let previous = -1;
      for (const { list, segment } of parts) {
        const [base] = segment.entry[kind];
        const shift = base - this.ranges[kind][0];
        readTermPostings(list.bytes, (number, value) => {
          if (isLive !== null && !isLive(high, base + number)) return;
          writeTermPosting(writer, number + shift - previous - 1, value);
          previous = number + shift;
          count++;
        });
      }
      if (count > 0) table.add(high, low, count, writer.view());
    });
    return table.finish();
  }

  /** Calls `onKey` for each key of the segments, ascending, with the lists that they have for it. */
  private async mergeLists(
    name: 'grams' | 'terms' | 'changes',
    onKey: (high: number, low: number, parts: readonly { list: PostingList; segment: Segment }[]) => void,
  ): Promise<void> {
    const cursors: { segment: Segment; lists: Generator<PostingList>; list: PostingList | undefined }[] = [];
    for (const segment of this.segments) {
      if (this.slices.isOver) await this.turn();
      const lists = segment[name].lists();
      cursors.push({ segment, lists, list: lists.next().value as PostingList | undefined });
    }
    for (;;) {
      if (this.slices.isOver) await this.turn();
      let high = Infinity;
      let low = Infinity;
      for (const { list } of cursors) {
        if (list !== undefined && (list.high < high || (list.high === high && list.low < low))) {
          high = list.high;
          low = list.low;
        }
      }
      if (high === Infinity) return;
      const parts: { list: PostingList; segment: Segment }[] = [];
      for (const cursor of cursors) {
        if (cursor.list?.high !== high || cursor.list.low !== low) continue;
        parts.push({ list: cursor.list, segment: cursor.segment });
        cursor.list = cursor.lists.next().value as PostingList | undefined;
      }
      onKey(high, low, parts);
    }
  }

  /** The key tables of the segments, each of which is in order, as one. */
  private async keys(
    name: KeysSection,
    kind: Kind,
    isLive: ((id: number) => boolean) | null,
  ): Promise<KeyTableLocation> {
    const table = new KeyTableWriter(this.file);
    const [base] = this.ranges[kind];
    const cursors: { from: number; rows: ReturnType<KeyTable['rows']>; row: ReturnType<typeof nextRow> }[] = [];
    for (const segment of this.segments) {
      if (this.slices.isOver) await this.turn();
      const rows = segment[name].rows();
      cursors.push({ from: segment.entry[kind][0], rows, row: nextRow(rows) });
    }
    for (;;) {
      if (this.slices.isOver) await this.turn();
      let least = cursors[0]!;
      for (const cursor of cursors) {
        const order = cursor.row.first - least.row.first;
        if (order < 0 || (order === 0 && cursor.row.key.compare(least.row.key) < 0)) least = cursor;
      }
      const { key, number, first } = least.row;
      if (first === Infinity) break;
      if (isLive === null || isLive(least.from + number)) table.add(key, least.from + number - base);
      least.row = nextRow(least.rows);
    }
    return table.finish();
  }

  private async columns<Columns>(
    types: Readonly<Record<keyof Columns, Uint8ArrayConstructor | Uint16ArrayConstructor | Uint32ArrayConstructor>>,
    kind: Kind,
    isLive: ((id: number) => boolean) | null,
    columnOf: (segment: Segment, name: keyof Columns) => ArrayLike<number>,
  ): Promise<ColumnLocations<Columns>> {
    const [from, to] = this.ranges[kind];
    const columns: Partial<Record<keyof Columns, ArrayLike<number>>> = {};
    for (const name of Object.keys(types) as (keyof Columns)[]) {
      const target = new types[name](to - from);
      for (const segment of this.segments) {
        if (this.slices.isOver) await this.turn();
        const [base] = segment.entry[kind];
        const source = columnOf(segment, name);
        for (let i = 0; i < source.length; i++)
          if (isLive === null || isLive(base + i)) target[base - from + i] = source[i]!;
      }
      columns[name] = target;
    }
    return writeColumns<Columns>(this.file, types, columns as Record<keyof Columns, ArrayLike<number>>);
  }
}

/** Whether all that a block has, whose numbers count from `base`, is kept. What was collected before is empty. */
function isWhole(block: DecodedBlock, base: number, isLive: ((id: number) => boolean) | null): boolean {
  if (isLive === null) return true;
  const { firstNumber, recordCount } = block;
  for (let number = firstNumber; number < firstNumber + recordCount; number++)
    if (!isLive(base + number) && !block.isEmpty(number)) return false;
  return true;
}

/** The next row of a key table with the key's first four bytes, which decide nearly always; Infinity after the last. */
function nextRow(rows: ReturnType<KeyTable['rows']>): { key: Buffer; number: number; first: number } {
  const next = rows.next();
  if (next.done === true) return { key: Buffer.alloc(0), number: -1, first: Infinity };
  return { ...next.value, first: next.value.key.readUInt32BE(0) };
}
