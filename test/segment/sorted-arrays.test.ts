import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimeSlices } from '../../src/base/index.js';
import { RowPages } from '../../src/segment/tables/row-pages.js';
import { orderOfHashes, sortByKey } from '../../src/segment/tables/sorted-arrays.js';

/** Slices that end at once, so that every step is followed by a turn of the event loop. */
const slices = new TimeSlices(undefined, 0);

test('rows come out in order of their keys, equal ones as they came', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(5), fc.constantFrom(700, 5000)), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.constantFrom(24 as const, 32 as const), fc.nat(), async (counts, keyBits, seed) => {
      const pages = new RowPages(2);
      const rows: [key: number, value: number][] = [];
      for (const count of counts) {
        const { columns, at } = pages.add(count);
        for (let i = 0; i < count; i++) {
          const row: [number, number] = [Math.imul(rows.length + seed, 0x9e3779b1) >>> (40 - keyBits), rows.length];
          [columns[0]![at + i], columns[1]![at + i]] = row;
          rows.push(row);
        }
      }
      expect(pages.length).toBe(rows.length);
      const [keys, values] = (await pages.join(slices)) as [Uint32Array, Uint32Array];
      const sorted = await sortByKey({ keys, values }, rows.length, keyBits, slices);
      rows.sort(([a, i], [b, j]) => a - b || i - j);
      expect(Array.from(sorted.keys)).toEqual(rows.map(([key]) => key));
      expect(Array.from(sorted.values)).toEqual(rows.map(([, value]) => value));
    }),
    { numRuns: 30 },
  );
});

test('hashes are put in order, also when their first bits are the same', async () => {
  const hash = fc.tuple(fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 1, 0x80000000, 0xffffffff)), fc.nat(3));
  await fc.assert(
    fc.asyncProperty(fc.array(hash, { maxLength: 300, size: 'max' }), async (hashes) => {
      const compare = (a: number, b: number): number => hashes[a]![0] - hashes[b]![0] || hashes[a]![1] - hashes[b]![1];
      const order = await orderOfHashes(hashes.length, (position) => hashes[position]![0], compare, slices);
      expect(Array.from(order)).toEqual(Array.from(hashes.keys()).sort((a, b) => compare(a, b) || a - b));
    }),
  );
});
