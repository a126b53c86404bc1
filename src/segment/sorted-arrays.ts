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

/**
 * Rows of a 24-bit key and a value, sorted by key; equal keys keep their order (least significant digit radix sort).
 */
export function sortByKey24(keys: Uint32Array, values: Uint32Array, count: number): KeyedRows {
  const halfway = sortByDigit(keys, values, count, 0);
  return sortByDigit(halfway.keys, halfway.values, count, digitBits);
}

/** As sortByKey24, for keys of 32 bits. */
export function sortByKey32(keys: Uint32Array, values: Uint32Array, count: number): KeyedRows {
  const most = sortByKey24(keys, values, count);
  return sortByDigit(most.keys, most.values, count, 2 * digitBits);
}

export interface KeyedRows {
  readonly keys: Uint32Array;
  readonly values: Uint32Array;
}

const digitBits = 12;

function sortByDigit(keys: Uint32Array, values: Uint32Array, count: number, shift: number): KeyedRows {
  const digits = 1 << digitBits;
  const starts = new Uint32Array(digits + 1);
  for (let i = 0; i < count; i++) starts[((keys[i]! >>> shift) & (digits - 1)) + 1]!++;
  for (let digit = 0; digit < digits; digit++) starts[digit + 1]! += starts[digit]!;
  const sortedKeys = new Uint32Array(count);
  const sortedValues = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const key = keys[i]!;
    const at = starts[(key >>> shift) & (digits - 1)]!++;
    sortedKeys[at] = key;
    sortedValues[at] = values[i]!;
  }
  return { keys: sortedKeys, values: sortedValues };
}

/**
 * Positions of `keys` in ascending order of their bytes. Their first four bytes, with the position beside them in one
 * double, sort natively; the rest decides between the few that share them.
 */
export function orderOfKeys(keys: readonly Uint8Array[]): number[] {
  const positions = 2 ** 21;
  if (keys.length > positions) return Array.from(keys.keys()).sort((a, b) => Buffer.compare(keys[a]!, keys[b]!));
  const packed = new Float64Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    packed[i] = (key[0]! * 2 ** 24 + key[1]! * 2 ** 16 + key[2]! * 2 ** 8 + key[3]!) * positions + i;
  }
  packed.sort();
  const order = Array.from(packed, (value) => value % positions);
  for (let i = 1; i < order.length; i++) {
    for (let j = i; j > 0 && Buffer.compare(keys[order[j - 1]!]!, keys[order[j]!]!) > 0; j--) {
      [order[j - 1], order[j]] = [order[j]!, order[j - 1]!];
    }
  }
  return order;
}
