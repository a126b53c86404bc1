/** What the standard library lacks: bytes, varints, checksums, bit sets, caches, clocks, coded errors. No project nouns. */
export { collectBatches, forwarded } from './batches.js';
export type { Batches } from './batches.js';
export { BitSet, Gap } from './bit-set.js';
export { ByteReader } from './byte-reader.js';
export { ByteWriter } from './byte-writer.js';
export { withCaret } from './caret.js';
export { compareBytewise, decodeBytes, encodeBytes, startOf } from './bytes-text.js';
export { closest, editDistance } from './closest.js';
export { collectGarbage } from './collect-garbage.js';
export { elapsedMs, jittered, nowMs, sleep, uniqueSuffix } from './clock.js';
export {
  CoppiceError,
  asCoppiceError,
  assert,
  errorKinds,
  exhaustedError,
  isExhausted,
  systemErrorCode,
  throwIfAborted,
} from './errors.js';
export type { ErrorCode, ErrorDetails, ErrorKind } from './errors.js';
export { GenerationCache } from './generation-cache.js';
export { contentHash, contentHashLength, crc32 } from './hash.js';
export { HashIndex, hasSharedKey } from './hash-index.js';
export type { SharedKeys } from './hash-index.js';
export { IdleTimer } from './idle-timer.js';
export { lowerBound } from './lower-bound.js';
export { LruCache } from './lru.js';
export { memoryLimit, ownMemoryLimit } from './memory-limit.js';
export { inRequest, waitAside, waitedMs } from './request-scope.js';
export type { RequestScope } from './request-scope.js';
export { TimeSlices } from './time-slices.js';
export { yieldToEventLoop } from './turns.js';
