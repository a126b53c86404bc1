import { TimeSlices, lowerBound } from '../../base/index.js';
import type { BitSet } from '../../base/index.js';
import type { EmbeddingSpace } from '../../model/index.js';
import { VectorFile, vectorSpaceId } from '../../segment/index.js';
import type { Snapshot } from '../../snapshot/index.js';

/** What a snapshot is compared in. */
export interface ComparedSpace {
  readonly space: EmbeddingSpace;
  /** Files that are not embedded: a chunk that no other file has counts as one without a vector. */
  readonly isWithheld?: ((path: string) => boolean) | undefined;
  /**
   * How far a cosine can be from what signs of components tell is known of this embedding. Of another it is not: of vectors that have one large
   * component in common nearly all are nearer than by the bounds that hold here.
   */
  readonly signsTell?: boolean;
}

/** Where the vectors of a snapshot's chunks are. */
export interface VisibleVectors {
  readonly spaceId: string;
  /** Names the files. */
  readonly version: string;
  readonly files: readonly VectorFile[];
  /** The chunks that are compared, where they have one. */
  readonly visible: BitSet;
  readonly parts: readonly VisiblePart[];
  /** How many of them have one. */
  readonly count: number;
  /** Sum of the squares of their lengths: whole numbers, so their order does not matter. */
  readonly squareSum: number;
  /** Chunks that should have one. */
  readonly wanted: number;
  /** All of their rows. Made when they are first asked for. */
  readonly rows: () => Promise<VisibleRows>;
}

/** Those of one segment. */
export interface VisiblePart {
  readonly file: VectorFile;
  readonly docBase: number;
  readonly docEnd: number;
  /** Each of the segment's chunks has one, so that its row is known. */
  readonly isWhole: boolean;
}

export interface VisibleRows {
  readonly blocks: readonly VisibleBlock[];
  /** One over the length of each, by its place, from 1 on; 0 for a row of length 0, and at 0, where what has no row is. */
  readonly inverses: Float64Array;
  /** The position in `blocks` of each row's, by its place. */
  readonly blockOf: Uint32Array;
  /** For each occurrence, by position: the place of its chunk's row; 0 when there is none. */
  readonly places: Uint32Array;
}

export interface VisibleBlock {
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
    const visible = isWithheld === undefined ? snapshot.ranked : snapshot.visibleIn((path) => !isWithheld(path));
    const slices = new TimeSlices();
    const seen = snapshot.segments.segments.filter(({ docBase, docEnd }) => visible.countRange(docBase, docEnd) > 0);
    const files = seen.flatMap((segment) => segment.vectors(spaceId) ?? []);
    await Promise.all(files.map((file) => file.bring('numbers')));
    const parts: VisiblePart[] = [];
    let count = 0;
    let squareSum = 0;
    for (const segment of snapshot.segments.segments) {
      const file = segment.vectors(spaceId);
      if (file === null) continue;
      const { docBase, docEnd, docCount } = segment;
      const visibleCount = visible.countRange(docBase, docEnd);
      if (visibleCount === 0) continue;
      if (slices.isOver) await slices.next();
      const part = { file, docBase, docEnd, isWhole: file.count === docCount };
      parts.push(part);
      const squares = file.squares();
      if (part.isWhole && visibleCount === docCount) {
        squareSum += sumOf(squares);
        count += docCount;
        continue;
      }
      const seen = sumOfVisible(squares, part.isWhole ? null : file.docs(), docBase, visible);
      squareSum += seen.squareSum;
      count += seen.count;
    }
    let rows: Promise<VisibleRows> | undefined;
    return {
      spaceId,
      version,
      files: parts.map(({ file }) => file),
      visible,
      parts,
      count,
      squareSum,
      wanted: visible.count,
      rows: () => (rows ??= rowsOf(snapshot, visible, parts, count)),
    };
  });
}

function sumOf(numbers: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]!;
  return sum;
}

/** Of rows of a segment's chunks those that are visible. It waits for nothing, as a loop in what does is compiled later. `docs`: null for each chunk a row. */
function sumOfVisible(
  squares: Uint32Array,
  docs: Uint32Array | null,
  docBase: number,
  visible: BitSet,
): Pick<VisibleVectors, 'count' | 'squareSum'> {
  let count = 0;
  let squareSum = 0;
  for (let row = 0; row < squares.length; row++) {
    if (!visible.has(docBase + (docs === null ? row : docs[row]!))) continue;
    squareSum += squares[row]!;
    count++;
  }
  return { count, squareSum };
}

async function rowsOf(
  { occurrenceDocs }: Snapshot,
  visible: BitSet,
  parts: readonly VisiblePart[],
  count: number,
): Promise<VisibleRows> {
  const { gap } = visible;
  const { rowsPerBlock } = VectorFile;
  const slices = new TimeSlices();
  const placeOf = new Uint32Array(visible.slotCount);
  const blocks: VisibleBlock[] = [];
  const inverses = new Float64Array(count + 1);
  const blockOf = new Uint32Array(count + 1);
  let next = 1;
  for (const { file, docBase } of parts) {
    const docs = file.docs();
    const squares = file.squares();
    for (let from = 0; from < docs.length; from += rowsPerBlock) {
      if (slices.isOver) await slices.next();
      const end = Math.min(from + rowsPerBlock, docs.length);
      const rows = new Uint32Array(end - from);
      const first = next;
      for (let row = from; row < end; row++) {
        const doc = docBase + docs[row]!;
        if (!visible.has(doc)) continue;
        rows[next - first] = row - from;
        inverses[next] = inverseOf(squares[row]!);
        blockOf[next] = blocks.length;
        placeOf[gap.slot(doc)] = next++;
      }
      if (next === first) continue;
      blocks.push({ file, number: from / rowsPerBlock, rows: rows.slice(0, next - first), first });
    }
  }
  const places = new Uint32Array(occurrenceDocs.length);
  for (let position = 0; position < places.length; position++)
    places[position] = placeOf[gap.slot(occurrenceDocs[position]!)]!;
  return { blocks, inverses, blockOf, places };
}

/** One over the length of a vector; 0 for one of length 0. */
export const inverseOf = (square: number): number => (square === 0 ? 0 : 1 / Math.sqrt(square));

/** The segment's that has a chunk; undefined where none of it has a vector. */
export const partOf = ({ parts }: VisibleVectors, doc: number): VisiblePart | undefined =>
  parts.find(({ docBase, docEnd }) => doc >= docBase && doc < docEnd);

/** Row of a chunk's vector; -1 where it has none. */
export function rowOf({ file, docBase, isWhole }: VisiblePart, doc: number): number {
  if (isWhole) return doc - docBase;
  const docs = file.docs();
  const row = lowerBound(docs, doc - docBase);
  return docs[row] === doc - docBase ? row : -1;
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
