/** Text to terms and grams, posting lists and back, and BM25. Pure over bytes. */
export { Analyzer, packFrequencies } from './analyzer.js';
export type { ChunkAnalysis, ChunkPostings, CommentSyntax } from './analyzer.js';
export { fieldFrequency, inverseDocumentFrequency, saturate } from './bm25.js';
export type { Bm25Parameters, FieldValues } from './bm25.js';
export { chunkKey, contentNameOf, exactChunkKey, keyOfContentName, unsearchedKey } from './chunk-keys.js';
export { chunkNames } from './chunk-names.js';
export {
  identifierTerms,
  splitIdentifier,
  stemsOf,
  termsOfIdentifier,
  textTerms,
  wordPattern,
  wordTerms,
  wordsOf,
} from './identifier.js';
export { lexicalPlaces } from './lexical-places.js';
export type { LexicalPlace } from './lexical-places.js';
export {
  isDenseGramList,
  readGramPostings,
  readTermPostings,
  retainGramPostings,
  selectGramPostings,
  selectTermPostings,
  writeGramPostings,
  writeTermPosting,
} from './postings.js';
export { foldWord, isUnsegmented } from './script.js';
export { stem } from './stem.js';
export { hashSeedHigh, hashSeedLow, hashStepHigh, hashStepLow, termKey } from './term-hash.js';
export type { TermKey } from './term-hash.js';
