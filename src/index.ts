export { CoppiceError } from './base/index.js';
export type { ErrorCode, ErrorKind } from './base/index.js';
export { openEngine, openEngines } from './engine/index.js';
export type * from './engine/types.js';
