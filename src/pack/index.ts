/** What one store gives another: made of a selection, merged, checked against git's names, taken in under numbers of the store's own. */
export { makePack, mergePacks } from './make-pack.js';
export type { MadePack, PackAbout, PackSelection } from './make-pack.js';
export { blocksStartLength, headLengthOf, isBlock, isInBlocks, packBlockBytes, readBlocksHead } from './pack-blocks.js';
export type { BlocksHead } from './pack-blocks.js';
export { Pack, idKinds, packInvalid } from './pack-format.js';
export type { PackDescription } from './pack-format.js';
export { PackSet } from './take-packs.js';
export type { Wanted } from './take-packs.js';
export { isChunkOf, verifyPack, verifyTrees } from './verify-pack.js';
export type { GitObjects } from './verify-pack.js';
