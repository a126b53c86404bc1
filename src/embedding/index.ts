/** From text to vectors: the interface, and what implements it. */
export type { ChunkText, Embedder, EmbeddingSpace } from './embedder.js';
export { StaticEmbedder } from './static-embedder.js';
export { StaticModel } from './static-model.js';
export type { FieldShares, StaticModelHead } from './static-model.js';
