import { DotKernel } from './dot-kernel.js';

/** Square of the length of a vector. */
export function squareOf(vector: Int8Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return sum;
}

/** Length of a vector; of signed bytes the root of a whole number, so the same on every machine. */
export const lengthOf = (vector: Int8Array | Float64Array): number => Math.sqrt(squareOf(vector));

/** Rows of vectors of one dimension, one after the other, and the length of each. */
export interface VectorRows {
  readonly rows: Int8Array;
  readonly lengths: Float64Array;
}

let kernel: DotKernel | null = null;
let products = new Int32Array(0);

/** The products of a query and the rows of `wanted` (ascending), into `into`: whole numbers. */
export function dotProducts(query: Int8Array, { rows }: VectorRows, wanted: Uint32Array, into: Int32Array): void {
  (kernel ??= new DotKernel()).dotProducts(query, rows, wanted, into);
}

/**
 * The cosines of a query and the rows of `wanted` (ascending), into `cosines`. The products are whole numbers, so an answer depends
 * on the two vectors alone. A vector of zeros has cosine 0 with any.
 */
export function cosinesOf(
  query: Int8Array,
  { rows, lengths }: VectorRows,
  wanted: Uint32Array,
  cosines: Float64Array,
): void {
  if (products.length < wanted.length) products = new Int32Array(wanted.length);
  dotProducts(query, { rows, lengths }, wanted, products);
  const queryLength = lengthOf(query);
  for (let i = 0; i < wanted.length; i++) {
    const length = lengths[wanted[i]!]! * queryLength;
    cosines[i] = length === 0 ? 0 : products[i]! / length;
  }
}
