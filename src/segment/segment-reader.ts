import { isAscii } from 'node:buffer';

import { CoppiceError, LruCache, decodeBytes } from '../base/index.js';
import type { SegmentEntry, PagedFile, Store } from '../store/index.js';
import { KeyTable } from './key-table.js';
import { PostingTable } from './posting-table.js';
import { RecordBlocks } from './record-blocks.js';
import type { BlockCache, DecodedBlock } from './record-blocks.js';
import { columnTypes, segmentFormatVersion } from './segment-format.js';
import type { DocColumns, TableOfContents } from './segment-format.js';

/** Unpacked blocks of all segments, bounded in bytes. */
export const createBlockCache = (bytesMax: number): BlockCache => new LruCache<number, DecodedBlock>(bytesMax);

/** An open segment. Ids are the store's; columns and posting lists count docs from the segment's first. */
export class Segment {
  readonly content: RecordBlocks;
  readonly symbols: RecordBlocks;
  readonly fileRecords: RecordBlocks;
  readonly treeRecords: RecordBlocks;
  readonly grams: PostingTable;
  readonly terms: PostingTable;
  readonly docKeys: KeyTable;
  readonly fileKeys: KeyTable;
  readonly treeKeys: KeyTable;
  private readonly columns: Partial<Record<keyof DocColumns, DocColumns[keyof DocColumns]>> = {};
  /** Segment lists that hold it open. */
  holders = 0;

  private constructor(
    readonly entry: SegmentEntry,
    private readonly file: PagedFile,
    private readonly toc: TableOfContents,
    cache: BlockCache,
  ) {
    this.content = new RecordBlocks(file, toc.content, cache);
    this.symbols = new RecordBlocks(file, toc.symbols, cache);
    this.fileRecords = new RecordBlocks(file, toc.fileRecords, cache);
    this.treeRecords = new RecordBlocks(file, toc.treeRecords, cache);
    this.grams = new PostingTable(file, toc.grams, false);
    this.terms = new PostingTable(file, toc.terms, true);
    this.docKeys = new KeyTable(file, toc.docKeys);
    this.fileKeys = new KeyTable(file, toc.fileKeys);
    this.treeKeys = new KeyTable(file, toc.treeKeys);
  }

  /** Opens what the catalog lists, or by its id alone what it does not. */
  static open(store: Store, listed: SegmentEntry | string, cache: BlockCache): Segment {
    const id = typeof listed === 'string' ? listed : listed.id;
    const file = store.openSegmentFile(id);
    try {
      const toc = JSON.parse(file.readRoot().toString('utf8')) as TableOfContents;
      if (toc.formatVersion !== segmentFormatVersion) {
        throw new CoppiceError(
          'STORE_VERSION',
          `segment ${id} has format ${toc.formatVersion}, not ${segmentFormatVersion}`,
          {
            hint: 'update Coppice, or give another folder with --store',
          },
        );
      }
      const { docs, files, trees, textBytes } = toc;
      const own: SegmentEntry = { id, docs, files, trees, bytes: file.sizeBytes, textBytes };
      const entry = typeof listed === 'string' ? own : listed;
      if ([docs, files, trees].join() !== [entry.docs, entry.files, entry.trees].join()) {
        throw new CoppiceError(
          'STORE_CORRUPT',
          `the store's file ${file.name} is not the one that was written under that name`,
          {
            hint: 'run `coppice doctor --repair`: what is lost is indexed again from the repository',
            data: { file: file.name },
          },
        );
      }
      return new Segment(entry, file, toc, cache);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  get docBase(): number {
    return this.entry.docs[0];
  }

  get docEnd(): number {
    return this.entry.docs[1];
  }

  get docCount(): number {
    return this.entry.docs[1] - this.entry.docs[0];
  }

  column<Name extends keyof DocColumns>(name: Name): DocColumns[Name] {
    let column = this.columns[name];
    if (column === undefined) {
      const { offset, length } = this.toc.columns[name];
      const bytes = this.file.read(offset, length);
      const type = columnTypes[name];
      // Copied: a typed array needs aligned memory, and the column outlives the page it came from.
      const copy = new Uint8Array(length);
      copy.set(bytes);
      column = new type(copy.buffer);
      this.columns[name] = column;
    }
    return column as DocColumns[Name];
  }

  /** Bytes of a chunk; a view. */
  chunkBytes(doc: number): Buffer {
    return this.content.get(doc - this.docBase);
  }

  /** Text of a chunk (see base `decodeBytes`). */
  chunkText(doc: number): string {
    const number = doc - this.docBase;
    const block = this.content.blockOf(number);
    const at = number - block.firstNumber;
    if (block.text === undefined) {
      block.text = isAscii(block.bytes) ? block.bytes.toString('latin1') : null;
    }
    const start = block.starts[at]!;
    const end = block.starts[at + 1]!;
    return block.text === null ? decodeBytes(block.bytes.subarray(start, end)) : block.text.slice(start, end);
  }

  verify(onDamage: (message: string) => void): number {
    return this.file.verify(onDamage);
  }

  close(): void {
    this.file.close();
  }
}
