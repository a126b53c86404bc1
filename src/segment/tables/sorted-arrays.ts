import type { TimeSlices } from '../../base/index.js';

/** Columns of unsigned 32-bit integers that grow together. */
export class GrowingColumns {
  columns: Uint32Array[];
  length = 0;

  constructor(columnCount: number, capacity = 1024) {
    this.columns = Array.from({ length: columnCount }, () => new Uint32Array(capacity));
  }

  /** Makes room for `count` more rows; fill them in `columns` and add to `length`. */
  reserve(count: number): void {
    const capacity = this.columns[0]!.length;
    if (this.length + count <= capacity) return;
    const grown = Math.max(this.length + count, capacity * 2);
    this.columns = this.columns.map((column) => {
      const copy = new Uint32Array(grown);
      copy.set(column.subarray(0, this.length));
      return copy;
    });
  }
}

/** Rows that are gone over between two looks at the clock: some tenths of a millisecond. */
const rowsPerStep = 1 << 15;

/** Calls `step` with the ends of consecutive runs of rows; other work gets its turn in between. */
export async function forRuns(
  count: number,
  slices: TimeSlices,
  step: (from: number, to: number) => void,
): Promise<void> {
  for (let from = 0; from < count; from += rowsPerStep) {
    if (slices.isOver) await slices.next();
    step(from, Math.min(from + rowsPerStep, count));
  }
}

export interface KeyedRows {
  readonly keys: Uint32Array;
  readonly values: Uint32Array;
}

const digitBits = 12;

/** Rows sorted by key, of 24 or 32 bits; equal keys keep their order (least significant digit radix sort). */
export async function sortByKey(
  rows: KeyedRows,
  count: number,
  keyBits: 24 | 32,
  slices: TimeSlices,
): Promise<KeyedRows> {
  let sorted = rows;
  for (let shift = 0; shift < keyBits; shift += digitBits) sorted = await sortByDigit(sorted, count, shift, slices);
  return sorted;
}

async function sortByDigit(
  { keys, values }: KeyedRows,
  count: number,
  shift: number,
  slices: TimeSlices,
): Promise<KeyedRows> {
  const digits = 1 << digitBits;
  const starts = new Uint32Array(digits + 1);
  await forRuns(count, slices, (from, to) => {
    for (let i = from; i < to; i++) starts[((keys[i]! >>> shift) & (digits - 1)) + 1]!++;
  });
  for (let digit = 0; digit < digits; digit++) starts[digit + 1]! += starts[digit]!;
  const sortedKeys = new Uint32Array(count);
  const sortedValues = new Uint32Array(count);
  await forRuns(count, slices, (from, to) => {
    for (let i = from; i < to; i++) {
      const key = keys[i]!;
      const at = starts[(key >>> shift) & (digits - 1)]!++;
      sortedKeys[at] = key;
      sortedValues[at] = values[i]!;
    }
  });
  return { keys: sortedKeys, values: sortedValues };
}

const bucketBits = 10;
const restBits = 32 - bucketBits;

/**
 * Positions of hashes in ascending order. Their first 32 bits decide nearly always: the first of these put a hash into a
 * bucket, the others, with the position beside them in one double, sort natively; `compare` decides between equals.
 */
export async function orderOfHashes(
  count: number,
  firstBits: (position: number) => number,
  compare: (a: number, b: number) => number,
  slices: TimeSlices,
): Promise<Uint32Array> {
  const ends = new Uint32Array((1 << bucketBits) + 1);
  await forRuns(count, slices, (from, to) => {
    for (let i = from; i < to; i++) ends[(firstBits(i) >>> restBits) + 1]!++;
  });
  for (let bucket = 0; bucket < 1 << bucketBits; bucket++) ends[bucket + 1]! += ends[bucket]!;
  const packed = new Float64Array(count);
  // Afterwards each bucket's place in it is where it ends.
  await forRuns(count, slices, (from, to) => {
    for (let i = from; i < to; i++) {
      const bits = firstBits(i);
      packed[ends[bits >>> restBits]!++] = (bits & ((1 << restBits) - 1)) * 2 ** 31 + i;
    }
  });
  const order = new Uint32Array(count);
  let start = 0;
  for (let bucket = 0; bucket < 1 << bucketBits; start = ends[bucket++]!) {
    const end = ends[bucket]!;
    if (end === start) continue; // nearly all, where there is little to sort: a commit's segment
    if (slices.isOver) await slices.next();
    if (end - start > 1) packed.subarray(start, end).sort();
    for (let i = start; i < end; i++) {
      const position = packed[i]! % 2 ** 31;
      let at = i;
      for (; at > start && compare(order[at - 1]!, position) > 0; at--) order[at] = order[at - 1]!;
      order[at] = position;
    }
  }
  return order;
}
