import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mean, pathsMatch, percentile, scoreChunks, scoreFiles, summarize } from '../../src/evaluation/index.js';
import type { LineSpan, Target } from '../../src/evaluation/index.js';

const hit = (path: string, startLine = 1, endLine = 20): LineSpan => ({ path, startLine, endLine });
const filler = (count: number): LineSpan[] => Array.from({ length: count }, (_, i) => hit(`other/${String(i)}.ts`));

describe('NDCG by hand', () => {
  test('one target, by its rank: 1 / log2(rank + 1)', () => {
    const ndcgAt = (rank: number): number =>
      scoreChunks([...filler(rank - 1), hit('a.ts')], [{ path: 'a.ts' }], 10).ndcg;
    expect(ndcgAt(1)).toBe(1);
    expect(ndcgAt(2)).toBeCloseTo(0.63093, 5); // 1 / log2(3)
    expect(ndcgAt(3)).toBeCloseTo(0.5, 10); // 1 / log2(4)
    expect(ndcgAt(10)).toBeCloseTo(0.28906, 5); // 1 / log2(11)
    expect(ndcgAt(11)).toBe(0);
  });

  test('two targets at ranks 1 and 3, a third that is not found', () => {
    const hits = [hit('a.ts'), hit('x.ts'), hit('b.ts')];
    const score = scoreChunks(hits, [{ path: 'a.ts' }, { path: 'b.ts' }, { path: 'c.ts' }], 10);
    // DCG = 1 + 0.5; IDCG = 1 + 0.630930 + 0.5
    expect(score.ndcg).toBeCloseTo(1.5 / 2.13093, 5);
    expect(score.recall).toBeCloseTo(2 / 3, 10);
    expect(score.reciprocalRank).toBe(1);
  });

  test('of more targets than places only as many as there are places can be had', () => {
    const targets = Array.from({ length: 12 }, (_, i) => ({ path: `f${String(i)}.ts` }));
    const score = scoreChunks(
      targets.map(({ path }) => hit(path)),
      targets,
      10,
    );
    expect(score.ndcg).toBeCloseTo(1, 10);
    expect(score.recall).toBeCloseTo(10 / 12, 10);
  });

  test('two targets that one chunk has are one gain', () => {
    const targets = [
      { path: 'a.ts', startLine: 2, endLine: 3 },
      { path: 'a.ts', startLine: 8, endLine: 9 },
    ];
    const score = scoreChunks([hit('x.ts'), hit('a.ts')], targets, 10);
    expect(score.ndcg).toBeCloseTo(0.63093 / 1.63093, 4);
    expect(score).toMatchObject({ recall: 1, reciprocalRank: 0.5 });
  });

  test('nothing found, nothing sought', () => {
    expect(scoreChunks([], [{ path: 'a.ts' }], 10)).toEqual({ ndcg: 0, recall: 0, reciprocalRank: 0 });
    expect(scoreChunks([hit('a.ts')], [], 10)).toEqual({ ndcg: 0, recall: 0, reciprocalRank: 0 });
  });
});

describe('what counts as found', () => {
  test('paths match when equal, or when one ends with / and the other', () => {
    expect(pathsMatch('src/a.ts', 'src/a.ts')).toBe(true);
    expect(pathsMatch('lib/src/a.ts', 'src/a.ts')).toBe(true);
    expect(pathsMatch('a.ts', 'src/a.ts')).toBe(true);
    expect(pathsMatch('src/ba.ts', 'a.ts')).toBe(false);
    expect(pathsMatch('src/a.ts', 'lib/a.ts')).toBe(false);
    expect(pathsMatch('src/A.ts', 'src/a.ts')).toBe(false);
  });

  test('a chunk that shares a line with the span', () => {
    const found = (startLine: number, endLine: number): boolean =>
      scoreChunks([hit('a.ts', startLine, endLine)], [{ path: 'a.ts', startLine: 10, endLine: 12 }], 10).recall === 1;
    expect(found(1, 9)).toBe(false);
    expect(found(1, 10)).toBe(true);
    expect(found(11, 11)).toBe(true);
    expect(found(12, 40)).toBe(true);
    expect(found(13, 40)).toBe(false);
  });

  test('the chunk list is not cleared of further chunks of a file; the file list is', () => {
    const hits = [hit('x.ts', 1, 5), hit('x.ts', 6, 9), hit('y.ts'), hit('a.ts', 90, 99)];
    const targets: Target[] = [{ path: 'a.ts', startLine: 1, endLine: 2 }];
    expect(scoreChunks(hits, [{ path: 'a.ts' }], 10).reciprocalRank).toBe(1 / 4);
    expect(scoreFiles(hits, [{ path: 'a.ts' }], 10).reciprocalRank).toBe(1 / 3);
    // Spans are of no account at file level.
    expect(scoreChunks(hits, targets, 10).ndcg).toBe(0);
    expect(scoreFiles(hits, targets, 10).ndcg).toBeCloseTo(0.5, 10);
  });

  test('ten files count at file level, however many chunks come before', () => {
    const hits = [...Array.from({ length: 30 }, (_, i) => hit(`f${String(i % 9)}.ts`, i + 1, i + 1)), hit('a.ts')];
    expect(scoreFiles(hits, [{ path: 'a.ts' }], 10).reciprocalRank).toBe(1 / 10);
    expect(scoreChunks(hits, [{ path: 'a.ts' }], 10).reciprocalRank).toBe(0);
  });
});

test('scores stay between 0 and 1, and what comes sooner is never worse', () => {
  const span = fc.record({ path: fc.constantFrom('a', 'b', 'd/a', 'c'), startLine: fc.integer({ min: 1, max: 9 }) });
  const spans = fc.array(
    span.map(({ path, startLine }) => ({ path, startLine, endLine: startLine + 2 })),
    { maxLength: 14 },
  );
  fc.assert(
    fc.property(spans, spans, (hits, targets) => {
      for (const score of [scoreChunks, scoreFiles]) {
        const later = score([hit('z'), ...hits], targets, 10);
        const sooner = score(hits, targets, 10);
        for (const name of ['ndcg', 'recall', 'reciprocalRank'] as const) {
          expect(sooner[name]).toBeGreaterThanOrEqual(later[name]);
          expect(sooner[name]).toBeLessThanOrEqual(1 + 1e-12);
          expect(later[name]).toBeGreaterThanOrEqual(0);
        }
      }
    }),
  );
});

test('means and percentiles', () => {
  expect([mean([]), mean([1, 2, 6])]).toEqual([0, 3]);
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.99), percentile([], 0.5)]).toEqual([
    50, 99, 7, 0,
  ]);
  const score = (ndcg: number) => ({ ndcg, recall: ndcg, reciprocalRank: ndcg });
  expect(
    summarize([
      { chunks: score(1), files: score(1) },
      { chunks: score(0), files: score(0.5) },
    ]),
  ).toEqual({ queries: 2, ndcg: 0.5, fileNdcg: 0.75, recall: 0.5, mrr: 0.5 });
});
