import type * as indexing from '../../indexing/index.js';

/** A search of what is indexed needs none of it, and starts sooner without. */
export const loadIndexing = (): Promise<typeof indexing> => import('../../indexing/index.js');
