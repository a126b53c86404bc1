import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SignCodes, SignQuery } from '../../src/vector/index.js';

const cases = fc.integer({ min: 1, max: 90 }).chain((dimension) => {
  const vector = fc.int8Array({ minLength: dimension, maxLength: dimension });
  return fc.record({ query: vector, rows: fc.array(vector, { minLength: 1, maxLength: 70 }), from: fc.nat(100) });
});

function productsWithSigns(query: Int8Array, rows: readonly Int8Array[], first: number, end: number): number[] {
  const codes = new Uint8Array(SignCodes.sizeOf(rows.length, query.length));
  for (const [i, row] of rows.entries())
    expect(SignCodes.write(codes, i, row)).toBe(row.reduce((sum, value) => sum + Math.abs(value), 0));
  const asked = new SignQuery(query);
  const scores = new SignCodes(codes, query.length).scores(asked, first, end);
  return Array.from(scores, (score) => score * asked.unit - asked.offset);
}

test('scores are the products of the query with the signs, but for the rounding of each four', () => {
  fc.assert(
    fc.property(cases, ({ query, rows, from }) => {
      const first = from % rows.length;
      const found = productsWithSigns(query, rows, first, rows.length);
      const halves = 2 * Math.ceil(query.length / 8);
      const { unit } = new SignQuery(query);
      for (const [i, row] of rows.slice(first).entries()) {
        const product = row.reduce((sum, value, c) => sum + (value < 0 ? -query[c]! : query[c]!), 0);
        expect(Math.abs(found[i]! - product)).toBeLessThanOrEqual((halves * unit) / 2 + 1e-6);
      }
      expect(found).toHaveLength(rows.length - first);
    }),
  );
});

test('the largest dimensions fit', () => {
  const dimension = 4096;
  const query = new Int8Array(dimension).fill(127);
  const rows = [new Int8Array(dimension).fill(127), new Int8Array(dimension).fill(-128)];
  const [near, far] = productsWithSigns(query, rows, 0, 2) as [number, number];
  expect(near / (dimension * 127)).toBeCloseTo(1, 1);
  expect(far / (dimension * 127)).toBeCloseTo(-1, 1);
});
