import { TimeSlices } from '../../base/index.js';
import type { Snapshot, Table } from '../../snapshot/index.js';
import { SignCodes, lengthOf } from '../../vector/index.js';
import type { VisibleVectors } from './visible-vectors.js';

/** What the vectors of a snapshot's chunks, each of length 1, say together. */
export interface VectorSums {
  /** Length of the sum of each file's, by its position. */
  readonly lengths: Float64Array;
  /** Over all chunks of files that are ranked: sum of their vectors; and of their files' sums, each of length 1. */
  readonly chunks: Float64Array;
  readonly files: Float64Array;
}

/** The signs of the components of each occurrence's vector, by its position. */
export interface VectorSigns {
  readonly codes: Uint8Array;
  /** Length of the vector, as a share of the sum of its components' magnitudes; 0 without a vector. */
  readonly weights: Float32Array;
}

export interface VectorTables {
  readonly sums: VectorSums;
  /** Null where they were not wanted. */
  readonly signs: VectorSigns | null;
}

/** Both as they are kept, or made of all vectors. */
export async function vectorTables(
  snapshot: Snapshot,
  vectors: VisibleVectors,
  withSigns: boolean,
): Promise<VectorTables> {
  const ofSums = sumsTable(snapshot, vectors);
  const ofSigns = signsTable(snapshot, vectors);
  const sums = snapshot.keptTable(ofSums);
  const signs = withSigns ? snapshot.keptTable(ofSigns) : null;
  if (sums !== undefined && signs !== undefined) return { sums, signs };
  const made = await addUp(snapshot, vectors, withSigns);
  if (sums === undefined) snapshot.keepTable(ofSums, made.sums);
  if (made.signs !== null && signs === undefined) snapshot.keepTable(ofSigns, made.signs);
  return made;
}

/**
 * Kept where all chunks that are ranked have a vector. The sum of the vectors' squares is that of the same vectors, or of others by a chance that
 * an embedder which is not always the same would have to make.
 */
function sumsTable(snapshot: Snapshot, { spaceId, count, squareSum }: VisibleVectors): Table<VectorSums> {
  return {
    name: `vectorSums-1-${spaceId}`,
    of: 'root',
    read: ({ squares, ...sums }) => (squares?.[0] === squareSum ? (sums as unknown as VectorSums) : null),
    columns: (sums) => (count === snapshot.ranked.count ? { ...sums, squares: Float64Array.of(squareSum) } : null),
  };
}

function signsTable(snapshot: Snapshot, { spaceId, count, squareSum }: VisibleVectors): Table<VectorSigns> {
  return {
    name: `vectorSigns-1-${spaceId}`,
    of: 'root',
    read: ({ squares, codes, weights }) =>
      squares?.[0] === squareSum
        ? {
            codes: codes as Uint8Array,
            weights: new Float32Array(weights!.buffer, weights!.byteOffset, weights!.length),
          }
        : null,
    columns: ({ codes, weights: { buffer, byteOffset, length } }) =>
      count === snapshot.ranked.count
        ? { codes, weights: new Uint32Array(buffer, byteOffset, length), squares: Float64Array.of(squareSum) }
        : null,
  };
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

async function addUp(snapshot: Snapshot, vectors: VisibleVectors, withSigns: boolean): Promise<VectorTables> {
  const { blocks, places, blockOf, inverses } = await vectors.rows();
  const { occurrenceFiles, fileStarts, rankedFiles } = snapshot;
  const slices = new TimeSlices();
  const fileCount = snapshot.files.length;
  const dimension = blocks[0]?.file.space.dimension ?? 0;
  const total: VectorSums = {
    lengths: new Float64Array(fileCount),
    chunks: new Float64Array(dimension),
    files: new Float64Array(dimension),
  };
  const signs = withSigns
    ? {
        codes: new Uint8Array(SignCodes.sizeOf(places.length, dimension)),
        weights: new Float32Array(places.length),
      }
    : null;
  const sums = new Int32Array(Math.min(filesAtOnce, fileCount) * dimension);
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
              const position = start + order[i]! - place * positionsMax;
              const ofThis = occurrenceFiles[position]!;
              if (ofThis !== ofRun) {
                if (ofRun >= 0) break;
                ofRun = ofThis;
                unit = unitOf(fileStarts[ofRun + 1]! - fileStarts[ofRun]!);
              }
              const row = rows[place - first]!;
              const inverse = inverses[place]!;
              picked[picks] = row;
              shares[picks++] = Math.min(shareMax, Math.round(unit * inverse));
              if (signs !== null && inverse > 0)
                signs.weights[position] = 1 / (inverse * SignCodes.write(signs.codes, position, block.row(row)));
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
      const sum = sums.subarray(sumAt, sumAt + dimension);
      const count = fileStarts[file + 1]! - fileStarts[file]!;
      const length = lengthOf(sum);
      const unit = unitOf(count);
      total.lengths[file] = length / unit;
      if (length === 0 || (rankedFiles !== null && rankedFiles[file] === 0)) continue;
      for (let c = 0; c < dimension; c++) {
        total.chunks[c]! += sum[c]! / unit;
        total.files[c]! += (count * sum[c]!) / length;
      }
    }
  }
  return { sums: total, signs };
}
