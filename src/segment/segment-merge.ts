import { ByteWriter, assert } from '../base/index.js';
import type { IdRange, PagedFileWriter, SegmentEntry, Store } from '../store/index.js';
import { readGramPostings, readTermPostings, writeGramPostings, writeTermPosting } from '../text/index.js';
import { writeKeyTable } from './key-table.js';
import type { KeyTable, KeyTableLocation } from './key-table.js';
import { PostingTableWriter } from './posting-table.js';
import type { PostingList, PostingTableLocation } from './posting-table.js';
import { RecordBlocksWriter } from './record-blocks.js';
import type { RecordBlocks, RecordBlocksLocation } from './record-blocks.js';
import {
  columnTypes,
  commitColumnTypes,
  contentBlockBytes,
  recordBlockBytes,
  segmentFormatVersion,
} from './segment-format.js';
import type { ColumnLocations, TableOfContents } from './segment-format.js';
import type { Segment } from './segment-reader.js';
import { encodeToc, segmentName, writeColumns } from './segment-writer.js';

/** What of the segments is kept; ids that are not stay free for ever. */
export interface LiveIds {
  doc(id: number): boolean;
  file(id: number): boolean;
  tree(id: number): boolean;
  commit(id: number): boolean;
}

type Kind = 'docs' | 'files' | 'trees' | 'commits';

/** A stored block is copied as it is when it is at least this full; smaller ones are packed anew. */
const fullBlockShare = 0.5;

/**
 * Writes neighbouring segments as one, which answers as they did. Ids keep their numbers, so nothing that refers to
 * them changes. `live` leaves out what no longer counts.
 *
 * 1. Records: full blocks are copied, the rest packed anew.
 * 2. Posting lists: for each key in order, the lists of the segments one after the other, as their doc ids ascend.
 * 3. Key tables and columns.
 */
export function mergeSegments(
  store: Store,
  segments: readonly Segment[],
  sequence: number,
  live: LiveIds | null,
): SegmentEntry {
  const file = store.createSegmentFile(segmentName(sequence));
  try {
    return new Merge(file, segments, live).write(sequence);
  } catch (error) {
    file.abandon();
    throw error;
  }
}

class Merge {
  private readonly ranges: Readonly<Record<Kind, IdRange>>;
  private textBytes = 0;

  constructor(
    private readonly file: PagedFileWriter,
    private readonly segments: readonly Segment[],
    private readonly live: LiveIds | null,
  ) {
    const first = segments[0];
    const last = segments.at(-1);
    assert(first !== undefined && last !== undefined, 'a merge has at least one segment');
    const range = (kind: Kind): IdRange => [first.entry[kind][0], last.entry[kind][1]];
    this.ranges = {
      docs: range('docs'),
      files: range('files'),
      trees: range('trees'),
      commits: range('commits'),
    };
  }

  write(sequence: number): SegmentEntry {
    const { live } = this;
    const content = this.records('content', 'docs', live && ((id) => live.doc(id)), contentBlockBytes);
    if (live === null) this.textBytes = this.segments.reduce((sum, { entry }) => sum + entry.textBytes, 0);
    const toc: TableOfContents = {
      formatVersion: segmentFormatVersion,
      ...this.ranges,
      textBytes: this.textBytes,
      content,
      symbols: this.records('symbols', 'docs', live && ((id) => live.doc(id)), recordBlockBytes),
      fileRecords: this.records('fileRecords', 'files', live && ((id) => live.file(id)), recordBlockBytes),
      treeRecords: this.records('treeRecords', 'trees', live && ((id) => live.tree(id)), recordBlockBytes),
      commitRecords: this.records('commitRecords', 'commits', live && ((id) => live.commit(id)), recordBlockBytes),
      grams: this.gramTable(),
      terms: this.termTable(),
      changes: this.changeTable(),
      docKeys: this.keys('docKeys', 'docs', live && ((id) => live.doc(id))),
      fileKeys: this.keys('fileKeys', 'files', live && ((id) => live.file(id))),
      treeKeys: this.keys('treeKeys', 'trees', live && ((id) => live.tree(id))),
      commitKeys: this.keys('commitKeys', 'commits', live && ((id) => live.commit(id))),
      columns: this.columns(columnTypes, 'docs', live && ((id) => live.doc(id)), (segment, name) =>
        segment.column(name),
      ),
      commitColumns: this.columns(commitColumnTypes, 'commits', live && ((id) => live.commit(id)), (segment, name) =>
        segment.commitColumn(name),
      ),
    };
    const bytes = this.file.finish(encodeToc(toc));
    return { id: segmentName(sequence), ...this.ranges, bytes, textBytes: toc.textBytes };
  }

