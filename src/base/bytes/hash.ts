import { createHash } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';

/** CRC-32 (IEEE 802.3), as in gzip: our checksum of pages and journal frames. */
export function crc32(bytes: Uint8Array): number {
  return zlibCrc32(bytes);
}

/** Bytes of a content hash: SHA-256 cut to 128 bits. */
export const contentHashLength = 16;

/** Identity of content in a store. The parts are hashed one after the other; frame them if they could run together. */
export function contentHash(...parts: (Uint8Array | string)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest().subarray(0, contentHashLength);
}
