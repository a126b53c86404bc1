/** Here is a name: swing it atomically; here is a segment's id: give me its checked bytes. Only writer of the data folder. */
export { appendLineBelow } from './appended-file.js';
export { saveSettings } from './settings-file.js';
export { inMemory, partOf } from './byte-parts.js';
export type { ByteParts, Spool } from './byte-parts.js';
export { Catalog, compareSegments, isLease, leasePrefix } from './catalog.js';
export type {
  CatalogRecord,
  ForkEntry,
  IdRange,
  NextIds,
  RepositoryEntry,
  RevEntry,
  SegmentEntry,
  ViewEntry,
} from './catalog.js';
export { DescriptionLog } from './description-log.js';
export type { StoredDescription } from './description-log.js';
export type { JournalDamage } from './journal.js';
export { ProcessLock } from './lock.js';
export type { LockHolder } from './lock.js';
export { MemoryFiles } from './memory-files.js';
export type { ReadableFile, SegmentFiles, WritableFile } from './memory-files.js';
export { PackageRecords } from './package-records.js';
export { Store, defaultStorePath, storeFormatVersion } from './store.js';
export type { LookRow } from './look-files.js';
