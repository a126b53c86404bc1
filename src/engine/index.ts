/** The API boundary: open, index, fork, search, gc; plain data in and out; no transport. */
export type * from './types.js';
export { openEngine, openEngines } from './engines.js';
