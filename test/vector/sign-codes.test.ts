import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SignCodes, SignQuery } from '../../src/vector/index.js';

const cases = fc.integer({ min: 1, max: 90 }).chain((dimension) => {
  const vector = fc.int8Array({ minLength: dimension, maxLength: dimension });
  return fc.record({
    query: vector,
    rows: fc.array(vector, { minLength: 1, maxLength: 70, size: 'max' }),
    from: fc.nat(100),
  });
});

function productsWithSigns(query: Int8Array, rows: readonly Int8Array[], first: number, end: number): number[] {
  const codes = new Uint8Array(SignCodes.sizeOf(rows.length, query.length));
  for (const [i, row] of rows.entries())
    expect(SignCodes.write(codes, i, row)).toBe(row.reduce((sum, value) => sum + Math.abs(value), 0));
  const asked = new SignQuery(query);
  const ones = new Float32Array(rows.length).fill(1);
  const rowByRow = { starts: Uint32Array.from([...rows.keys(), rows.length]), weights: ones, margins: ones };
  const scores = new SignCodes(codes, query.length, rowByRow).scores(asked, first, end);
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

test('of groups the highest bound and the sum of the cosines are told, group by group or many at once', () => {
  const sizes = fc.array(fc.nat(20), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.int8Array({ minLength: 40, maxLength: 40 }),
      sizes,
      fc.infiniteStream(fc.double({ min: 0.1, max: 1, noNaN: true })),
      (query, counts, values) => {
        const starts = Uint32Array.from([
          0,
          ...counts.map((_, i) => counts.slice(0, i + 1).reduce((sum, n) => sum + n, 0)),
        ]);
        const count = starts.at(-1)!;
        const codes = new Uint8Array(SignCodes.sizeOf(count, query.length));
        for (let row = 0; row < count; row++)
          SignCodes.write(
            codes,
            row,
            Int8Array.from(query, (_, c) => ((row * 37 + c * c * (row + 3)) % 41) - 20),
          );
        const next = (): number => values.next().value as number;
        const weights = Float32Array.from({ length: count }, next);
        const margins = Float32Array.from({ length: count }, next);
        const signs = new SignCodes(codes, query.length, { starts, weights, margins });
        const asked = new SignQuery(query);
        const cosines = Array.from(
          signs.scores(asked, 0, counts.length),
          (score, row) => ((score * asked.unit - asked.offset) / 50) * weights[row]!,
        );
        expect(signs.endAfter(0)).toBe(counts.length);
        const bounds = signs.bounds(asked, 50, 0, counts.length).slice();
        for (const [group, start] of starts.subarray(0, counts.length).entries()) {
          const own = cosines.slice(start, starts[group + 1]);
          const most = Math.max(...own.map((cosine, i) => cosine + margins[start + i]!));
          expect([...signs.bounds(asked, 50, group, group + 1)]).toEqual([
            ...bounds.subarray(2 * group, 2 * group + 2),
          ]);
          if (own.length === 0) expect(bounds[2 * group]).toBe(-Infinity);
          else expect(bounds[2 * group]).toBeCloseTo(most, 3);
          expect(bounds[2 * group + 1]).toBeCloseTo(
            own.reduce((sum, cosine) => sum + cosine, 0),
            3,
          );
        }
      },
    ),
  );
});
