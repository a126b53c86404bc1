import { TimeSlices } from '../../base/index.js';
import type { EmbeddingSpace } from '../../model/index.js';
import { VectorFile, vectorSpaceId } from '../../segment/index.js';
import type { Snapshot, Table } from '../../snapshot/index.js';
import { lengthOf } from '../../vector/index.js';

/** How near the chunks of a snapshot are to a query, in one embedding space. */
export class Similarities {
  constructor(
    private readonly places: Uint32Array,
    /** Of the query's vector and each row, and one over the length of the row, by place. */
    private readonly products: Int32Array,
    private readonly inverses: Float64Array,
    private readonly queryLength: number,
    /** By file. */
    readonly files: FileSimilarities,
  ) {}

  /** Cosine for an occurrence, by position; 0 for one without a vector. */
  chunk(position: number): number {
    const place = this.places[position]!;
    return cosineOf(this.products[place]! * this.inverses[place]!, this.queryLength);
  }
}

/** What the chunks of each file say together, by its position in the snapshot. */
export interface FileSimilarities {
  /** Cosine of the sum of their vectors, each of length 1. */
  readonly cosines: Float64Array;
  /** Sum of their cosines, and the highest of them; 0 where there are none. */
  readonly sums: Float64Array;
  readonly nearest: Float64Array;
}

const cosineOf = (product: number, queryLength: number): number => (queryLength === 0 ? 0 : product / queryLength);

/** What a snapshot is compared in. */
export interface ComparedSpace {
  readonly space: EmbeddingSpace;
  /** Files that are not embedded: a chunk that no other file has counts as one without a vector. */
  readonly isWithheld?: ((path: string) => boolean) | undefined;
}

export interface VectorCoverage {
  /** Share of a snapshot's distinct chunks that have a vector: 0 to 1. */
  readonly share: number;
  /** All of them have one, but for those withheld. */
  readonly isComplete: boolean;
}

export async function vectorCoverage(snapshot: Snapshot, compared: ComparedSpace): Promise<VectorCoverage> {
  const { count, wanted } = await visibleVectors(snapshot, compared);
  return { share: snapshot.docCount === 0 ? 1 : count / snapshot.docCount, isComplete: count === wanted };
}

/** Makes what comparing needs of the snapshot and is kept beside it, where all chunks have a vector. */
export async function prepareVectors(snapshot: Snapshot, compared: ComparedSpace): Promise<void> {
  const vectors = await visibleVectors(snapshot, compared);
  if (vectors.count === snapshot.ranked.count) await whileOpen(vectors, () => fileLengths(snapshot, vectors));
}

/**
 * Compares a query's vector with that of each visible chunk: all of them, so the answer is exact, and nothing but the snapshot
 * and the query decides it.
 */
export async function compareVectors(
  snapshot: Snapshot,
  compared: ComparedSpace,
  query: Int8Array,
  slices: TimeSlices,
): Promise<Similarities> {
  const vectors = await visibleVectors(snapshot, compared);
  // One may have been written anew while this waited.
  if (!vectors.files.every(({ isOpen }) => isOpen)) return compareVectors(snapshot, compared, query, slices);
  return whileOpen(vectors, () => compareAll(snapshot, vectors, query, slices));
}

async function whileOpen<T>({ files }: VisibleVectors, use: () => Promise<T>): Promise<T> {
  for (const file of files) file.retain();
  try {
    return await use();
  } finally {
    for (const file of files) file.release();
  }
}

async function compareAll(
  snapshot: Snapshot,
  vectors: VisibleVectors,
  query: Int8Array,
  slices: TimeSlices,
): Promise<Similarities> {
  const { places, inverses } = vectors;
  const products = new Int32Array(inverses.length);
  for (const { file, number, rows, first } of vectors.blocks) {
    if (slices.isOver) await slices.next();
    const into = products.subarray(first, first + rows.length);
    file.withBlock(number, (block) => block.dotProducts(query, rows, into), vectors.blocks.length);
  }
  const lengths = await fileLengths(snapshot, vectors);
  const { fileStarts } = snapshot;
  const queryLength = lengthOf(query);
  const cosines = new Float64Array(lengths.length);
  const sums = new Float64Array(lengths.length);
  const nearest = new Float64Array(lengths.length);
  for (let file = 0; file < lengths.length; file++) {
    if ((file & 255) === 0 && slices.isOver) await slices.next();
    const end = fileStarts[file + 1]!;
    let sum = 0;
    let most = -Infinity;
    for (let position = fileStarts[file]!; position < end; position++) {
      const place = places[position]!;
      const product = products[place]! * inverses[place]!;
      sum += product;
      if (product > most) most = product;
    }
    sums[file] = cosineOf(sum, queryLength);
    if (most !== -Infinity) nearest[file] = cosineOf(most, queryLength);
    if (lengths[file] !== 0) cosines[file] = sums[file]! / lengths[file]!;
  }
  return new Similarities(places, products, inverses, queryLength, { cosines, sums, nearest });
}

/** Where the vectors of a snapshot's chunks are. */
interface VisibleVectors {
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
  /** For each occurrence, by position: the place of its chunk's row; 0 when there is none. */
  readonly places: Uint32Array;
}

