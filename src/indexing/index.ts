/** From commit to snapshot: walk what is not stored, chunk only new blobs, write segments, publish; merge, collect, verify. */
export { AnalysisPool } from './analysis-pool.js';
export { examineStore } from './doctor.js';
export { checkTreePath, editTree } from './edits.js';
export type { Edit } from './edits.js';
export { CommitRecorder } from './commit-recorder.js';
export { collectGarbage } from './gc.js';
export { HistoryIndexer } from './history-indexer.js';
export { mergeWhereDue, nextMerge } from './merging.js';
export { OverlaySource, repositorySource } from './object-source.js';
export type { ObjectSource } from './object-source.js';
export { applyFilePatch, parsePatch } from './patch.js';
export { defaultRules, readRules, rulesFingerprint } from './rules.js';
export type { IndexingRules } from './rules.js';
export { SegmentSink } from './segment-sink.js';
export { StoredSource } from './stored-source.js';
export { diffTrees, entryAt } from './tree-diff.js';
export { TreeIndexer } from './tree-indexer.js';
export type { StoredRoot } from './tree-indexer.js';
