/** Vectors of signed bytes: how near they are. Pure over bytes. */
export { cosinesOf, lengthOf } from './cosine.js';
export type { VectorRows } from './cosine.js';
