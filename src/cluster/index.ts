/** What a search cluster holds of code, published from a store and read under numbers of the process's own: chunks, files, trees, snapshots. */
export { examineDocuments } from './upkeep/examine.js';
export { FarDraft } from './read/far-draft.js';
export { FarHistory } from './read/far-history.js';
export { TreeReader, filesIn } from './read/tree-reader.js';
export { FarStore } from './read/far-store.js';
export { collectDocuments, snapshotKeys } from './upkeep/garbage.js';
export type { DocumentCounts } from './upkeep/garbage.js';
export { ClusterTurns } from './publish/turns.js';
export type { Turn } from './publish/turns.js';
export { NoLongerThere, TreePublisher } from './publish/publish-tree.js';
