/** Here is a blob: give me symbols and chunks. Only reader of `grammars/`. Never fails on broken code. */
export { classifyText, isBinary, parseBytesMax } from './classify.js';
export type { TextClass } from './classify.js';
export { chunkByLines, createChunker, parseWorkMax } from './chunker.js';
export type { ChunkOptions, Chunker } from './chunker.js';
export { declarationOf } from './declaration.js';
export type { Declaration, LineOf } from './declaration.js';
export {
  dependsOnNeighbours,
  languageOf,
  languageOfContent,
  languageOfPath,
  neighbourhoodOf,
} from './language/language-of.js';
export type { Neighbourhood, PathLanguage } from './language/language-of.js';
export { cutLargeText } from './large-text.js';
