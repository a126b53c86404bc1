import { ByteWriter, TimeSlices, throwIfAborted } from '../../base/index.js';
import { asCommitId, asDocId, asFileId, asTreeId } from '../../model/index.js';
import type { NextIds, SegmentEntry, SegmentFiles, WritableFile } from '../../store/index.js';
import { readGramPostings, readTermPostings, writeGramPostings, writeTermPosting } from '../../text/index.js';
import { writeColumns } from '../tables/columns.js';
import { keysOfFew, listsOf } from '../tables/few-lists.js';
import type { ListKeys } from '../tables/few-lists.js';
import { writeKeyTable } from '../tables/key-table.js';
import type { KeyTable, KeyTableLocation } from '../tables/key-table.js';
import { mergeSymbolNames, writeSymbolNames } from '../names/segment-names.js';
import type { SymbolNamesLocation } from '../names/symbol-names.js';
import { PostingTableWriter } from '../tables/posting-table.js';
import type { PostingList, PostingTableLocation } from '../tables/posting-table.js';
import { RecordBlocksWriter } from '../tables/record-blocks.js';
import type { RecordBlocksLocation } from '../tables/record-blocks.js';
import {
  decodeCommitRecord,
  decodeFileRecord,
  decodeTreeNode,
  encodeCommitRecord,
  encodeFileRecord,
  encodeTreeNode,
} from '../tables/records.js';
import { RowPages } from '../tables/row-pages.js';
import {
  columnTypes,
  commitColumnTypes,
  contentBlockBytes,
  moreParents,
  recordBlockBytes,
  segmentFormatVersion,
} from '../segment-format.js';
import type { CommitColumns, DocColumns, TableOfContents } from '../segment-format.js';
import type { Segment } from '../segment-reader.js';
import { encodeToc, segmentName } from './segment-writer.js';
import { sortByKey } from '../tables/sorted-arrays.js';
import { VectorFile, VectorFileWriter } from '../vectors/vector-file.js';

/** Of a number that is left out. */
export const noId = -1;

export type IdKind = 'docs' | 'files' | 'trees' | 'commits';
type Numbers = Readonly<Record<IdKind, Int32Array>>;

/** A segment, what is taken of it, and what its numbers become. */
export interface RenumberInput {
  readonly segment: Segment;
  /**
   * For each number of the segment's own, counted from its first of that kind: the number that it gets, or `noId`. New numbers ascend
   * through all inputs without a gap.
   */
  readonly numbers: Numbers;
  /** The new number of whatever a record that is taken refers to, here or elsewhere. */
  readonly refer: (kind: IdKind, id: number) => number;
  /** The text of a chunk, by its old number: where the segment's own does not hold it. Null: left out. */
  readonly content?: ((doc: number) => Uint8Array) | null;
}

export interface RenumberOptions {
  readonly signal?: AbortSignal | undefined;
  /** In-place of the ids' own: how the new segment is called. */
  readonly id?: string;
}

/**
 * Writes what is taken of some segments as one segment of other numbers: how an index leaves a store and comes into another. A
 * segment of which all is taken, alone, has its sections copied as they are, as far as no number is in them.
 */
export async function renumberSegments(
  files: SegmentFiles,
  inputs: readonly RenumberInput[],
  first: NextIds,
  options: RenumberOptions = {},
): Promise<{ readonly entry: SegmentEntry; readonly next: NextIds }> {
  const id = options.id ?? segmentName(first.segment);
  const file = files.createSegmentFile(id);
  try {
    const made = await new Renumbering(file, inputs, first, options.signal).write(id);
    await writeVectors(files, id, inputs, first.doc, options.signal);
    return made;
  } catch (error) {
    file.abandon();
    throw error;
  }
}

const kinds: readonly IdKind[] = ['docs', 'files', 'trees', 'commits'];
const firstOf = { docs: 'doc', files: 'file', trees: 'tree', commits: 'commit' } as const;
/** Compressed blocks of this length are as full as they get. */
const fullBlockBytes = 1500;

class Renumbering {
  private readonly slices: TimeSlices;
  private readonly counts: Readonly<Record<IdKind, number>>;
  private textBytes = 0;
  private readonly few = new Map<RenumberInput, ListKeys | null>();

