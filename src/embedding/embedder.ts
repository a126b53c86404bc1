import type { EmbeddingSpace } from '../model/index.js';

/** What of a chunk is embedded: nothing in which two places of one chunk could differ, as a chunk is embedded once. */
export interface ChunkText {
  readonly text: string;
  /** See model's table of languages. */
  readonly language: string;
  /** Names of the definitions in it. */
  readonly symbols: readonly string[];
  /** Names of the definitions around it. */
  readonly scopes: readonly string[];
}

/**
 * Makes vectors. All are signed bytes: a vector times any positive factor means the same, similarity being the cosine. A
 * vector of zeros is like nothing: that of a text with nothing in it.
 */
export interface Embedder {
  readonly space: EmbeddingSpace;
  /** Texts leave this process for an endpoint that the user named. */
  readonly isRemote: boolean;
  embedQuery(text: string, signal?: AbortSignal): Promise<Int8Array>;
  /** In the order of the chunks. */
  embedChunks(chunks: readonly ChunkText[], signal?: AbortSignal): Promise<Int8Array[]>;
  close(): Promise<void>;
}
