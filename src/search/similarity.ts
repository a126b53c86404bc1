import { TimeSlices } from '../base/index.js';
import { vectorSpaceId } from '../segment/index.js';
import type { VectorSpace } from '../segment/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { addCosines, lengthOf } from '../vector/index.js';

/** How near the chunks of a snapshot are to a query, in one embedding space. */
export interface Similarities {
  /** Cosine for each occurrence, by position; 0 for one without a vector. */
  readonly chunks: Float64Array;
  /** Cosine of the sum of each file's vectors, each of length 1, by the file's position. */
  readonly files: Float64Array;
}

/** Share of a snapshot's distinct chunks that have a vector in a space. */
export function vectorCoverage(snapshot: Snapshot, space: VectorSpace): number {
  const spaceId = vectorSpaceId(space);
  return snapshot.derived.once(`vectorCoverage:${spaceId}:${vectorVersion(snapshot, spaceId)}`, () => {
    let covered = 0;
    for (const segment of snapshot.segments.segments) {
      const docs = segment.vectors(spaceId)?.docs ?? [];
      for (const doc of docs) if (snapshot.visible.has(segment.docBase + doc)) covered++;
    }
    return snapshot.docCount === 0 ? 1 : covered / snapshot.docCount;
  });
}

/** Changes when vectors are added to a segment of the snapshot. */
const vectorVersion = ({ segments }: Snapshot, spaceId: string): number =>
  segments.segments.reduce((sum, segment) => sum + (segment.vectors(spaceId)?.docs.length ?? 0), 0);

/**
 * Compares a query's vector with that of each visible chunk: all of them, so the answer is exact, and nothing but the snapshot
 * and the query decides it.
 */
export async function compareVectors(
  snapshot: Snapshot,
  space: VectorSpace,
  query: Int8Array,
  slices: TimeSlices,
): Promise<Similarities> {
  const spaceId = vectorSpaceId(space);
  const { visible, occurrenceFiles } = snapshot;
  const chunks = new Float64Array(snapshot.occurrenceDocs.length);
  const queryLength = lengthOf(query);
  for (const segment of snapshot.segments.segments) {
    const vectors = segment.vectors(spaceId);
    if (vectors === null || visible.countRange(segment.docBase, segment.docEnd) === 0) continue;
    for (const { block, rows, docs } of vectors.blocks((doc) => visible.has(segment.docBase + doc))) {
      if (slices.isOver) await slices.next();
      let at = 0;
      addCosines(query, queryLength, block, rows, (_, cosine) => {
        const doc = segment.docBase + docs[at++]!;
        if (cosine !== 0) snapshot.forEachOccurrence(doc, (position) => (chunks[position] = cosine));
      });
    }
  }
  const lengths = await fileLengths(snapshot, spaceId);
  const files = new Float64Array(lengths.length);
  for (let position = 0; position < chunks.length; position++) files[occurrenceFiles[position]!]! += chunks[position]!;
  for (let file = 0; file < files.length; file++) files[file] = lengths[file] === 0 ? 0 : files[file]! / lengths[file]!;
  return { chunks, files };
}

/** Length of the sum of each file's vectors, each of length 1. Made once for a snapshot, in the order of its chunks. */
function fileLengths(snapshot: Snapshot, spaceId: string): Promise<Float64Array> {
  const key = `vectorLengths:${spaceId}:${vectorVersion(snapshot, spaceId)}`;
  return snapshot.derived.once(key, async () => {
    const { occurrenceDocs, occurrenceFiles, segments } = snapshot;
    const lengths = new Float64Array(snapshot.files.length);
    const slices = new TimeSlices();
    let sum = new Float64Array(0);
    const finish = (file: number): void => {
      let squares = 0;
      for (const value of sum) squares += value * value;
      lengths[file] = Math.sqrt(squares);
      sum.fill(0);
    };
    for (let position = 0; position < occurrenceDocs.length; position++) {
      if ((position & 127) === 0 && slices.isOver) await slices.next();
      const doc = occurrenceDocs[position]!;
      const segment = segments.segmentOfDoc(doc);
      const vector = segment.vectors(spaceId)?.vectorOf(doc - segment.docBase);
      if (vector !== undefined && vector !== null) {
        if (sum.length === 0) sum = new Float64Array(vector.length);
        const length = lengthOf(vector);
        if (length > 0) for (let c = 0; c < vector.length; c++) sum[c]! += vector[c]! / length;
      }
      const file = occurrenceFiles[position]!;
      if (occurrenceFiles[position + 1] !== file) finish(file);
    }
    return lengths;
  });
}
