/** What the standard library lacks: bytes, varints, checksums, bit sets, caches, clocks, coded errors. No project nouns. */
export { collectBatches, forwarded } from './collections/batches.js';
export type { Batches } from './collections/batches.js';
export { BitSet, Gap } from './collections/bit-set.js';
export { ByteReader } from './bytes/byte-reader.js';
export { ByteWriter } from './bytes/byte-writer.js';
export { withCaret } from './bytes/caret.js';
export { compareBytewise, decodeBytes, encodeBytes, startOf } from './bytes/bytes-text.js';
export { closest, editDistance } from './collections/closest.js';
export { collectGarbage } from './collect-garbage.js';
export { elapsedMs, jittered, nowMs, sleep, uniqueSuffix } from './time/clock.js';
export {
  CoppiceError,
  asCoppiceError,
  assert,
  assertNotExhausted,
  errorKinds,
  exhaustedError,
  isExhausted,
  messageOf,
  systemErrorCode,
  throwIfAborted,
} from './errors.js';
export type { ErrorCode, ErrorDetails, ErrorKind } from './errors.js';
export { GenerationCache } from './collections/generation-cache.js';
export { contentHash, contentHashLength, crc32 } from './bytes/hash.js';
export { HashIndex, hasSharedKey } from './collections/hash-index.js';
export type { SharedKeys } from './collections/hash-index.js';
export { IdleTimer } from './time/idle-timer.js';
export { lowerBound } from './collections/lower-bound.js';
export { LruCache } from './collections/lru.js';
export { memoryLimit, ownMemoryLimit } from './memory-limit.js';
export { inRequest, waitAside, waitedMs } from './request-scope.js';
export type { RequestScope } from './request-scope.js';
export { TimeSlices } from './time/time-slices.js';
export { yieldToEventLoop } from './time/turns.js';