  constructor(
    private readonly file: WritableFile,
    private readonly inputs: readonly RenumberInput[],
    private readonly first: NextIds,
    signal: AbortSignal | undefined,
  ) {
    throwIfAborted(signal);
    this.slices = new TimeSlices(signal);
    const counts = { docs: 0, files: 0, trees: 0, commits: 0 };
    for (const kind of kinds)
      for (const { numbers } of inputs) for (const number of numbers[kind]) if (number !== noId) counts[kind]++;
    this.counts = counts;
  }

  async write(id: string): Promise<{ entry: SegmentEntry; next: NextIds }> {
    const { first, counts } = this;
    const next = {
      doc: first.doc + counts.docs,
      file: first.file + counts.files,
      tree: first.tree + counts.trees,
      commit: first.commit + counts.commits,
      segment: first.segment + 1,
    };
    const content = await this.contents();
    const toc: TableOfContents = {
      formatVersion: segmentFormatVersion,
      docs: [first.doc, next.doc],
      files: [first.file, next.file],
      trees: [first.tree, next.tree],
      commits: [first.commit, next.commit],
      textBytes: this.textBytes,
      content,
      symbols: await this.copiedRecords('symbols', recordBlockBytes),
      fileRecords: await this.records('fileRecords', 'files', (bytes, { refer }) => renumberFile(bytes, refer)),
      treeRecords: await this.records('treeRecords', 'trees', (bytes, { refer }) => renumberTree(bytes, refer)),
      commitRecords: await this.records('commitRecords', 'commits', (bytes, { refer }) => {
        const { repository, oid, tree, parents, time, changes } = decodeCommitRecord(bytes);
        return encodeCommitRecord({
          repository,
          oid,
          tree: asTreeId(refer('trees', tree)),
          parents: parents.map((parent) => (parent === null ? null : asCommitId(refer('commits', parent)))),
          time,
          changes: changes.map(({ path, before, after, replaced }) => ({
            path,
            before: before === null ? null : asFileId(refer('files', before)),
            after: after === null ? null : asFileId(refer('files', after)),
            ...(replaced === undefined ? {} : { replaced }),
          })),
        });
      }),
      symbolNames: await this.symbolNames(),
      grams: await this.gramTable(),
      terms: await this.termTable(),
      changes: await this.changeTable(),
      docKeys: await this.keys('docKeys', 'docs'),
      fileKeys: await this.keys('fileKeys', 'files'),
      treeKeys: await this.keys('treeKeys', 'trees'),
      commitKeys: await this.keys('commitKeys', 'commits'),
      columns: this.docColumns(),
      commitColumns: this.commitColumns(),
    };
    const bytes = this.file.finish(encodeToc(toc));
    const { docs, files, trees, commits, textBytes } = toc;
    return { entry: { id, docs, files, trees, commits, bytes, textBytes }, next };
  }

  /** All docs are taken, of one segment. */
  private get whole(): Segment | null {
    const [input] = this.inputs;
    return input !== undefined && this.inputs.length === 1 && this.counts.docs === input.segment.docCount
      ? input.segment
      : null;
  }

  private async contents(): Promise<RecordBlocksLocation> {
    if (this.inputs.every(({ content }) => content === undefined)) {
      const location = await this.copiedRecords('content', contentBlockBytes);
      if (this.whole !== null) this.textBytes = this.whole.entry.textBytes;
      return location;
    }
    const writer = new RecordBlocksWriter(this.file, contentBlockBytes);
    const nothing = new Uint8Array(0);
    for (const { segment, numbers, content } of this.inputs) {
      for (let at = 0; at < numbers.docs.length; at++) {
        if (numbers.docs[at] === noId) continue;
        if (this.slices.isOver) await this.slices.next();
        const own = content === undefined ? segment.content.get(at) : (content?.(at) ?? nothing);
        this.textBytes += own.length;
        writer.add(own);
      }
    }
    return writer.finish();
  }

