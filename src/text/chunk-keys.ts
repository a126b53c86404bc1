import { contentHash } from '../base/index.js';
import type { Oid } from '../model/index.js';

/**
 * Grows when what is made of a chunk's text changes: its grams, its terms, its vector of the bundled embedding. Chunks of an older version are
 * others then, so that none is found with the old terms; indexing's `rulesFingerprint` must grow with it, or no file would be read again.
 */
const analysisVersion = 1;
const analysisMask = contentHash(`analysis\0${analysisVersion}`);

/** A chunk's key from the hash of what it holds, and that from the key. */
function masked(bytes: Uint8Array): Buffer {
  const other = Buffer.from(bytes);
  for (let i = 0; i < other.length; i++) other[i]! ^= analysisMask[i]!;
  return other;
}

/** Names what a chunk with a key holds (base64url), however it is analysed: what a model says of it is kept under this name. */
export const contentNameOf = (key: Uint8Array): string => masked(key).toString('base64url');

/** The key of the chunk that holds what has a name. */
export const keyOfContentName = (name: string): Buffer => masked(Buffer.from(name, 'base64url'));

/** Key of a chunk: its text, the number of its language, the definitions it is shown under (encoded), and how it is analysed. */
export const chunkKey = (language: number, symbols: Uint8Array, text: Uint8Array): Buffer =>
  masked(contentHash(Buffer.from([language, symbols.length & 255, symbols.length >>> 8]), symbols, text));

/** Key of a chunk of a text too large for more than exact search. The same text in a smaller file is another chunk, which has words. */
export const exactChunkKey = (text: Uint8Array): Buffer => masked(contentHash('exact only\0', text));

/** Key of the one chunk that stands for a file beyond the last bound, whose text nobody searches. */
export const unsearchedKey = (oid: Oid): Buffer => contentHash(`unsearched\0${oid}`);
