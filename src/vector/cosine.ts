/** Length of a vector of signed bytes: the root of a whole number, so the same on every machine. */
export function lengthOf(vector: Int8Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}

/** Rows of vectors of one dimension, one after the other, and the length of each. */
export interface VectorRows {
  readonly rows: Int8Array;
  readonly lengths: Float64Array;
}

/**
 * Calls `onCosine` with the cosine of the query and each row of `wanted` (ascending). The products are whole numbers, so the
 * answer depends on the two vectors alone. A row of zeros has cosine 0.
 */
export function addCosines(
  query: Int8Array,
  queryLength: number,
  { rows, lengths }: VectorRows,
  wanted: ArrayLike<number>,
  onCosine: (row: number, cosine: number) => void,
): void {
  const dimension = query.length;
  for (let i = 0; i < wanted.length; i++) {
    const row = wanted[i]!;
    const from = row * dimension;
    let dot = 0;
    for (let c = 0; c < dimension; c++) dot += query[c]! * rows[from + c]!;
    const length = lengths[row]! * queryLength;
    onCosine(row, length === 0 ? 0 : dot / length);
  }
}
