import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { SumKernel } from '../../src/vector/index.js';

describe('weighted sums of rows', () => {
  test('are those of whole numbers', () => {
    const cases = fc.integer({ min: 1, max: 5 }).chain((blocks) =>
      fc.record({
        dimension: fc.constant(16 * blocks),
        rows: fc.array(fc.int8Array({ minLength: 16 * blocks, maxLength: 16 * blocks, min: -127 }), {
          minLength: 1,
          maxLength: 9,
        }),
        picks: fc.array(fc.tuple(fc.nat(), fc.float({ min: 0, max: 8, noNaN: true })), { maxLength: 40 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ dimension, rows, picks }) => {
        const flat = Int8Array.from(rows.flatMap((row) => [...row]));
        const kernel = new SumKernel(flat, dimension);
        const numbers = picks.map(([row]) => row % rows.length);
        const factors = picks.map(([, factor]) => factor);
        const largest = Math.max(0, ...factors);
        const expected = new Array<number>(dimension).fill(0);
        for (const [i, row] of numbers.entries()) {
          const share = largest === 0 ? 0 : Math.round((factors[i]! / largest) * 4095);
          for (let c = 0; c < dimension; c++) expected[c]! += share * rows[row]![c]!;
        }
        for (let again = 0; again < 2; again++)
          expect([...kernel.sum(numbers, factors, numbers.length)]).toEqual(expected.map((value) => value + 0));
      }),
    );
  });

  test('fit 32 bits, however many rows there are', () => {
    const kernel = new SumKernel(new Int8Array(32).fill(127), 32);
    const count = 10_000;
    const sums = kernel.sum(new Array<number>(count).fill(0), new Array<number>(count).fill(1), count);
    const share = Math.floor(2 ** 31 / 128 / count);
    expect([...sums]).toEqual(new Array<number>(32).fill(share * 127 * count));
  });

  test('of nothing are zero', () => {
    const kernel = new SumKernel(new Int8Array(16).fill(5), 16);
    kernel.sum([0], [1], 1);
    expect([...kernel.sum([], [], 0)]).toEqual(new Array<number>(16).fill(0));
  });
});
