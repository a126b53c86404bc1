/** What a tree sees: visible chunks, files and statistics over shared segments. */
export { compareChunks, movedFiles } from './chunk-changes.js';
export { commitKey, fileKey, ignoredFileKey, rootKey, treeKey } from './keys.js';
export type { KeyContext } from './keys.js';
export type { Mount, Mounts } from './mounts.js';
export { createRecordCaches, readFileRecord, readTreeNode } from './record-caches.js';
export type { RecordCaches } from './record-caches.js';
export type { SearchBackend, TermOf, TermPostings, Wanted } from './search-backend.js';
export { Snapshot, contentOf } from './snapshot.js';
export type { SnapshotFile, SnapshotStatistics, Table } from './snapshot.js';
export type { SnapshotPaths } from './snapshot-paths.js';
export { SnapshotStore } from './snapshot-store.js';
export type { FarSegments, SegmentPlace, SnapshotMemory, SnapshotStoreOptions } from './snapshot-store.js';
export { VolatileIds, VolatileSegments, volatileBytesMax } from './volatile-segments.js';
