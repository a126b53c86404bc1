/** Columns of unsigned 32-bit integers that grow together. */
export class GrowingColumns {
  columns: Uint32Array[];
  length = 0;

  constructor(columnCount: number, capacity = 64 * 1024) {
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

/** Stable order of 24-bit keys: positions of `keys[0, count)` sorted by key (least significant digit radix sort). */
export function sortedOrder24(keys: Uint32Array, count: number): Uint32Array {
  let from = new Uint32Array(count);
  let to = new Uint32Array(count);
  for (let i = 0; i < count; i++) from[i] = i;
  for (let shift = 0; shift < 24; shift += 12) {
    const starts = new Uint32Array(4097);
    for (let i = 0; i < count; i++) starts[((keys[i]! >>> shift) & 0xfff) + 1]!++;
    for (let digit = 0; digit < 4096; digit++) starts[digit + 1]! += starts[digit]!;
    for (let i = 0; i < count; i++) {
      const position = from[i]!;
      to[starts[(keys[position]! >>> shift) & 0xfff]!++] = position;
    }
    [from, to] = [to, from];
  }
  return from;
}