  /** Records of docs, which hold no numbers: blocks that are taken as a whole are copied as they are. */
  private async copiedRecords(section: 'content' | 'symbols', blockBytes: number): Promise<RecordBlocksLocation> {
    const writer = new RecordBlocksWriter(this.file, blockBytes);
    for (const { segment, numbers } of this.inputs) {
      const blocks = segment[section];
      const blockCount = segment.docCount === 0 ? 0 : blocks.blockCount;
      for (let block = 0; block < blockCount; block++) {
        if (this.slices.isOver) await this.slices.next();
        const { bytes, firstNumber, recordCount } = blocks.compressedBlock(block);
        const taken = numbers.docs.subarray(firstNumber, firstNumber + recordCount);
        const isAll = taken.every((number) => number !== noId);
        const counts = section === 'content' && this.whole === null;
        if (isAll && (this.whole !== null || bytes.length >= fullBlockBytes)) {
          if (counts) this.textBytes += blocks.blockOf(firstNumber).length;
          writer.addBlock(bytes, recordCount);
          continue;
        }
        for (let at = 0; at < recordCount; at++) {
          if (taken[at] === noId) continue;
          const record = blocks.get(firstNumber + at);
          if (counts) this.textBytes += record.length;
          writer.add(record);
        }
      }
    }
    return writer.finish();
  }

  private async records(
    section: 'fileRecords' | 'treeRecords' | 'commitRecords',
    kind: IdKind,
    convert: (bytes: Buffer, input: RenumberInput) => Buffer,
  ): Promise<RecordBlocksLocation> {
    const writer = new RecordBlocksWriter(this.file, recordBlockBytes);
    for (const input of this.inputs) {
      const numbers = input.numbers[kind];
      for (let at = 0; at < numbers.length; at++) {
        if (numbers[at] === noId) continue;
        if (this.slices.isOver) await this.slices.next();
        writer.add(convert(input.segment[section].get(at), input));
      }
    }
    return writer.finish();
  }

  private async symbolNames(): Promise<SymbolNamesLocation[]> {
    const { whole, slices } = this;
    if (whole !== null) {
      const source = { tables: await whole.symbolNames(slices), docBase: whole.docBase };
      return mergeSymbolNames(this.file, [source], whole.docBase, null, slices);
    }
    const taken: { readonly symbols: Segment['symbols']; readonly at: number }[] = [];
    for (const { segment, numbers } of this.inputs)
      numbers.docs.forEach((number, at) => number !== noId && taken.push({ symbols: segment.symbols, at }));
    const symbolsOf = (doc: number): Uint8Array => taken[doc]!.symbols.get(taken[doc]!.at);
    return writeSymbolNames(this.file, taken.length, symbolsOf, slices);
  }

  private async gramTable(): Promise<PostingTableLocation> {
    if (this.whole !== null) return this.copiedTable(this.whole.grams);
    const table = new PostingTableWriter(this.file, false);
    const writer = new ByteWriter(64 * 1024);
    await this.mergeLists('grams', (high, low, parts) => {
      const docs: number[] = [];
      for (const { list, input } of parts) {
        const { docs: numbers } = input.numbers;
        readGramPostings(list.bytes, list.docCount, input.segment.docCount, (doc) => {
          if (numbers[doc] !== noId) docs.push(numbers[doc]! - this.first.doc);
        });
      }
      if (docs.length === 0) return;
      writer.reset();
      writeGramPostings(writer, docs, 0, docs.length, this.counts.docs);
      table.add(high, low, docs.length, writer.view());
    });
    return table.finish();
  }

  private async termTable(): Promise<PostingTableLocation> {
    if (this.whole !== null) return this.copiedTable(this.whole.terms);
    const table = new PostingTableWriter(this.file, true);
    const writer = new ByteWriter(64 * 1024);
    await this.mergeLists('terms', (high, low, parts) => {
      writer.reset();
      let count = 0;
      let previous = -1;
      for (const { list, input } of parts) {
        const { docs: numbers } = input.numbers;
        readTermPostings(list.bytes, (doc, frequencies) => {
          if (numbers[doc] === noId) return;
          const number = numbers[doc]! - this.first.doc;
          writeTermPosting(writer, number - previous - 1, frequencies);
          previous = number;
          count++;
        });
      }
      if (count > 0) table.add(high, low, count, writer.view());
    });
    return table.finish();
  }

  /** As it is: it counts docs from the segment's first. */
  private copiedTable(table: Segment['grams']): PostingTableLocation {
    const { bytes, location } = table.raw();
    const offset = this.file.length;
    this.file.write(bytes);
    return { ...location, offset, indexOffset: offset + location.indexOffset - location.offset };
  }

