/** From pattern and commits to when lines came and went: the commit graph, changes by commit and path, refs. */
export type { HistoryChunks } from './chunk-tally.js';
export { CommitGraph } from './commit-graph.js';
export type { HistoryScope } from './commit-graph.js';
export { HistoryReader } from './history-reader.js';
export { findLineHistories } from './line-histories.js';
export type { HistoryRequest, LineEvent, LineEvents, LineHistoryRequest } from './line-histories.js';
export { findOccurrenceChanges } from './occurrence-changes.js';
export type { OccurrenceEvent } from './occurrence-changes.js';
export { RefTips } from './ref-tips.js';
export type { RefTip } from './ref-tips.js';
