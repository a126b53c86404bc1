import type { IdRange } from '../store/index.js';
import type { KeyTableLocation } from './key-table.js';
import type { PostingTableLocation } from './posting-table.js';
import type { RecordBlocksLocation } from './record-blocks.js';

/**
 * A segment: an immutable file of what was indexed together, for consecutive ranges of doc, file and tree ids. The file's root section is this
 * table of contents as JSON. History of the format version:
 *   1: content, symbols, files, trees as record blocks; grams and terms as posting tables; key tables; columns.
 */
export const segmentFormatVersion = 1;

/** One array with a value for each doc. */
export interface ColumnLocation {
  readonly offset: number;
  readonly length: number;
}

export interface TableOfContents {
  readonly formatVersion: number;
  readonly docs: IdRange;
  readonly files: IdRange;
  readonly trees: IdRange;
  readonly textBytes: number;
  readonly content: RecordBlocksLocation;
  readonly symbols: RecordBlocksLocation;
  readonly fileRecords: RecordBlocksLocation;
  readonly treeRecords: RecordBlocksLocation;
  readonly grams: PostingTableLocation;
  readonly terms: PostingTableLocation;
  readonly docKeys: KeyTableLocation;
  readonly fileKeys: KeyTableLocation;
  readonly treeKeys: KeyTableLocation;
  /** See `DocColumns`. */
  readonly columns: Readonly<Record<keyof DocColumns, ColumnLocation>>;
}

/** What is known of each doc without reading it, by doc id less the segment's first. */
export interface DocColumns {
  /** Position in the language table. */
  readonly language: Uint8Array;
  readonly lineCount: Uint32Array;
  /** Tokens in each field. */
  readonly bodyLength: Uint16Array;
  readonly commentLength: Uint16Array;
  readonly symbolLength: Uint8Array;
}

export const columnTypes = {
  language: Uint8Array,
  lineCount: Uint32Array,
  bodyLength: Uint16Array,
  commentLength: Uint16Array,
  symbolLength: Uint8Array,
} as const;

export const columnNames = Object.keys(columnTypes) as (keyof DocColumns)[];

/** Raw bytes of a block: small for chunks, which are read one here and one there; large for records that repeat. */
export const contentBlockBytes = 16 * 1024;
export const recordBlockBytes = 32 * 1024;
