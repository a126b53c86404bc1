import type { IdRange } from '../store/index.js';
import type { ColumnLocations } from './tables/columns.js';
import type { KeyTableLocation } from './tables/key-table.js';
import type { PostingTableLocation } from './tables/posting-table.js';
import type { SymbolNamesLocation } from './names/symbol-names.js';
import type { RecordBlocksLocation } from './tables/record-blocks.js';

/**
 * A segment: an immutable file of what was indexed together, for consecutive ranges of doc, file, tree and commit ids. The
 * file's root section is this table of contents as JSON. History of the format version:
 *   1: content, symbols, files, trees as record blocks; grams and terms as posting tables; key tables; columns.
 *   2: commits as record blocks, with a key table and columns; changes as a posting table.
 *   3: symbols with the lines on which their declarations begin and end, and inner ones.
 *   4: columns may be packed; otherwise 3, which is read as well.
 *   5: tables of symbols by name; of segments of formats 3 and 4, which have none, they are made in memory when they are needed.
 */
export const segmentFormatVersion = 5;
export const readableSegmentFormats: readonly number[] = [3, 4, 5];

export interface TableOfContents {
  readonly formatVersion: number;
  readonly docs: IdRange;
  readonly files: IdRange;
  readonly trees: IdRange;
  readonly commits: IdRange;
  readonly textBytes: number;
  readonly content: RecordBlocksLocation;
  readonly symbols: RecordBlocksLocation;
  readonly fileRecords: RecordBlocksLocation;
  readonly treeRecords: RecordBlocksLocation;
  readonly commitRecords: RecordBlocksLocation;
  /** Absent in formats 3 and 4. */
  readonly symbolNames?: readonly SymbolNamesLocation[];
  readonly grams: PostingTableLocation;
  readonly terms: PostingTableLocation;
  /** For each doc, by its id: the commits of this segment that changed how often a file has it (see `ChangeSign`). */
  readonly changes: PostingTableLocation;
  readonly docKeys: KeyTableLocation;
  readonly fileKeys: KeyTableLocation;
  readonly treeKeys: KeyTableLocation;
  readonly commitKeys: KeyTableLocation;
  readonly columns: ColumnLocations<DocColumns>;
  readonly commitColumns: ColumnLocations<CommitColumns>;
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

/** What is known of each commit without reading it, by commit id less the segment's first. Ids are one more than they are; 0: none. */
export interface CommitColumns {
  /** Committer time, in seconds since 1970. */
  readonly time: Uint32Array;
  readonly firstParent: Uint32Array;
  /** `moreParents` where there are more than two parents: the record has them. */
  readonly secondParent: Uint32Array;
}

/** In `secondParent`: the commit's record has all parents. */
export const moreParents = 0xffffffff;

/** What a commit did to a chunk, against its first parent, in some file: bits of a posting in `changes`. */
export const enum ChangeSign {
  Added = 1,
  Removed = 2,
  /** A file that has it moved, byte for byte: that matters only to who looks at some paths and not at others. */
  Moved = 4,
}

export const columnTypes = {
  language: Uint8Array,
  lineCount: Uint32Array,
  bodyLength: Uint16Array,
  commentLength: Uint16Array,
  symbolLength: Uint8Array,
} as const;

export const commitColumnTypes = { time: Uint32Array, firstParent: Uint32Array, secondParent: Uint32Array } as const;

export const columnNames = Object.keys(columnTypes) as (keyof DocColumns)[];
export const commitColumnNames = Object.keys(commitColumnTypes) as (keyof CommitColumns)[];

/** Raw bytes of a block: small for chunks, which are read one here and one there; large for records that repeat. */
export const contentBlockBytes = 16 * 1024;
export const recordBlockBytes = 32 * 1024;
