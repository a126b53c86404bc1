/** An immutable file of chunks, files, trees and postings: writer, reader, merge, table of contents, format version. */
export { NotHere } from './far-chunks.js';
export type { FarChunks } from './far-chunks.js';
export { DecodedBlock } from './tables/record-blocks.js';
export type { PartRange } from '../store/index.js';
export { ForeignSegments } from './foreign-segments.js';
export { SegmentList } from './segment-list.js';
export { mergeSegments } from './writing/segment-merge.js';
export type { LiveIds, MergeOptions } from './writing/segment-merge.js';
export type { KeyTable } from './tables/key-table.js';
export { plainName, shapeLengthMax } from './names/name-shape.js';
export { compareNames } from './names/sorted-names.js';
export type { NameBlock, SortedNames } from './names/sorted-names.js';
export type { SymbolNames } from './names/symbol-names.js';
export type { PostingList } from './tables/posting-table.js';
export { forgetLists } from './tables/posting-table.js';
export { decodeCommitRecord, decodeFileRecord, decodeTreeNode, encodeChunkSymbols } from './tables/records.js';
export { overlaySegment } from './writing/overlay.js';
export { noId, renumberSegments } from './writing/renumber.js';
export type { IdKind, RenumberInput, RenumberOptions } from './writing/renumber.js';
export type {
  ChunkSymbols,
  CommitRecord,
  FileChange,
  FileRecord,
  TreeCounts,
  TreeNode,
  TreeNodeEntry,
} from './tables/records.js';
export { ChangeSign, moreParents } from './segment-format.js';
export type { CommitColumns } from './segment-format.js';
export { Segment, createSegmentCaches } from './segment-reader.js';
export type { SegmentCaches } from './segment-reader.js';
export { placeSymbols } from './symbol-ranges.js';
export type { FileSymbol } from './symbol-ranges.js';
export { SegmentWriter, segmentTextBytesMax } from './writing/segment-writer.js';
export type { NewChunk } from './writing/segment-writer.js';
export { VectorFile, VectorFileWriter, vectorSpaceId } from './vectors/vector-file.js';
