import { CoppiceError, TimeSlices, throwIfAborted } from '../../base/index.js';
import { vectorSpaceId } from '../../segment/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { compareVectors, vectorCoverage } from '../../search/index.js';
import type { Similarities } from '../../search/index.js';
import { comparedSpace, toldOf } from '../shared/embeddings.js';
import type { SharedStore } from '../shared/shared-store.js';
import { loadIndexing } from '../shared/load-indexing.js';
import type { CallOptions, SearchEffort } from '../types.js';

/** What vectors say of a query, and of how many of the snapshot's chunks: 0 to 1. */
export interface Meaning {
  readonly similarities: Similarities | null;
  readonly coverage: number;
}

interface MeaningCall extends CallOptions {
  /** `fast`: no endpoint is asked. */
  readonly effort?: SearchEffort;
}

/**
 * Calls `use` with what vectors say of a query, which holds until it is done. Where they turn out to be damaged they are made again, and it is
 * called anew.
 */
export async function withMeaning<T>(
  shared: SharedStore,
  snapshot: Snapshot,
  words: string,
  call: MeaningCall,
  use: (meaning: Meaning) => Promise<T>,
): Promise<T> {
  const compareAndUse = async (seeing: Promise<Snapshot>): Promise<T> => {
    const meaning = await compare(shared, await seeing, words, call);
    try {
      return await use(meaning);
    } finally {
      meaning.similarities?.release();
    }
  };
  try {
    return await compareAndUse(seeingVectors(shared, snapshot));
  } catch (error) {
    if (!(error instanceof CoppiceError) || error.code !== 'STORE_CORRUPT') throw error;
    // Vectors can be made again; if it was something else that is damaged, it is found once more.
    const { dropDamagedVectors } = await loadIndexing();
    const { embeddings, snapshots } = shared;
    const spaces = (await embeddings.all()).map(({ space }) => vectorSpaceId(space));
    await shared.asWriter(call, () => {
      for (const space of spaces) dropDamagedVectors(snapshots, space);
      return Promise.resolve();
    });
    return compareAndUse(latestOf(shared, snapshot));
  }
}

/** The same for who keeps it; to be released. */
export const meaningOf = async (
  shared: SharedStore,
  snapshot: Snapshot,
  words: string,
  call: MeaningCall,
): Promise<Meaning> => compare(shared, await seeingVectors(shared, snapshot), words, call);

/** The snapshot itself when it has all vectors of the embedder that the user wants, else the latest of it; retained. */
async function seeingVectors(shared: SharedStore, snapshot: Snapshot): Promise<Snapshot> {
  const [wanted] = await shared.embeddings.all();
  const isComplete = wanted === undefined || (await vectorCoverage(snapshot, comparedSpace(wanted))).isComplete;
  return isComplete ? snapshot.retain() : latestOf(shared, snapshot);
}

/** Segments that were merged meanwhile get no more vectors. An occurrence's position is the same in both: the tree's. */
const latestOf = ({ snapshots }: SharedStore, snapshot: Snapshot): Promise<Snapshot> =>
  snapshots.openLatest(snapshot.root, snapshot);

/**
 * Compares a query with the chunks of a snapshot by their vectors: those of the embedder that the user named, once it has made
 * them all, else those of the bundled one. Releases the snapshot.
 */
async function compare(shared: SharedStore, snapshot: Snapshot, words: string, call: MeaningCall): Promise<Meaning> {
  const { embeddings } = shared;
  let best: Meaning = { similarities: null, coverage: 0 };
  try {
    for (const embedder of await embeddings.all()) {
      if (embedder.isRemote && call.effort === 'fast') continue;
      const { share, isComplete } = await embeddings.cover(snapshot, embedder, call);
      if (share <= best.coverage && !isComplete) continue;
      if (words === '') return { similarities: null, coverage: share };
      try {
        const vector = await embedder.embedQuery(words, call.signal);
        const slices = new TimeSlices(call.signal);
        const similarities = await compareVectors(snapshot, comparedSpace(embedder), vector, slices);
        best.similarities?.release();
        best = { similarities, coverage: share };
      } catch (error) {
        throwIfAborted(call.signal);
        if (!embedder.isRemote) throw error;
        shared.note(`the query could not be embedded: ${toldOf(error)}`);
        continue;
      }
      if (isComplete) break;
    }
    return best;
  } catch (error) {
    best.similarities?.release();
    throw error;
  } finally {
    snapshot.release();
  }
}
