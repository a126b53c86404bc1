/** What a tree sees: visible chunks, files and statistics over shared segments. */
export { compareChunks, movedFiles } from './chunk-changes.js';
export { commitKey, fileKey, ignoredFileKey, rootKey, treeKey } from './keys.js';
export type { KeyContext } from './keys.js';
export { Snapshot, contentOf, readFileRecord, readTreeNode } from './snapshot.js';
export type { RecordCaches, SnapshotFile, SnapshotStatistics } from './snapshot.js';
export { SnapshotStore } from './snapshot-store.js';
export type { SnapshotMemory, SnapshotStoreOptions } from './snapshot-store.js';
