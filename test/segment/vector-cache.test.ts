import { expect, test } from 'vitest';
import { VectorCache } from '../../src/segment/vectors/vector-cache.js';

const dimension = 16;
const blockBytes = dimension * 4;

/** A cache for `room` blocks, and how often blocks were read. */
function countingCache(room: number): { cache: VectorCache; visit: (keys: readonly number[]) => number } {
  const cache = new VectorCache(room * blockBytes);
  const visit = (keys: readonly number[]): number => {
    let reads = 0;
    for (const key of keys) {
      const read = (into: Uint8Array): void => {
        reads++;
        into.fill(key);
      };
      const first = cache.with(key, { count: 4, dimension, read }, keys.length, (block) => block.row(0)[0]);
      expect(first).toBe(key);
      expect(cache.weight).toBeLessThanOrEqual(cache.weightMax);
    }
    return reads;
  };
  return { cache, visit };
}

const keys = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('what fits is read once, and makes room when others come', () => {
  const { cache, visit } = countingCache(10);
  expect(visit(keys(0, 10))).toBe(10);
  expect(visit(keys(0, 10))).toBe(0);
  expect(visit(keys(20, 26))).toBe(6);
  expect(visit(keys(20, 26))).toBe(0);
  cache.clear();
  expect(cache.weight).toBe(0);
  expect(visit(keys(0, 10))).toBe(10);
});

test('of what does not fit a part stays: a query costs what is over, not all', () => {
  const { visit } = countingCache(10);
  visit(keys(0, 12));
  for (let i = 0; i < 5; i++) expect(visit(keys(0, 12))).toBe(2);
  // What is no longer asked for goes in the end.
  for (let i = 0; i < 4; i++) visit(keys(50, 70));
  expect(visit(keys(50, 70))).toBe(10);
});
