import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cosinesOf, lengthOf } from '../../src/vector/index.js';

const vectors = fc
  .tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 0, max: 40 }))
  .chain(([dimension, count]) => {
    const vector = fc.int8Array({ minLength: dimension, maxLength: dimension });
    return fc.record({
      query: vector,
      rows: fc.array(vector, { minLength: count, maxLength: count }),
      wanted: fc.subarray(Array.from({ length: count }, (_, i) => i)),
    });
  });

const plainDot = (a: Int8Array, b: Int8Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

function cosines(query: Int8Array, rows: readonly Int8Array[], wanted: readonly number[]): number[] {
  const joined = new Int8Array(rows.length * query.length);
  rows.forEach((row, i) => joined.set(row, i * query.length));
  const answer = new Float64Array(wanted.length);
  const lengths = Float64Array.from(rows, lengthOf);
  cosinesOf(query, { rows: joined, lengths }, Uint32Array.from(wanted), answer);
  return [...answer];
}

test('cosines are those of whole numbers, whatever the dimension and whichever rows are wanted', () => {
  fc.assert(
    fc.property(vectors, ({ query, rows, wanted }) => {
      const expected = wanted.map((row) => {
        const length = lengthOf(rows[row]!) * lengthOf(query);
        return length === 0 ? 0 : plainDot(query, rows[row]!) / length;
      });
      expect(cosines(query, rows, wanted)).toEqual(expected);
    }),
  );
});

test('the largest components add up exactly, in more rows than the kernel takes at once', () => {
  const dimension = 4096;
  const row = new Int8Array(dimension).fill(-128);
  const rows = new Array<Int8Array>(600).fill(row);
  expect(new Set(cosines(row, rows, [...rows.keys()]))).toEqual(new Set([1]));
  expect(new Set(cosines(new Int8Array(dimension).fill(127), rows, [...rows.keys()]))).toEqual(new Set([-1]));
});

test('nothing is like a vector of zeros', () => {
  expect(cosines(new Int8Array(3), [Int8Array.of(1, 2, 3)], [0])).toEqual([0]);
  expect(cosines(Int8Array.of(1, 2, 3), [new Int8Array(3)], [0])).toEqual([0]);
});
