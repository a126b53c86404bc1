/** Vectors of signed bytes: how near they are. Pure over bytes. */
export { cosinesOf, dotProducts, lengthOf, squareOf } from './cosine.js';
export { SumKernel } from './sum-kernel.js';
export type { VectorRows } from './cosine.js';
