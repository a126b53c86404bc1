import type { Bm25Parameters } from '../text/index.js';

/**
 * Every number that ranking depends on. Each was chosen by cross-validation over repositories with
 * `npm run bench:quality`, which also prints what a search loses without it; the figures are in bench/quality/results.md.
 */
export interface RankingSignals {
  readonly bm25: Bm25Parameters;
  /** A query term in a file's name (without extension), times its idf over paths. */
  readonly fileName: number;
  /** A query term in a folder's name, likewise. */
  readonly folderName: number;
  /** All words of the query make up the file's name, or the name all of the query: share of the best score added. */
  readonly wholeFileName: number;
  /** A word of the query is, in full, the name of something the chunk defines: share of the best score added. */
  readonly definesTerm: number;
  /** The whole query is that name. */
  readonly definesQuery: number;
  /** Part of the score that a chunk loses when none of the query's weight is in it (0: none, 1: all). */
  readonly coverage: number;
  /** Query words next to each other, in order: share of the score added. */
  readonly proximity: number;
  /** Part of the summed scores of its file's other chunks that a chunk shares in. */
  readonly fileEvidence: number;
  /** Factors on the score by what kind of file it is. */
  readonly testFile: number;
  readonly vendoredFile: number;
  readonly generatedFile: number;
  readonly exampleFile: number;
  /** Prose and data, when the query is about code: documentation, JSON, YAML, lock files. */
  readonly proseFile: number;
  /** Factor on each further hit from a file that has been listed already. */
  readonly sameFile: number;
}

export const rankingSignals: RankingSignals = {
  bm25: {
    saturation: 1.2,
    weight: { body: 1, comment: 1.2, symbol: 2.5 },
    lengthNormalization: { body: 0.6, comment: 0.4, symbol: 0.3 },
  },
  fileName: 0.8,
  folderName: 0.25,
  wholeFileName: 0.3,
  definesTerm: 0.15,
  definesQuery: 0.6,
  coverage: 0.4,
  proximity: 0.1,
  fileEvidence: 0.15,
  testFile: 0.55,
  vendoredFile: 0.5,
  generatedFile: 0.4,
  exampleFile: 0.75,
  proseFile: 0.75,
  sameFile: 0.65,
};
