import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowMemory } from '../../src/vector/index.js';

const vectors = fc
  .tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 40 }))
  .chain(([dimension, count]) => {
    const vector = fc.int8Array({ minLength: dimension, maxLength: dimension });
    return fc.record({
      query: vector,
      rows: fc.array(vector, { minLength: count, maxLength: count }),
      wanted: fc.subarray(Array.from({ length: count }, (_, i) => i)),
    });
  });

const plainDot = (a: Int8Array, b: Int8Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

function flat(rows: readonly Int8Array[]): Uint8Array {
  const joined = new Int8Array(rows.length * rows[0]!.length);
  rows.forEach((row, i) => joined.set(row, i * row.length));
  return new Uint8Array(joined.buffer);
}

function products(query: Int8Array, rows: readonly Int8Array[], wanted: readonly number[]): number[] {
  const block = new RowMemory(query.length, rows.length).take(rows.length, (into) => into.set(flat(rows)))!;
  const answer = new Int32Array(wanted.length);
  block.dotProducts(query, Uint32Array.from(wanted), answer);
  return [...answer];
}

test('products are those of whole numbers, whatever the dimension and whichever rows are wanted', () => {
  fc.assert(
    fc.property(vectors, ({ query, rows, wanted }) => {
      expect(products(query, rows, wanted)).toEqual(wanted.map((row) => plainDot(query, rows[row]!)));
    }),
  );
});

test('sums of rows times their shares are those of whole numbers, on top of what was there', () => {
  const share = fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 });
  fc.assert(
    fc.property(vectors, fc.array(share, { minLength: 40, maxLength: 40 }), ({ query, rows, wanted }, shares) => {
      const dimension = query.length;
      const block = new RowMemory(dimension, rows.length).take(rows.length, (into) => into.set(flat(rows)))!;
      const sums = Int32Array.from(query, (value) => value * 1000);
      block.addRows(Uint32Array.from(wanted), Int16Array.from(shares), wanted.length, sums);
      const expected = Array.from(query, (value, c) =>
        wanted.reduce((sum, row, i) => sum + shares[i]! * rows[row]![c]!, value * 1000),
      );
      expect([...sums]).toEqual(expected);
    }),
  );
});

test('rows are added as often as they are named, more often than a block has rows, and change no row', () => {
  const memory = new RowMemory(20, 2);
  const rows = [1, 2].map((factor) => Int8Array.from({ length: 20 }, (_, c) => factor * (c - 10)));
  const block = memory.take(2, (into) => into.set(flat(rows)))!;
  const count = 4000;
  const sums = new Int32Array(20);
  block.addRows(
    Uint32Array.from({ length: count }, (_, i) => i % 2),
    new Int16Array(count).fill(3),
    count,
    sums,
  );
  expect([...sums]).toEqual(Array.from({ length: 20 }, (_, c) => 3 * (count / 2) * 3 * (c - 10)));
  expect(rows.map((_, row) => block.row(row))).toEqual(rows);
});

test('the largest components add up exactly', () => {
  const dimension = 4096;
  const row = new Int8Array(dimension).fill(-128);
  const rows = new Array<Int8Array>(600).fill(row);
  expect(new Set(products(row, rows, [...rows.keys()]))).toEqual(new Set([dimension * 128 * 128]));
  expect(new Set(products(new Int8Array(dimension).fill(127), rows, [...rows.keys()]))).toEqual(
    new Set([dimension * 127 * -128]),
  );
});

test('blocks stay what they are while others come and go', () => {
  const action = fc.oneof(
    fc.record({ take: fc.int8Array({ minLength: 20, maxLength: 20 }) }),
    fc.record({ release: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60, size: 'max' }), (actions) => {
      const memory = new RowMemory(20, 2);
      const query = Int8Array.from({ length: 20 }, (_, i) => i - 10);
      const held: { readonly row: Int8Array; readonly block: NonNullable<ReturnType<RowMemory['take']>> }[] = [];
      for (const step of actions) {
        if ('take' in step)
          held.push({ row: step.take, block: memory.take(1, (into) => into.set(new Uint8Array(step.take.buffer)))! });
        else if (held.length > 0) held.splice(step.release % held.length, 1)[0]!.block.release();
        const answer = new Int32Array(1);
        for (const { row, block } of held) {
          expect([...block.row(0)]).toEqual([...row]);
          block.dotProducts(query, Uint32Array.of(0), answer);
          expect(answer[0]).toBe(plainDot(query, row));
        }
      }
    }),
  );
});
