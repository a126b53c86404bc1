/** What a search cluster holds of code, published from a store and read under numbers of the process's own: chunks, files, trees, snapshots. */
export { examineDocuments } from './examine.js';
export { FarDraft } from './far-draft.js';
export { FarHistory } from './far-history.js';
export { TreeReader, filesIn } from './tree-reader.js';
export { FarStore } from './far-store.js';
export { collectDocuments, snapshotKeys } from './garbage.js';
export type { DocumentCounts } from './garbage.js';
export { ClusterTurns } from './turns.js';
export type { Turn } from './turns.js';
export { NoLongerThere, TreePublisher } from './publish-tree.js';