  /** Its keys are docs, which have other numbers, and so another order. */
  private async changeTable(): Promise<PostingTableLocation> {
    const rows = new RowPages(2);
    for (const { segment, numbers, refer } of this.inputs) {
      if (numbers.commits.every((number) => number === noId)) continue;
      for (const { high, bytes } of segment.changes.lists()) {
        if (this.slices.isOver) await this.slices.next();
        let doc = noId;
        readTermPostings(bytes, (commit, sign) => {
          const number = numbers.commits[commit]!;
          if (number === noId) return;
          if (doc === noId) doc = refer('docs', high);
          const { columns, at } = rows.add(1);
          columns[0]![at] = doc;
          columns[1]![at] = (number - this.first.commit) * 8 + sign;
        });
      }
    }
    const table = new PostingTableWriter(this.file, false);
    const { length } = rows;
    const [changed, signs] = (await rows.join(this.slices)) as [Uint32Array, Uint32Array];
    const byDoc = { keys: changed, values: signs };
    const { keys: docs, values: packed } = await sortByKey(byDoc, length, 32, this.slices);
    const list = new ByteWriter(4096);
    for (let from = 0; from < length;) {
      if (this.slices.isOver) await this.slices.next();
      const doc = docs[from]!;
      let to = from;
      while (to < length && docs[to] === doc) to++;
      // Of several inputs, and of chunks that have become one, in any order.
      const changes = packed.subarray(from, to).sort();
      let previous = -1;
      let count = 0;
      list.reset();
      for (let at = 0; at < changes.length; at++) {
        const commit = changes[at]! >>> 3;
        let sign = changes[at]! & 7;
        while (at + 1 < changes.length && changes[at + 1]! >>> 3 === commit) sign |= changes[++at]! & 7;
        writeTermPosting(list, commit - previous - 1, sign);
        previous = commit;
        count++;
      }
      table.add(doc, 0, count, list.view());
      from = to;
    }
    return table.finish();
  }

  /** Calls `onKey` for each key, ascending, with the lists that the inputs have for it. */
  private async mergeLists(
    name: 'grams' | 'terms',
    onKey: (high: number, low: number, parts: readonly { list: PostingList; input: RenumberInput }[]) => void,
  ): Promise<void> {
    const cursors = this.inputs.flatMap((input) => {
      if (input.numbers.docs.every((number) => number === noId)) return [];
      const few = this.keysOf(input);
      const lists = few === null ? input.segment[name].lists() : listsOf(input.segment, name, few);
      return [{ input, lists, list: lists.next().value as PostingList | undefined }];
    });
    for (;;) {
      if (this.slices.isOver) await this.slices.next();
      let high = Infinity;
      let low = Infinity;
      for (const { list } of cursors) {
        if (list !== undefined && (list.high < high || (list.high === high && list.low < low))) ({ high, low } = list);
      }
      if (high === Infinity) return;
      const parts: { list: PostingList; input: RenumberInput }[] = [];
      for (const cursor of cursors) {
        if (cursor.list?.high !== high || cursor.list.low !== low) continue;
        parts.push({ list: cursor.list, input: cursor.input });
        cursor.list = cursor.lists.next().value as PostingList | undefined;
      }
      onKey(high, low, parts);
    }
  }

  /** Null: all lists of the segment are read. */
  private keysOf(input: RenumberInput): ListKeys | null {
    let keys = this.few.get(input);
    if (keys === undefined) {
      const docs: number[] = [];
      input.numbers.docs.forEach((number, at) => number !== noId && docs.push(at));
      this.few.set(input, (keys = keysOfFew(input.segment, docs)));
    }
    return keys;
  }

  private async keys(
    section: 'docKeys' | 'fileKeys' | 'treeKeys' | 'commitKeys',
    kind: IdKind,
  ): Promise<KeyTableLocation> {
    const keys: Buffer[] = new Array<Buffer>(this.counts[kind]);
    const first = this.first[firstOf[kind]];
    for (const { segment, numbers } of this.inputs) {
      if (this.slices.isOver) await this.slices.next();
      eachKey(segment[section], numbers[kind], (key, number) => (keys[number - first] = key));
    }
    return writeKeyTable(this.file, keys, this.slices);
  }

