/** Here is an address: give me its objects, and swing its names by one conditional write. Only one that talks to a remote. */
export { openStorage } from './open-storage.js';
export { remoteInvalid } from './remote-errors.js';
export { S3Storage } from './s3-storage.js';
export type { S3Settings } from './s3-credentials.js';
export type {
  CallOptions as RemoteCallOptions,
  ListedObject,
  ReadOptions,
  RemoteStorage,
  StoredObject,
  WriteCondition,
} from './storage.js';
