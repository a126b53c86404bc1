import type { Snapshot } from '../../../snapshot/index.js';
import { backendOf } from '../../backend.js';

/** A term of the index that means about the same as one of the query's. */
export interface AlikeWord {
  /** Its key (see text's `termKey`). */
  readonly high: number;
  readonly low: number;
  /** From 0 to 1. */
  readonly likeness: number;
}

/** For terms of a query, the words that are like them: nearest first. The embedding's vocabulary alone decides. */
export type AlikeWords = ReadonlyMap<string, readonly AlikeWord[]>;

/**
 * For each of some chunks (by doc, ascending) the likeness of the word in it that is most like each word of the query, weighed by how
 * rare that is, as a share of what all words could give: late interaction over single words. Words that the chunk has count 1.
 */
export function alikeShares(
  snapshot: Snapshot,
  docs: Uint32Array,
  alike: AlikeWords,
  idf: ReadonlyMap<string, number>,
  hasTerm: (term: string) => ArrayLike<number>,
): Float64Array {
  const sums = new Float64Array(docs.length);
  const best = new Float64Array(docs.length);
  let most = 0;
  const backend = backendOf(snapshot);
  for (const [term, words] of alike) {
    const weight = idf.get(term) ?? 0;
    if (weight === 0) continue;
    most += weight;
    best.fill(0);
    mark(docs, hasTerm(term), (at) => (best[at] = 1));
    for (const word of words)
      backend.forEachWith(docs, word, (at) => {
        if (word.likeness > best[at]!) best[at] = word.likeness;
      });
    for (let i = 0; i < docs.length; i++) sums[i]! += weight * best[i]!;
  }
  if (most > 0) for (let i = 0; i < docs.length; i++) sums[i]! /= most;
  return sums;
}

/** Calls for the index in `docs` of each that is also in `others`; both ascend. */
function mark(docs: Uint32Array, others: ArrayLike<number>, onBoth: (at: number) => void): void {
  let other = 0;
  for (let at = 0; at < docs.length; at++) {
    while (other < others.length && others[other]! < docs[at]!) other++;
    if (others[other] === docs[at]) onBoth(at);
  }
}
