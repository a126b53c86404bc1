/** From text to vectors: the interface, and what implements it. */
export type { ChunkText, Embedder, EmbeddingSpace } from './embedder.js';
export { bundledSpace, createBundledEmbedder } from './bundled.js';
export { StaticEmbedder } from './static-embedder.js';
export { StaticModel } from './static-model.js';
export type { FieldShares, StaticModelHead } from './static-model.js';
export { looksSecret } from './secrets.js';