  private docColumns(): TableOfContents['columns'] {
    const columns: Partial<Record<keyof DocColumns, number[]>> = {};
    for (const name of Object.keys(columnTypes) as (keyof DocColumns)[])
      columns[name] = this.column('docs', (segment) => segment.column(name));
    return writeColumns(this.file, columnTypes, columns as Record<keyof DocColumns, number[]>);
  }

  private commitColumns(): TableOfContents['commitColumns'] {
    const parent = (value: number, { refer }: RenumberInput): number =>
      value === 0 || value === moreParents ? value : refer('commits', value - 1) + 1;
    const columns: Record<keyof CommitColumns, number[]> = {
      time: this.column('commits', (segment) => segment.commitColumn('time')),
      firstParent: this.column('commits', (segment) => segment.commitColumn('firstParent'), parent),
      secondParent: this.column('commits', (segment) => segment.commitColumn('secondParent'), parent),
    };
    return writeColumns(this.file, commitColumnTypes, columns);
  }

  private column(
    kind: 'docs' | 'commits',
    read: (segment: Segment) => ArrayLike<number>,
    convert: (value: number, input: RenumberInput) => number = (value) => value,
  ): number[] {
    const values: number[] = [];
    for (const input of this.inputs) {
      const numbers = input.numbers[kind];
      if (numbers.length === 0) continue;
      const column = read(input.segment);
      for (let at = 0; at < numbers.length; at++) if (numbers[at] !== noId) values.push(convert(column[at]!, input));
    }
    return values;
  }
}

type Refer = RenumberInput['refer'];

/** The record of a file, with the new numbers of its docs. */
export function renumberFile(bytes: Buffer, refer: Refer): Buffer {
  const record = decodeFileRecord(bytes);
  const { oid, language, sizeBytes, skipped, generated, exactOnly, diagnostics } = record;
  const docs = record.docs.map((doc) => asDocId(refer('docs', doc)));
  return encodeFileRecord({ oid, language, sizeBytes, skipped, generated, exactOnly, docs, diagnostics });
}

/** The record of a tree, with the new numbers of its entries. */
export function renumberTree(bytes: Buffer, refer: Refer): Buffer {
  const node = decodeTreeNode(bytes);
  const entries = node.entries.map((entry) =>
    entry.file !== undefined
      ? { ...entry, file: asFileId(refer('files', entry.file)) }
      : entry.tree !== undefined
        ? { ...entry, tree: asTreeId(refer('trees', entry.tree)) }
        : entry,
  );
  return encodeTreeNode({ ...node, entries });
}

/** Calls `onKey` with each key whose number is taken, and the number that it gets. */
function eachKey(table: KeyTable, numbers: Int32Array, onKey: (key: Buffer, number: number) => void): void {
  if (numbers.every((number) => number === noId)) return;
  for (const { key, number } of table.rows()) if (numbers[number] !== noId) onKey(key, numbers[number]!);
}

/** In each space the vectors of the chunks that are taken. */
async function writeVectors(
  files: SegmentFiles,
  id: string,
  inputs: readonly RenumberInput[],
  firstDoc: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const slices = new TimeSlices(signal);
  for (const spaceId of new Set(inputs.flatMap(({ segment }) => [...segment.vectorSpaces]))) {
    let writer: VectorFileWriter | null = null;
    try {
      for (const { segment, numbers } of inputs) {
        const vectors = segment.vectors(spaceId);
        if (vectors === null) continue;
        const docs = vectors.docs();
        for (let from = 0; from < docs.length; from += VectorFile.rowsPerBlock) {
          if (slices.isOver) await slices.next();
          const taken: { readonly row: number; readonly number: number }[] = [];
          for (let row = 0; row < Math.min(VectorFile.rowsPerBlock, docs.length - from); row++) {
            const number = numbers.docs[docs[from + row]!]!;
            if (number !== noId) taken.push({ row, number });
          }
          if (taken.length === 0) continue;
          const into = (writer ??= new VectorFileWriter(files, id, vectors.space));
          vectors.withBlock(from / VectorFile.rowsPerBlock, (block) => {
            for (const { row, number } of taken) into.add(number - firstDoc, block.row(row));
          });
        }
      }
      writer?.finish();
    } catch (error) {
      writer?.abandon();
      throw error;
    }
  }
}