interface VisibleRows {
  readonly file: VectorFile;
  /** The block's. */
  readonly number: number;
  /** In the block, ascending. */
  readonly rows: Uint32Array;
  /** Place of the first. */
  readonly first: number;
}

/** Found once for a snapshot, and again when vectors were added to its segments. */
function visibleVectors(snapshot: Snapshot, { space, isWithheld }: ComparedSpace): Promise<VisibleVectors> {
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
    };
  });
}

/** Rows that are added up between two looks at the clock. */
const rowsAtOnce = 1024;
/** Files whose vectors are added up at a time. */
const filesAtOnce = 4096;
/** More occurrences than they have; two numbers below it fit one. */
const positionsMax = 2 ** 26;
/** Vectors of about this length, of whole components, are added up: exactly, so their order does not matter. */
const unitMax = 2 ** 19;
const shareMax = 2 ** 15 - 1;
/** What rounding a share adds to a component, at most. */
const rounding = 128;

/** The length that a file's vectors are made of, when they are so many: their sums fit 32 bits. */
const unitOf = (count: number): number => Math.min(unitMax, Math.floor(2 ** 31 / count) - rounding);

/** Length of the sum of each file's vectors, each of length 1. Made once for a snapshot. */
function fileLengths(snapshot: Snapshot, vectors: VisibleVectors): Promise<Float64Array> {
  const { spaceId, version } = vectors;
  return snapshot.derived.latest(`vectorLengths:${spaceId}`, version, () =>
    snapshot.tableOf(lengthsTable(snapshot, vectors), () => addUpFiles(snapshot, vectors)),
  );
}

/**
 * Kept where all chunks that are ranked have a vector. The sum of the vectors' squares is that of the same vectors, or of others by a chance that
 * an embedder which is not always the same would have to make.
 */
function lengthsTable(snapshot: Snapshot, { spaceId, count, squareSum }: VisibleVectors): Table<Float64Array> {
  return {
    name: `vectorLengths-2-${spaceId}`,
    of: 'root',
    read: ({ lengths, squares }) => (squares?.[0] === squareSum ? (lengths as Float64Array) : null),
    columns: (lengths) => (count === snapshot.ranked.count ? { lengths, squares: Float64Array.of(squareSum) } : null),
  };
}

async function addUpFiles(snapshot: Snapshot, vectors: VisibleVectors): Promise<Float64Array> {
  const { blocks, count, places } = vectors;
  const { occurrenceFiles, fileStarts } = snapshot;
  const slices = new TimeSlices();
  const fileCount = snapshot.files.length;
  const lengths = new Float64Array(fileCount);
  const dimension = blocks[0]?.file.space.dimension ?? 0;
  const sums = new Int32Array(Math.min(filesAtOnce, fileCount) * dimension);
  const blockOf = new Uint32Array(count + 1);
  blocks.forEach(({ first, rows }, i) => blockOf.fill(i, first, first + rows.length));
  const picked = new Uint32Array(rowsAtOnce);
  const shares = new Int16Array(rowsAtOnce);
  for (let firstFile = 0; firstFile < fileCount; firstFile += filesAtOnce) {
    const endFile = Math.min(firstFile + filesAtOnce, fileCount);
    const start = fileStarts[firstFile]!;
    // In the order of rows, so that each block is read once.
    const order = new Float64Array(fileStarts[endFile]! - start);
    for (let at = 0; at < order.length; at++) order[at] = places[start + at]! * positionsMax + at;
    order.sort();
    sums.fill(0);
    let i = 0;
    while (i < order.length && order[i]! < positionsMax) i++; // without a vector
    while (i < order.length) {
      if (slices.isOver) await slices.next();
      const { file, number, rows, first } = blocks[blockOf[Math.floor(order[i]! / positionsMax)]!]!;
      const end = first + rows.length;
      const from = i;
      file.withBlock(
        number,
        (block) => {
          while (i < order.length && i < from + rowsAtOnce) {
            // A run of one file's rows.
            let ofRun = -1;
            let picks = 0;
            let unit = 0;
            for (; i < Math.min(order.length, from + rowsAtOnce); i++) {
              const place = Math.floor(order[i]! / positionsMax);
              if (place >= end) break;
              const ofThis = occurrenceFiles[start + order[i]! - place * positionsMax]!;
              if (ofThis !== ofRun) {
                if (ofRun >= 0) break;
                ofRun = ofThis;
                unit = unitOf(fileStarts[ofRun + 1]! - fileStarts[ofRun]!);
              }
              picked[picks] = rows[place - first]!;
              shares[picks++] = Math.min(shareMax, Math.round(unit * vectors.inverses[place]!));
            }
            if (picks === 0) break;
            const sumAt = (ofRun - firstFile) * dimension;
            block.addRows(picked, shares, picks, sums.subarray(sumAt, sumAt + dimension));
          }
        },
        blocks.length,
      );
    }
    for (let file = firstFile; file < endFile; file++) {
      const sumAt = (file - firstFile) * dimension;
      const unit = unitOf(fileStarts[file + 1]! - fileStarts[file]!);
      lengths[file] = lengthOf(sums.subarray(sumAt, sumAt + dimension)) / unit;
    }
  }
  return lengths;
}
