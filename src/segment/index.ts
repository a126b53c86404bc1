/** An immutable file of chunks, files, trees and postings: writer, reader, merge, table of contents, format version. */
export { NotHere } from './far-chunks.js';
export type { FarChunks } from './far-chunks.js';
export { DecodedBlock } from './record-blocks.js';
export { SegmentList } from './segment-list.js';
export { mergeSegments } from './segment-merge.js';
export type { LiveIds, MergeOptions } from './segment-merge.js';
export type { KeyTable } from './key-table.js';
export { plainName } from './names/name-shape.js';
export { compareNames } from './names/sorted-names.js';
export type { NameBlock, SortedNames } from './names/sorted-names.js';
export type { SymbolNames } from './names/symbol-names.js';
export type { PostingList } from './posting-table.js';
export { forgetLists } from './posting-table.js';
export { decodeCommitRecord, decodeFileRecord, decodeTreeNode, encodeChunkSymbols } from './records.js';
export { noId, renumberSegments } from './renumber.js';
export type { IdKind, RenumberInput, RenumberOptions } from './renumber.js';
export type {
  ChunkSymbols,
  CommitRecord,
  FileChange,
  FileRecord,
  TreeCounts,
  TreeNode,
  TreeNodeEntry,
} from './records.js';
export { ChangeSign, moreParents } from './segment-format.js';
export type { CommitColumns } from './segment-format.js';
export { Segment, createSegmentCaches } from './segment-reader.js';
export type { SegmentCaches } from './segment-reader.js';
export { placeSymbols } from './symbol-ranges.js';
export type { FileSymbol } from './symbol-ranges.js';
export { SegmentWriter, segmentTextBytesMax } from './segment-writer.js';
export type { NewChunk } from './segment-writer.js';
export { VectorFile, VectorFileWriter, vectorSpaceId } from './vector-file.js';