  private records(
    section: 'content' | 'symbols' | 'fileRecords' | 'treeRecords' | 'commitRecords',
    kind: Kind,
    isLive: ((id: number) => boolean) | null,
    blockBytes: number,
  ): RecordBlocksLocation {
    const writer = new RecordBlocksWriter(this.file, blockBytes);
    const nothing = new Uint8Array(0);
    let nextId = this.ranges[kind][0];
    for (const segment of this.segments) {
      const [from, to] = segment.entry[kind];
      for (; nextId < from; nextId++) writer.add(nothing);
      const records: RecordBlocks = segment[section];
      const blockCount = from === to ? 0 : records.blockCount;
      for (let block = 0; block < blockCount; block++) {
        const { bytes, firstNumber, recordCount } = records.compressedBlock(block);
        const decoded = records.blockOf(firstNumber);
        if (isLive === null && decoded.length > fullBlockShare * blockBytes) {
          writer.addBlock(bytes, recordCount);
          continue;
        }
        for (let number = firstNumber; number < firstNumber + recordCount; number++) {
          const record = isLive === null || isLive(from + number) ? records.get(number) : nothing;
          if (section === 'content') this.textBytes += record.length;
          writer.add(record);
        }
      }
      nextId = to;
    }
    return writer.finish();
  }

  private gramTable(): PostingTableLocation {
    const docCount = this.ranges.docs[1] - this.ranges.docs[0];
    const table = new PostingTableWriter(this.file, false);
    const writer = new ByteWriter(64 * 1024);
    this.mergeLists('grams', (high, low, parts) => {
      const docs: number[] = [];
      for (const { list, segment } of parts) {
        const shift = segment.docBase - this.ranges.docs[0];
        readGramPostings(list.bytes, list.docCount, segment.docCount, (doc) => {
          if (this.live === null || this.live.doc(segment.docBase + doc)) docs.push(doc + shift);
        });
      }
      if (docs.length === 0) return;
      writer.reset();
      writeGramPostings(writer, docs, 0, docs.length, docCount);
      table.add(high, low, docs.length, writer.view());
    });
    return table.finish();
  }

  private termTable(): PostingTableLocation {
    return this.postingTable('terms', 'docs', true, this.live && ((_, doc) => this.live!.doc(doc)));
  }

  private changeTable(): PostingTableLocation {
    const { live } = this;
    return this.postingTable(
      'changes',
      'commits',
      false,
      live && ((doc, commit) => live.doc(doc) && live.commit(commit)),
    );
  }

  /** Lists in the way of term postings, over ids of one kind. */
  private postingTable(
    name: 'terms' | 'changes',
    kind: Kind,
    wideKeys: boolean,
    isLive: ((key: number, id: number) => boolean) | null,
  ): PostingTableLocation {
    const table = new PostingTableWriter(this.file, wideKeys);
    const writer = new ByteWriter(64 * 1024);
    this.mergeLists(name, (high, low, parts) => {
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
  private mergeLists(
    name: 'grams' | 'terms' | 'changes',
    onKey: (high: number, low: number, parts: readonly { list: PostingList; segment: Segment }[]) => void,
  ): void {
    const cursors = this.segments.map((segment) => {
      const lists = segment[name].lists();
      return { segment, lists, list: lists.next().value as PostingList | undefined };
    });
    for (;;) {
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

  private keys(
    name: 'docKeys' | 'fileKeys' | 'treeKeys' | 'commitKeys',
    kind: Kind,
    isLive: ((id: number) => boolean) | null,
  ): KeyTableLocation {
    const keys: Uint8Array[] = [];
    const numbers: number[] = [];
    const [base] = this.ranges[kind];
    for (const segment of this.segments) {
      const [from] = segment.entry[kind];
      const table: KeyTable = segment[name];
      for (const { key, number } of table.rows()) {
        if (isLive !== null && !isLive(from + number)) continue;
        keys.push(key);
        numbers.push(from + number - base);
      }
    }
    return writeKeyTable(this.file, keys, numbers);
  }

  private columns<Columns>(
    types: Readonly<Record<keyof Columns, Uint8ArrayConstructor | Uint16ArrayConstructor | Uint32ArrayConstructor>>,
    kind: Kind,
    isLive: ((id: number) => boolean) | null,
    columnOf: (segment: Segment, name: keyof Columns) => ArrayLike<number>,
  ): ColumnLocations<Columns> {
    const [from, to] = this.ranges[kind];
    const columns: Partial<Record<keyof Columns, ArrayLike<number>>> = {};
    for (const name of Object.keys(types) as (keyof Columns)[]) {
      const target = new types[name](to - from);
      for (const segment of this.segments) {
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
