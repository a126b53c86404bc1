/** Here is an address: give me its objects, and swing its names by one conditional write. Only one that talks to a remote. */
export { ClusterStorage } from './storage/cluster-storage.js';
export { readSigningKey, readTrustedKey, sha256 } from './head-format.js';
export type { CommitRow, HeadBody, PackRef, Publication, RecentPublication, RemoteInfo } from './head-format.js';
export { openStorage } from './storage/open-storage.js';
export { Publications, joined, packObjects } from './publications.js';
export type { ObjectCache, PublicationsOptions, PublishedCommit, PublishedHead } from './publications.js';
export { remoteBusy, remoteInvalid, remoteReadOnly } from './remote-errors.js';
export { SearchCluster, chunksInListMax, inParallel, isClusterAddress, readClusterAddress } from './search-cluster.js';
export type { ClusterAddress } from './search-cluster.js';
export { S3Storage } from './storage/s3-storage.js';
export type { S3Settings } from './storage/s3-credentials.js';
export type {
  CallOptions as RemoteCallOptions,
  ListedObject,
  ReadOptions,
  RemoteStorage,
  StoredObject,
  WriteCondition,
} from './storage/storage.js';
