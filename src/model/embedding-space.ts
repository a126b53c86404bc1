/**
 * Names an embedding space. Vectors of different spaces are never compared: a store keeps them apart by all three.
 */
export interface EmbeddingSpace {
  /** `coppice-code`, `nomic-embed-text`, … */
  readonly model: string;
  /** Which version of the model, as its maker or the user calls it; may be empty. */
  readonly revision: string;
  /** Components of a vector. */
  readonly dimension: number;
}
