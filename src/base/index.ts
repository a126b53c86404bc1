/** What the standard library lacks: bytes, varints, checksums, bit sets, caches, clocks, coded errors. No project nouns. */
export { CoppiceError, assert, errorKinds, systemErrorCode, throwIfAborted } from './errors.js';
export type { ErrorCode, ErrorDetails, ErrorKind } from './errors.js';
export { compareBytewise, decodeBytes, encodeBytes } from './bytes-text.js';
