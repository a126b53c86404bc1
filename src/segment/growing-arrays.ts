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
export function sortByKey24(
  keys: Uint32Array,
  values: Uint32Array,
  count: number,
): { keys: Uint32Array; values: Uint32Array } {
  const halfway = sortByDigit({ keys, values }, count, 0);
  return sortByDigit(halfway, count, digitBits);
}

const digitBits = 12;

function sortByDigit(
  from: { keys: Uint32Array; values: Uint32Array },
  count: number,
  shift: number,
): { keys: Uint32Array; values: Uint32Array } {
  const digits = 1 << digitBits;
  const starts = new Uint32Array(digits + 1);
  for (let i = 0; i < count; i++) starts[((from.keys[i]! >>> shift) & (digits - 1)) + 1]!++;
  for (let digit = 0; digit < digits; digit++) starts[digit + 1]! += starts[digit]!;
  const to = { keys: new Uint32Array(count), values: new Uint32Array(count) };
  for (let i = 0; i < count; i++) {
    const key = from.keys[i]!;
    const at = starts[(key >>> shift) & (digits - 1)]!++;
    to.keys[at] = key;
    to.values[at] = from.values[i]!;
  }
  return to;
}
