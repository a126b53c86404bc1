/** From text to vectors: the interface, and what implements it. */
export type { ChunkText, Embedder } from './embedder.js';
export { bundledSpace, createBundledEmbedder } from './bundled.js';
export { StaticEmbedder } from './static-embedder.js';
export type { NearTerm } from './static-model.js';
export { StaticModel, shareTable } from './static-model.js';
export type { FieldShares, StaticModelHead } from './static-model.js';
export { parseEmbeddingConfig } from './config.js';
export type { EmbeddingConfig, HttpEmbedderConfig, OnnxEmbedderConfig } from './config.js';
export { openEmbedder } from './open-embedder.js';
export type { OpenEmbedderOptions } from './open-embedder.js';
