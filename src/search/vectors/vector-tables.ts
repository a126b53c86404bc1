import { TimeSlices } from '../../base/index.js';
import type { Snapshot, Table } from '../../snapshot/index.js';
import { SignCodes, lengthOf } from '../../vector/index.js';
import { VectorFile } from '../../segment/index.js';
import { inverseOf, partOf, rowOf, visibleVectors, whileOpen } from './visible-vectors.js';
import type { ComparedSpace, VisibleVectors } from './visible-vectors.js';

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
  compared: ComparedSpace,
  withSigns: boolean,
): Promise<VectorTables> {
  const ofSums = sumsTable(snapshot, vectors);
  const ofSigns = signsTable(snapshot, vectors);
  const sums = snapshot.keptTable(ofSums);
  const signs = withSigns ? snapshot.keptTable(ofSigns) : null;
  if (sums !== undefined && signs !== undefined) return { sums, signs };
  // What is damaged of another is not this one's matter.
  const near = await fromNeighbour(snapshot, vectors, compared, withSigns).catch(() => null);
  const made = near ?? (await addUp(snapshot, vectors, withSigns));
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
    name: `vectorSums-2-${spaceId}`,
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

const shareOf = (unit: number, inverse: number): number => Math.min(shareMax, Math.round(unit * inverse));

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
              shares[picks++] = shareOf(unit, inverse);
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
      if (rankedFiles === null || rankedFiles[file] === 1) addToTotals(total, sum, count, 1);
    }
  }
  return { sums: total, signs };
}

/** What a file's chunks sum up to, so many times: added to what all do, or with less than none taken from it. */
function addToTotals({ chunks, files }: VectorSums, sum: Int32Array, count: number, times: number): void {
  const length = lengthOf(sum);
  if (length === 0) return;
  const unit = unitOf(count);
  for (let c = 0; c < sum.length; c++) {
    chunks[c]! += times * inSteps(sum[c]! / unit);
    files[c]! += times * inSteps((count * sum[c]!) / length);
  }
}

/** Rounded to steps so wide that sums over as many occurrences as there can be are exact, so that their order does not matter. */
const inSteps = (value: number): number => Math.round(value * positionsMax) / positionsMax;

/** Of files that are in one of two snapshots alone there may be a part of so many. */
const neighbourShare = 8;

/**
 * The same as `addUp` tells, bit for bit, from what is kept of a snapshot that has most files in common with it: the vectors of the others are read.
 * Null where nothing is kept of one, or a chunk that is ranked has no vector.
 */
export async function fromNeighbour(
  snapshot: Snapshot,
  vectors: VisibleVectors,
  compared: ComparedSpace,
  withSigns: boolean,
): Promise<VectorTables | null> {
  if (vectors.count !== snapshot.ranked.count) return null;
  const other = await snapshot.neighbour();
  if (other === null) return null;
  try {
    const theirs = await visibleVectors(other, compared);
    if (theirs.count !== other.ranked.count || !theirs.files.every(({ isOpen }) => isOpen)) return null;
    const sums = other.keptTable(sumsTable(other, theirs));
    const signs = withSigns ? other.keptTable(signsTable(other, theirs)) : null;
    if (sums === undefined || signs === undefined || sums.chunks.length === 0) return null;
    return await whileOpen(theirs, () => changed({ snapshot: other, vectors: theirs, sums, signs }, snapshot, vectors));
  } finally {
    other.release();
  }
}

interface KnownTables extends VectorTables {
  readonly snapshot: Snapshot;
  readonly vectors: VisibleVectors;
}

