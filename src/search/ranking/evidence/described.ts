import type { TimeSlices } from '../../../base/index.js';
import type { Snapshot } from '../../../snapshot/index.js';
import { fieldFrequency, inverseDocumentFrequency, saturate } from '../../../text/index.js';
import type { VisiblePostings } from '../../term-postings.js';
import type { Question } from '../../query/question.js';
import type { QueryTermWeights } from '../../query/query-terms.js';
import type { RankingSignals } from '../ranking-signals.js';

/** What a model says that a snapshot's chunks do. */
export interface Descriptions {
  /** Chunks that are described. */
  readonly count: number;
  /** In terms. */
  readonly meanLength: number;
  lengthOf(doc: number): number;
  /** Of a term in descriptions; ascending by doc id. */
  postings(term: string): VisiblePostings;
}

/**
 * Whether descriptions are asked: not for a question that is the name of something that the snapshot defines, which is found by its
 * name, whatever is said of others.
 */
export function asksDescriptions({ words, postings }: Question): boolean {
  const [word] = words;
  if (words.length !== 1 || word === undefined) return words.length > 0;
  const term = word.whole ?? word.parts[0];
  return term === undefined || !postings(term).frequencies.some((packed) => packed >>> 6 !== 0);
}

/** BM25 of each chunk's description, by position. Statistics are over what is described. Sums as in `gatherEvidence`. */
export async function gatherDescriptions(
  snapshot: Snapshot,
  descriptions: Descriptions,
  terms: QueryTermWeights,
  signals: RankingSignals,
  slices: TimeSlices,
): Promise<Float64Array> {
  const { weight, lengthNormalization } = signals.description;
  const { count, meanLength } = descriptions;
  const said = new Float64Array(snapshot.occurrenceDocs.length);
  for (const [term, share] of terms) {
    const { docs, frequencies } = descriptions.postings(term);
    const idf = inverseDocumentFrequency(count, docs.length);
    for (const [i, doc] of docs.entries()) {
      if ((i & 255) === 0 && slices.isOver) await slices.next();
      const length = descriptions.lengthOf(doc);
      const frequency = fieldFrequency(frequencies[i]!, 1, lengthNormalization, length, meanLength);
      const gain = weight * share * idf * saturate(frequency, signals.bm25.saturation);
      snapshot.forEachOccurrence(doc, (position) => (said[position]! += gain));
    }
  }
  return said;
}
