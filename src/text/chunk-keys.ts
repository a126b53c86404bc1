import { contentHash } from '../base/index.js';
import type { Oid } from '../model/index.js';

/**
 * Grows when what is made of a chunk's text changes: its grams, its terms, its vector of the bundled embedding. Chunks of an older version are
 * others then, so that none is found with the old terms; indexing's `rulesFingerprint` must grow with it, or no file would be read again.
 */
const analysisVersion = 1;
const analysisMask = contentHash(`analysis\0${analysisVersion}`);

/** Key of a chunk from the hash of what it holds. */
export function chunkKeyOf(content: Uint8Array): Buffer {
  const key = Buffer.from(content);
  for (let i = 0; i < key.length; i++) key[i]! ^= analysisMask[i]!;
  return key;
}

/** And back: what holds of a chunk however it is analysed, as what a model says of it does, is kept under this. */
export const chunkContentOf = chunkKeyOf;

/** Key of a chunk: its text, the number of its language, the definitions it is shown under (encoded), and how it is analysed. */
export const chunkKey = (language: number, symbols: Uint8Array, text: Uint8Array): Buffer =>
  chunkKeyOf(contentHash(Buffer.from([language, symbols.length & 255, symbols.length >>> 8]), symbols, text));

/** Key of a chunk of a text too large for more than exact search. The same text in a smaller file is another chunk, which has words. */
export const exactChunkKey = (text: Uint8Array): Buffer => chunkKeyOf(contentHash('exact only\0', text));

/** Key of the one chunk that stands for a file beyond the last bound, whose text nobody searches. */
export const unsearchedKey = (oid: Oid): Buffer => contentHash(`unsearched\0${oid}`);
