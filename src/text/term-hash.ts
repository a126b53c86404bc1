/**
 * The 64-bit key of a term: two 32-bit hashes of its bytes, kept as a pair because JavaScript has no fast 64-bit
 * integer. A dictionary of a million terms has two of one key with a probability of 3e-8; they would share postings,
 * in every index alike, so equality between indexes never depends on it.
 */
export const hashSeedLow = 0x811c9dc5 | 0; // FNV-1a's offset basis
export const hashSeedHigh = 0x9e3779b9 | 0;

export const hashStepLow = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193);
export const hashStepHigh = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x5bd1e995) ^ (hash >>> 15);

export interface TermKey {
  /** Both as unsigned 32-bit integers. */
  readonly high: number;
  readonly low: number;
}

/** The key of a normalised term, which is lower-case. */
export function termKey(term: string): TermKey {
  const bytes = Buffer.from(term, 'utf8');
  let low = hashSeedLow;
  let high = hashSeedHigh;
  for (const byte of bytes) {
    low = hashStepLow(low, byte);
    high = hashStepHigh(high, byte);
  }
  return { high: high >>> 0, low: low >>> 0 };
}