async function changed(known: KnownTables, snapshot: Snapshot, vectors: VisibleVectors): Promise<VectorTables | null> {
  const slices = new TimeSlices();
  const dimension = known.sums.chunks.length;
  const { files, fileStarts, occurrenceDocs } = snapshot;
  const isRanked = (of: Snapshot, file: number): boolean => of.rankedFiles === null || of.rankedFiles[file] === 1;
  // Of files that are not ranked it depends on others which of their chunks have a vector: they are read.
  const fileOf = new Map<number, number>();
  const left = new Map<number, number>();
  for (const [file, { id }] of known.snapshot.files.entries()) {
    if (!isRanked(known.snapshot, file)) continue;
    fileOf.set(id, file);
    left.set(id, (left.get(id) ?? 0) + 1);
  }
  const total: VectorSums = {
    lengths: new Float64Array(files.length),
    chunks: known.sums.chunks.slice(),
    files: known.sums.files.slice(),
  };
  const signs =
    known.signs === null
      ? null
      : {
          codes: new Uint8Array(SignCodes.sizeOf(occurrenceDocs.length, dimension)),
          weights: new Float32Array(occurrenceDocs.length),
        };
  /** Files that it is the only one to have, or has more often. */
  const added: number[] = [];
  const runs: { from: number; to: number; count: number }[] = [];
  for (const [file, { id }] of files.entries()) {
    const same = isRanked(snapshot, file) ? fileOf.get(id) : undefined;
    if (same === undefined) {
      added.push(file);
      continue;
    }
    const times = left.get(id)!;
    left.set(id, times - 1);
    if (times <= 0) added.push(file);
    total.lengths[file] = known.sums.lengths[same]!;
    const [from, to] = [known.snapshot.fileStarts[same]!, fileStarts[file]!];
    const count = fileStarts[file + 1]! - to;
    const last = runs.at(-1);
    if (last !== undefined && last.from + last.count === from && last.to + last.count === to) last.count += count;
    else runs.push({ from, to, count });
  }
  const removed = [...left].filter(([, times]) => times > 0);
  if (neighbourShare * (added.length + removed.length) > files.length) return null;
  if (signs !== null)
    for (const { from, to, count } of runs)
      for (let at = 0; at < count; at += filesAtOnce) {
        if (slices.isOver) await slices.next();
        const some = Math.min(filesAtOnce, count - at);
        SignCodes.copy(known.signs!.codes, from + at, signs.codes, to + at, some, dimension);
        signs.weights.set(known.signs!.weights.subarray(from + at, from + at + some), to + at);
      }
  for (const [id, times] of removed) {
    if (slices.isOver) await slices.next();
    const file = fileOf.get(id)!;
    const count = known.snapshot.fileStarts[file + 1]! - known.snapshot.fileStarts[file]!;
    addToTotals(total, sumOfFile(known.snapshot, known.vectors, file, dimension, null), count, -times);
  }
  for (const file of added) {
    if (slices.isOver) await slices.next();
    const sum = sumOfFile(snapshot, vectors, file, dimension, signs);
    const count = fileStarts[file + 1]! - fileStarts[file]!;
    total.lengths[file] = count === 0 ? 0 : lengthOf(sum) / unitOf(count);
    if (isRanked(snapshot, file)) addToTotals(total, sum, count, 1);
  }
  return { sums: total, signs };
}

/** What the vectors of a file's chunks sum up to; their signs are written where they are wanted. */
function sumOfFile(
  { fileStarts, occurrenceDocs }: Snapshot,
  vectors: VisibleVectors,
  file: number,
  dimension: number,
  signs: VectorSigns | null,
): Int32Array {
  const { rowsPerBlock } = VectorFile;
  const sum = new Int32Array(dimension);
  const unit = unitOf(fileStarts[file + 1]! - fileStarts[file]!);
  for (let position = fileStarts[file]!; position < fileStarts[file + 1]!; position++) {
    const doc = occurrenceDocs[position]!;
    const part = vectors.visible.has(doc) ? partOf(vectors, doc) : undefined;
    const row = part === undefined ? -1 : rowOf(part, doc);
    if (part === undefined || row < 0) continue;
    const inverse = inverseOf(part.file.squares()[row]!);
    const own = row % rowsPerBlock;
    part.file.withBlock(Math.floor(row / rowsPerBlock), (block) => {
      if (signs !== null && inverse > 0)
        signs.weights[position] = 1 / (inverse * SignCodes.write(signs.codes, position, block.row(own)));
      block.addRows(Uint32Array.of(own), Int16Array.of(shareOf(unit, inverse)), 1, sum);
    });
  }
  return sum;
}
