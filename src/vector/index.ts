/** Vectors of signed bytes: how near they are. Pure over bytes. */
export { lengthOf, squareOf } from './length.js';
export { RowMemory } from './row-memory.js';
export type { RowBlock } from './row-memory.js';
export { SignCodes, SignQuery } from './sign-codes.js';
export { SumKernel } from './sum-kernel.js';
