/** Here is a name: swing it atomically; here is a segment's id: give me its checked bytes. Only writer of the data folder. */
export { appendLineBelow } from './files/appended-file.js';
export { saveSettings } from './settings-file.js';
export { inMemory, partOf } from './files/byte-parts.js';
export type { ByteParts, PartRange, Spool } from './files/byte-parts.js';
export type { BlockFile, BlockedWhole } from './files/block-file.js';
export { Catalog, compareSegments, isLease, leasePrefix } from './records/catalog.js';
export type {
  CatalogRecord,
  ForkEntry,
  IdRange,
  NextIds,
  RepositoryEntry,
  RevEntry,
  SegmentEntry,
  ViewEntry,
} from './records/catalog.js';
export { DescriptionLog } from './records/description-log.js';
export type { StoredDescription } from './records/description-log.js';
export type { JournalDamage } from './records/journal.js';
export { ProcessLock } from './lock.js';
export type { LockHolder } from './lock.js';
export { MemoryFiles } from './files/memory-files.js';
export type { ReadableFile, SegmentFiles, WritableFile } from './files/memory-files.js';
export { PackageRecords } from './records/package-records.js';
export { Store, defaultStorePath, storeFormatVersion } from './store.js';
export type { LookRow } from './files/look-files.js';
