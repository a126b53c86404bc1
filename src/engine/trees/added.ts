import type { SegmentSink } from '../../indexing/index.js';
import type { IndexedRev } from '../types.js';

/** What some work added to the store. */
export type Added = Pick<IndexedRev, 'newFiles' | 'newChunks' | 'newBytes'>;

export const nothingAdded: Added = { newFiles: 0, newChunks: 0, newBytes: 0 };

/** What went into a sink so far. */
export const addedTo = ({ newFiles, newChunks, newBytes }: SegmentSink): Added => ({ newFiles, newChunks, newBytes });

export const sumOfAdded = (all: readonly Added[]): Added =>
  all.reduce<Added>(
    (sum, { newFiles, newChunks, newBytes }) => ({
      newFiles: sum.newFiles + newFiles,
      newChunks: sum.newChunks + newChunks,
      newBytes: sum.newBytes + newBytes,
    }),
    nothingAdded,
  );
