import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutLargeText } from '../../src/chunking/index.js';
import { exactPieces } from '../../src/indexing/analysis/file-analysis.js';

const chunksOf = (content: Uint8Array): string[] => {
  let from = 0;
  return [...cutLargeText(content)].map((end) => {
    const chunk = Buffer.from(content.subarray(from, end)).toString('latin1');
    from = end;
    return chunk;
  });
};

/** Runs of lines of one length each, from none to longer than a chunk. */
const text = fc
  .array(fc.tuple(fc.constantFrom(0, 1, 20, 300, 9000, 17_000, 40_000), fc.nat(60), fc.nat(25)), { maxLength: 25 })
  .chain((runs) =>
    fc.boolean().map((ended) => {
      const lines = runs.flatMap(([length, count, letter]) =>
        Array.from({ length: count + 1 }, (_, i) => String.fromCharCode(97 + ((letter + i) % 26)).repeat(length)),
      );
      return Buffer.from(lines.join('\n') + (ended ? '\n' : ''));
    }),
  );

describe('cutting a large text', () => {
  test('chunks are all of its lines, whole, and none is larger than it must be', () => {
    fc.assert(
      fc.property(text, (content) => {
        const chunks = chunksOf(content);
        expect(chunks.join('')).toBe(content.toString('latin1'));
        chunks.forEach((chunk, i) => {
          expect(chunk.length).toBeGreaterThan(0);
          if (i < chunks.length - 1) expect(chunk.endsWith('\n')).toBe(true);
          expect(chunk.length <= 16 * 1024 || !chunk.slice(0, -1).includes('\n')).toBe(true);
        });
      }),
    );
  });

  test('a part from cut to cut is cut as it is in the whole', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(), (content, a, b) => {
        const cuts = [0, ...cutLargeText(content)];
        const [from, to] = [a % cuts.length, b % cuts.length].sort((x, y) => x - y) as [number, number];
        expect(chunksOf(content.subarray(cuts[from], cuts[to]))).toEqual(chunksOf(content).slice(from, to));
        const pieces = [...exactPieces(content)];
        expect(pieces.flatMap(chunksOf)).toEqual(chunksOf(content));
      }),
    );
  });

  test('an edit changes few chunks', () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `line ${Math.imul(i, 2_654_435_761) >>> 0}`);
    const before = new Set(chunksOf(Buffer.from(lines.join('\n'))));
    const edited = [...lines.slice(0, 5000), 'one', 'more', ...lines.slice(5000)];
    const after = chunksOf(Buffer.from(edited.join('\n')));
    expect(after.filter((chunk) => !before.has(chunk)).length).toBeLessThan(6);
    expect(after.length).toBeGreaterThan(50);
  });
});
