import type { Bm25Parameters } from '../../text/index.js';

/**
 * Every number that ranking depends on. `npm run bench -- quality` measures what a search loses without each signal, and
 * cross-validates the values over repositories: bench/quality/results.md; what was tried and left out is beside it.
 */
export interface RankingSignals {
  /** How the fields of a chunk, or of a whole file, count. */
  readonly bm25: Bm25Parameters;
  /** BM25 of the whole file, beside that of the chunk. */
  readonly fileText: number;
  /** Logarithm of the summed scores of the file's other chunks: a file with many matches is about the matter. */
  readonly fileMatches: number;
  /** An identifier of the query as a whole, beside its words: share of its idf. */
  readonly wholeIdentifier: number;
  /** Neighbouring words of the query as one identifier, likewise: `json reader` finds `JsonReader`. */
  readonly joinedWords: number;
  /** A term in a file's name (without extension), times its idf over paths. */
  readonly fileName: number;
  /** A term in a folder's name, likewise. */
  readonly folderName: number;
  /** The query has the words of a file's name. */
  readonly namesFile: NameSignal;
  /** The query has the words of a definition's name. */
  readonly namesDefinition: NameSignal;
  /** The query is the name of a definition: share of the best score added. */
  readonly definesQuery: number;
  /** It is so with letter case and all, and no variable, field or the like: likewise, besides. */
  readonly definesTyped: number;
  /** A name inside a longer question, or one with its scope, is that of a definition: likewise. */
  readonly definesAsked: number;
  /** A name that is like a word which the snapshot does not have, beside the likeliest one: share of its idf. */
  readonly nearName: number;
  /** The query is, or has, the end of the file's path: share of the best score added. */
  readonly namesPath: number;
  /** The query's words follow one another in the chunk: share of the best score added for all of them. */
  readonly phrase: PhraseSignal;
  /** The chunk's words are like the query's: share of the best score added for the most alike. */
  readonly alike: AlikeSignal;
  /** What the best chunks of the file are worth together, as the root of their summed squares: share of that added. */
  readonly coherence: number;
  /** A header whose source lies beside it (`list.h`, `list.c`) declares what is defined there: factor on the score. */
  readonly headerFile: number;
  /** How meaning counts beside words (hybrid), or beside names and paths alone (semantic). */
  readonly meaning: MeaningSignal;
  readonly meaningAlone: MeaningSignal;
  /** The words of what a model says that the chunk does, beside those of the chunk. */
  readonly description: DescriptionSignal;
  /** How the meaning of that counts, beside the chunk's own. */
  readonly descriptionMeaning: MeaningSignal;
  /** Cosine from which a chunk is found by its meaning alone: below it, unrelated code is as near. */
  readonly nearMin: number;
  /** Factor on what meaning counts in hybrid mode for a query of one word. */
  readonly meaningOfWord: number;
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

export interface MeaningSignal {
  /** What the chunk nearest to the query gets, as a share of what the words of the query can give at most. */
  readonly weight: number;
  /** Exponent on how near a chunk is, 1 being the nearest and 0 the mean of all: how soon less near ones lose. */
  readonly focus: number;
  /** Share of the file as a whole in how near one of its chunks is. */
  readonly whole: number;
  /** Share of the meaning of a file's nearest chunk that each of its chunks gets besides. */
  readonly file: number;
}

export interface DescriptionSignal {
  /** Factor on its BM25. */
  readonly weight: number;
  /** 0: length is ignored, 1: counts are per length. */
  readonly lengthNormalization: number;
}

export interface PhraseSignal {
  readonly weight: number;
  /** Exponent on the share of the query that the run is. */
  readonly focus: number;
}

export interface AlikeSignal {
  readonly weight: number;
  /** Exponent on how alike a chunk is, from the least to the most alike of the best. */
  readonly focus: number;
}

export interface NameSignal {
  /** Share of the best score added for a name that is the query. */
  readonly weight: number;
  /** Exponent on the share of the query that the name says: how much a name loses by saying little of it. */
  readonly ofQuery: number;
  /** Exponent on the share of the name that the query says: how much a name loses by saying other things. */
  readonly ofName: number;
}

export const rankingSignals: RankingSignals = {
  bm25: {
    saturation: 3,
    weight: { body: 0.6, comment: 1, symbol: 2.5 },
    lengthNormalization: { body: 0.3, comment: 0.4, symbol: 0.4 },
  },
  fileText: 0.45,
  fileMatches: 1,
  wholeIdentifier: 0.3,
  joinedWords: 0.75,
  fileName: 1.2,
  folderName: 0.3,
  namesFile: { weight: 0.25, ofQuery: 0.2, ofName: 4 },
  namesDefinition: { weight: 0.3, ofQuery: 0.4, ofName: 2 },
  definesQuery: 0.5,
  definesTyped: 1,
  definesAsked: 0.5,
  nearName: 0.5,
  namesPath: 4,
  phrase: { weight: 1, focus: 4 },
  alike: { weight: 0.5, focus: 1 },
  coherence: 0.1,
  headerFile: 0.85,
  meaning: { weight: 0.15, focus: 1, whole: 0.5, file: 0.5 },
  meaningAlone: { weight: 1, focus: 0.7, whole: 0.25, file: 1.5 },
  description: { weight: 0.6, lengthNormalization: 0.4 },
  descriptionMeaning: { weight: 0.15, focus: 1, whole: 0, file: 0.25 },
  nearMin: 0.3,
  meaningOfWord: 0.5,
  testFile: 0.6,
  vendoredFile: 0.5,
  generatedFile: 0.4,
  exampleFile: 0.75,
  proseFile: 0.75,
  sameFile: 0.5,
};
