import { TimeSlices } from '../base/index.js';
import type { Embedder } from '../embedding/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { compareVectors, vectorCoverage } from '../search/index.js';
import type { Query, Similarities } from '../search/index.js';
import type { Session } from './session.js';
import { loadIndexing } from './shared-store.js';
import type { CallOptions } from './types.js';

/** What vectors say of a query, and of how many of the snapshot's chunks: 0 to 1. */
export interface Meaning {
  readonly similarities: Similarities | null;
  readonly coverage: number;
}

/**
 * Compares a query with the chunks of a snapshot by their vectors. Chunks come with their vectors of the bundled embedding; those that
 * were indexed before there was one get theirs now, which takes 0.1 ms each.
 */
export async function meaningOf(
  session: Session,
  snapshot: Snapshot,
  query: Query,
  call: CallOptions,
): Promise<Meaning> {
  const embedder = await session.shared.embedder();
  if (embedder === null) return { similarities: null, coverage: 0 };
  const coverage = await cover(session, snapshot, embedder, call);
  const text = query.ranking.map((term) => term.text).join(' ');
  if (text === '' || coverage === 0) return { similarities: null, coverage };
  const vector = await embedder.embedQuery(text, call.signal);
  return {
    similarities: await compareVectors(snapshot, embedder.space, vector, new TimeSlices(call.signal)),
    coverage,
  };
}

/** Makes the vectors that are missing, where that is quick. What a snapshot had no vectors for is searched by its words all the same. */
async function cover(session: Session, snapshot: Snapshot, embedder: Embedder, call: CallOptions): Promise<number> {
  const coverage = vectorCoverage(snapshot, embedder.space);
  if (coverage === 1 || embedder.isRemote) return coverage;
  const { embedMissing } = await loadIndexing();
  const { shared } = session;
  try {
    await shared.asWriter(call, () => embedMissing(shared.snapshots, snapshot, embedder, { signal: call.signal }));
  } catch (error) {
    if (call.signal?.aborted === true) throw error;
    shared.note(`vectors are missing and could not be made: ${error instanceof Error ? error.message : String(error)}`);
  }
  return vectorCoverage(snapshot, embedder.space);
}
