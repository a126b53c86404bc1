import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextPackMerge } from '../../src/engine/remotes/pushing/merge-published.js';
import { readAtOnce } from '../../src/engine/remotes/take.js';
import type { PackRef } from '../../src/remote/index.js';

const ref = (at: number, bytes: number, history = false): PackRef => ({
  name: String(at),
  bytes,
  from: at,
  to: at,
  docs: 1,
  history,
  text: true,
  rules: 'x',
});

test('a push of one commit merges within the room it has, and packs stay few', () => {
  const sizes = fc.infiniteStream(
    fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 800, max: 22_000 }) },
      fc.integer({ min: 20_000, max: 200_000 }),
    ),
  );
  fc.assert(
    fc.property(sizes, (stream) => {
      let packs: PackRef[] = [ref(0, 3_000_000)];
      let over = 0;
      for (let push = 1; push <= 2000; push++) {
        const { value } = stream.next();
        packs = [...packs, ref(push, value)];
        const room = Math.max(0, 60 * 1024 - value - 3000 - 2 * 50 * packs.length);
        const due = nextPackMerge(packs, room);
        if (due === null) continue;
        expect(packs.slice(-due.length)).toEqual(due);
        const bytes = due.reduce((sum, pack) => sum + pack.bytes, 0);
        if (bytes > room) over++;
        packs = [...packs.slice(0, -due.length), { ...ref(due[0]!.from, Math.round(bytes * 0.9)), to: push }];
      }
      expect(packs.length).toBeLessThanOrEqual(256);
      expect(over).toBeLessThanOrEqual(10);
    }),
    { numRuns: 20 },
  );
});

test('packs of different kinds are not merged; what is due is the newest of one', () => {
  const packs = [ref(1, 10), ref(2, 10), ref(3, 10, true), ref(4, 10, true), ref(5, 10, true)];
  expect(nextPackMerge(packs, 1000)).toBeNull();
  expect(nextPackMerge([...packs, ref(6, 10, true)], 1000)?.map(({ from }) => from)).toEqual([3, 4, 5, 6]);
  expect(nextPackMerge([], 1000)).toBeNull();
  expect(nextPackMerge([ref(1, 10)], 0)).toBeNull();
});

test('small packs are read at once, larger ones by themselves, as each has a line of 100 KB/s for itself', () => {
  const sizesOf = (...sizes: number[]): number[] =>
    readAtOnce(sizes.map((bytes, i) => ref(i, bytes))).map((p) => p.bytes);
  const small = Array.from({ length: 16 }, () => 40_000);
  expect(sizesOf(...small)).toEqual(small);
  expect(sizesOf(24_000_000, 24_000_000, 500)).toEqual([24_000_000]);
  expect(sizesOf(500, 24_000_000, 500)).toEqual([500]);
  expect(sizesOf(1_000_000, 1_000_000, 1_000_000)).toEqual([1_000_000, 1_000_000]);
  expect(sizesOf()).toEqual([]);
});
