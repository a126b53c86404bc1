/** Square of the length of a vector. */
export function squareOf(vector: Int8Array | Int32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return sum;
}

/** Length of a vector; of signed bytes the root of a whole number, so the same on every machine. */
export const lengthOf = (vector: Int8Array | Int32Array | Float64Array): number => Math.sqrt(squareOf(vector));
