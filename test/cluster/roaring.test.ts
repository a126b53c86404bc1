import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRoaring, encodeRoaring } from '../../src/cluster/roaring.js';

/** Sets with sparse and dense stretches, over several containers. */
const sets = fc
  .array(fc.tuple(fc.nat(2 ** 18), fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 20 })), {
    maxLength: 3,
  })
  .map((runs) =>
    Uint32Array.from(
      new Set(runs.flatMap(([from, count, step]) => Array.from({ length: count }, (_, i) => from + i * step))),
    ).sort(),
  );

test('a bitmap is the set that it was made of', () => {
  fc.assert(
    fc.property(sets, (numbers) =>
      Buffer.from(decodeRoaring(encodeRoaring(numbers)).buffer).equals(Buffer.from(numbers.slice().buffer)),
    ),
    { numRuns: 20 },
  );
});

test('the portable format, byte for byte', () => {
  expect(encodeRoaring(Uint32Array.of()).toString('hex')).toBe('3a30000000000000');
  // One container of key 1: 65536 + {2, 5}.
  expect(encodeRoaring(Uint32Array.of(65538, 65541)).toString('hex')).toBe(
    '3a300000' + '01000000' + '0100' + '0100' + '10000000' + '0200' + '0500',
  );
  // The most that an array has, and one more.
  expect(encodeRoaring(Uint32Array.from({ length: 4096 }, (_, i) => i))).toHaveLength(16 + 8192);
  const dense = encodeRoaring(Uint32Array.from({ length: 4097 }, (_, i) => i));
  expect(dense).toHaveLength(16 + 8192);
  expect(dense.subarray(16, 16 + 513)).toEqual(Buffer.concat([Buffer.alloc(512, 0xff), Buffer.of(1)]));
});
