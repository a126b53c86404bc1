import { TimeSlices } from '../../base/index.js';
import type { EmbeddingSpace } from '../../model/index.js';
import { VectorFile, vectorSpaceId } from '../../segment/index.js';
import type { Snapshot } from '../../snapshot/index.js';

/** What a snapshot is compared in. */
export interface ComparedSpace {
  readonly space: EmbeddingSpace;
  /** Files that are not embedded: a chunk that no other file has counts as one without a vector. */
  readonly isWithheld?: ((path: string) => boolean) | undefined;
}

/** Where the vectors of a snapshot's chunks are. */
export interface VisibleVectors {
  readonly spaceId: string;
  /** Names the files. */
  readonly version: string;
  readonly files: readonly VectorFile[];
  readonly blocks: readonly VisibleRows[];
  /** Rows of all blocks. */
  readonly count: number;
  /** One over the length of each, by its place, from 1 on; 0 for a row of length 0, and at 0, where what has no row is. */
  readonly inverses: Float64Array;
  /** Sum of the squares of the lengths: whole numbers, so their order does not matter. */
  readonly squareSum: number;
  /** Chunks that should have one. */
  readonly wanted: number;
  /** The position in `blocks` of each row's, by its place. */
  readonly blockOf: Uint32Array;
  /** For each occurrence, by position: the place of its chunk's row; 0 when there is none. */
  readonly places: Uint32Array;
}

export interface VisibleRows {
  readonly file: VectorFile;
  /** The block's. */
  readonly number: number;
  /** In the block, ascending. */
  readonly rows: Uint32Array;
  /** Place of the first. */
  readonly first: number;
}

/** Found once for a snapshot, and again when vectors were added to its segments. */
export function visibleVectors(snapshot: Snapshot, { space, isWithheld }: ComparedSpace): Promise<VisibleVectors> {
  const spaceId = vectorSpaceId(space);
  const version = snapshot.segments.segments.map((segment) => segment.vectors(spaceId)?.serial ?? '').join();
  return snapshot.derived.latest(`vectors:${spaceId}`, version, async () => {
    const { occurrenceDocs, segments } = snapshot;
    const visible = isWithheld === undefined ? snapshot.ranked : snapshot.visibleIn((path) => !isWithheld(path));
    const { gap } = visible;
    const { rowsPerBlock } = VectorFile;
    const slices = new TimeSlices();
    const placeOf = new Uint32Array(visible.slotCount);
    const files: VectorFile[] = [];
    const blocks: VisibleRows[] = [];
    const inverses = new Float64Array(visible.count + 1);
    let next = 1;
    let squareSum = 0;
    for (const segment of segments.segments) {
      const file = segment.vectors(spaceId);
      if (file === null || visible.countRange(segment.docBase, segment.docEnd) === 0) continue;
      const docs = file.docs();
      const squares = file.squares(0, docs.length);
      const { docBase } = segment;
      files.push(file);
      for (let from = 0; from < docs.length; from += rowsPerBlock) {
        if (slices.isOver) await slices.next();
        const end = Math.min(from + rowsPerBlock, docs.length);
        const rows = new Uint32Array(end - from);
        const first = next;
        for (let row = from; row < end; row++) {
          const doc = docBase + docs[row]!;
          if (!visible.has(doc)) continue;
          rows[next - first] = row - from;
          const square = squares[row]!;
          squareSum += square;
          if (square > 0) inverses[next] = 1 / Math.sqrt(square);
          placeOf[gap.slot(doc)] = next++;
        }
        if (next === first) continue;
        blocks.push({ file, number: from / rowsPerBlock, rows: rows.slice(0, next - first), first });
      }
    }
    const places = new Uint32Array(occurrenceDocs.length);
    for (let position = 0; position < places.length; position++)
      places[position] = placeOf[gap.slot(occurrenceDocs[position]!)]!;
    const blockOf = new Uint32Array(next);
    blocks.forEach(({ first, rows }, i) => blockOf.fill(i, first, first + rows.length));
    return {
      spaceId,
      version,
      files,
      blocks,
      count: next - 1,
      inverses: inverses.slice(0, next),
      squareSum,
      wanted: visible.count,
      places,
      blockOf,
    };
  });
}

/** Keeps the files open that long. */
export async function whileOpen<T>({ files }: VisibleVectors, use: () => Promise<T>): Promise<T> {
  for (const file of files) file.retain();
  try {
    return await use();
  } finally {
    for (const file of files) file.release();
  }
}
