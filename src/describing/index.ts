/** What a model says that chunks do: made once for a chunk's content, kept, and found by its words. */
export { describeChunks, requestFor } from './describe.js';
export type { DescribeOptions, Described } from './describe.js';
export { DescribedSnapshot, DescriptionIndex } from './description-index.js';
export { chunkContents, undescribedChunks } from './missing.js';
export type { UndescribedChunk } from './missing.js';
export { describerId } from './prompt.js';
