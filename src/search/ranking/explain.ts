import type { Snapshot } from '../../snapshot/index.js';
import { inverseDocumentFrequency } from '../../text/index.js';
import type { Question } from '../query/question.js';
import type { RankedHit } from './candidate.js';

/** What gave a hit its score: the sum of the points, times `fileKind`, times `repeat`. */
export interface Explained {
  readonly points: Readonly<
    Record<
      | 'words'
      | 'path'
      | 'file'
      | 'meaning'
      | 'description'
      | 'definition'
      | 'fileName'
      | 'askedFile'
      | 'phrase'
      | 'alike'
      | 'coherence',
      number
    >
  >;
  readonly fileKind: number;
  readonly repeat: number;
  readonly confidence: number;
  readonly terms: readonly {
    readonly term: string;
    readonly idf: number;
    readonly code: number;
    readonly comments: number;
    readonly names: number;
  }[];
}

/** Says what gave a hit of a question its score. */
export function explainHit(snapshot: Snapshot, { words, nearWords, postings }: Question, hit: RankedHit): Explained {
  const { text, path, about, meaning, described, gains, factor, repeat, confidence, doc } = hit;
  const terms = new Set(
    [...words, ...nearWords].flatMap(({ parts, whole }) => (whole === null ? parts : [...parts, whole])),
  );
  return {
    points: { words: text, path, file: about, meaning, description: described, ...gains },
    fileKind: factor,
    repeat,
    confidence,
    terms: [...terms].flatMap((term) => {
      const { docs, frequencies } = postings(term);
      const at = docs.indexOf(doc);
      if (at < 0) return [];
      const packed = frequencies[at]!;
      const idf = inverseDocumentFrequency(snapshot.docCount, docs.length);
      return [{ term, idf, code: packed & 15, comments: (packed >>> 4) & 3, names: packed >>> 6 }];
    }),
  };
}
