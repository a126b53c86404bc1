import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import type { Engine, FileEntry, SearchMode, SearchResult } from '../../src/engine/index.js';
import { commit, hit, resolvedHead, runCli } from './fakes.js';

const golden = [
  { query: 'where it ends', category: 'semantic', relevant: [{ path: 'src/a.ts', symbol: 'Builder.finish' }] },
  { query: 'who begins', category: 'semantic', relevant: [{ path: 'src/b.ts', startLine: 3, endLine: 4 }] },
  { query: 'finish', category: 'symbol', relevant: [{ path: 'src/a.ts' }, { path: 'gone.ts' }] },
];
const found: Readonly<Record<string, SearchResult['hits']>> = {
  'where it ends': [hit({ path: 'src/a.ts', startLine: 10, endLine: 12 })],
  'who begins': [hit({ path: 'src/a.ts' }), hit({ path: 'src/b.ts', startLine: 1, endLine: 3 })],
  finish: [hit({ path: 'src/a.ts' })],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coppice-eval-'));
  writeFileSync(join(folder, 'set.jsonl'), golden.map((query) => `${JSON.stringify(query)}\n`).join(''));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function engineWith(options: { semantic: boolean }): { engine: Partial<Engine>; asked: SearchMode[] } {
  const asked: SearchMode[] = [];
  const file = (path: string): FileEntry => ({ path, language: 'typescript', sizeBytes: 1, skipped: null });
  const lines = (line: number) => ({ line, startLine: line, endLine: line, signature: '', doc: '' });
  const engine: Partial<Engine> = {
    files: () =>
      Promise.resolve({ rev: resolvedHead, files: [file('src/a.ts'), file('src/b.ts')], total: 2, freshness: 'exact' }),
    outline: (_, path) =>
      Promise.resolve({
        rev: resolvedHead,
        path,
        symbols: [
          { ...lines(90), name: 'finish', scope: '', kind: 'function' },
          { ...lines(11), name: 'finish', scope: 'Builder', kind: 'method' },
        ],
        freshness: 'exact',
      }),
    search: (query, { mode = 'hybrid', rev = 'HEAD', limit } = {}) => {
      asked.push(mode);
      if (mode === 'semantic' && !options.semantic)
        return Promise.reject(new CoppiceError('MODE_UNAVAILABLE', 'there are no vectors'));
      const hits = found[query]!.slice(0, limit);
      return Promise.resolve({ query, rev, commit, hits, coverage: { lexical: 1, semantic: 0.425 }, tookMs: 2 });
    },
  };
  return { engine, asked };
}

const evaluateSet = (args: readonly string[], engine: Partial<Engine>) =>
  runCli(['eval', 'set.jsonl', ...args], { engine, cwd: folder });

describe('coppice eval', () => {
  test('scores by mode and category, the same query in turns', async () => {
    const { engine, asked } = engineWith({ semantic: true });
    const { code, stdout, stderr } = await evaluateSet([], engine);
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "3 queries at HEAD (0123456789)

                  queries  NDCG@10  files NDCG@10  recall@10  MRR@10  p50     p99
      hybrid      3        0.748    0.748          0.833      0.833   2.0 ms  2.0 ms
        semantic  2        0.815    0.815          1.000      0.750
        symbol    1        0.613    0.613          0.500      1.000
      lexical     3        0.748    0.748          0.833      0.833   2.0 ms  2.0 ms
        semantic  2        0.815    0.815          1.000      0.750
        symbol    1        0.613    0.613          0.500      1.000
      semantic    3        0.748    0.748          0.833      0.833   2.0 ms  2.0 ms
        semantic  2        0.815    0.815          1.000      0.750
        symbol    1        0.613    0.613          0.500      1.000
      "
    `);
    expect(stderr).toContain("set.jsonl:3: HEAD has no 'gone.ts'; it counts as not found");
    expect(stderr).toContain('semantic: 42 % of the chunks have vectors');
    // One look whether a mode is there, then each query twice in each mode, the second time measured.
    expect(asked.slice(3, 9)).toEqual([...asked.slice(0, 3), ...asked.slice(0, 3)]);
    expect(asked).toHaveLength(3 + 3 * 6);
  });

  test('a mode that is not there is left out; alone it is an error', async () => {
    const { engine } = engineWith({ semantic: false });
    const { code, stdout, stderr } = await evaluateSet([], engine);
    expect([code, /^semantic/m.test(stdout), /^lexical/m.test(stdout)]).toEqual([0, false, true]);
    expect(stderr).toContain('semantic is left out: there are no vectors');
    expect(await evaluateSet(['--mode', 'semantic'], engine)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error[MODE_UNAVAILABLE]') as string,
    });
  });

  test('failures, the worst first', async () => {
    const { stdout } = await evaluateSet(['--mode', 'lexical', '--failures'], engineWith({ semantic: true }).engine);
    expect(stdout.slice(stdout.indexOf('\nlexical:'))).toMatchInlineSnapshot(`
      "
      lexical: 2 queries miss something

      0.613  finish  set.jsonl:3
        relevant  src/a.ts
        relevant  gone.ts
        1         src/a.ts:10-12

      0.631  who begins  set.jsonl:2
        relevant  src/b.ts:3-4
        1         src/a.ts:10-12
        2         src/b.ts:1-3
      "
    `);
  });

  test('as JSON', async () => {
    const { engine } = engineWith({ semantic: false });
    const result = JSON.parse((await evaluateSet(['--json', '-n1', '--failures'], engine)).stdout) as object;
    expect(result).toMatchObject({
      rev: 'HEAD',
      commit,
      queries: 3,
      depth: 1,
      unavailable: [{ mode: 'semantic', reason: 'there are no vectors' }],
      missing: [{ line: 3, path: 'gone.ts' }],
      below: [],
    });
    const [first] = (result as { modes: Record<string, unknown>[] }).modes;
    expect(Object.keys(first!)).toEqual(['mode', 'all', 'categories', 'latency', 'coverage', 'failures']);
    expect(first).toMatchObject({
      all: {
        queries: 3,
        ndcg: expect.closeTo((1 + 0 + 1) / 3) as number,
        recall: 0.5,
        mrr: expect.closeTo(2 / 3) as number,
      },
      latency: { p50Ms: 2, p99Ms: 2 },
      coverage: { lexical: 1, semantic: 0.425 },
      failures: [{ query: { line: 2, query: 'who begins' } }],
    });
  });

  test('--min-ndcg fails a check', async () => {
    const { engine } = engineWith({ semantic: true });
    expect(await evaluateSet(['--mode', 'lexical', '--min-ndcg', '0.7'], engine)).toMatchObject({ code: 0 });
    expect(await evaluateSet(['--mode', 'lexical', '--min-ndcg', '0.8'], engine)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('below an NDCG of 0.8: lexical') as string,
    });
    expect(JSON.parse((await evaluateSet(['--json', '--min-ndcg=0.8'], engine)).stdout)).toMatchObject({
      below: ['hybrid', 'lexical', 'semantic'],
    });
    for (const wrong of ['2', '-1', 'much', '']) {
      expect(await evaluateSet([`--min-ndcg=${wrong}`], engine)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("error[USAGE]: --min-ndcg is '") as string,
      });
    }
  });

  test('a set that cannot be used is told before anything is indexed', async () => {
    const unused: Partial<Engine> = {};
    writeFileSync(join(folder, 'wrong.jsonl'), '{"query": "q", "relevant": []}\n');
    expect(await runCli(['eval', 'wrong.jsonl'], { engine: unused, cwd: folder })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error[GOLDEN_SET_INVALID]: wrong.jsonl:1: "relevant"') as string,
    });
    expect(await runCli(['eval', 'none.jsonl'], { engine: unused, cwd: folder })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("error[USAGE]: cannot read 'none.jsonl'") as string,
    });
    expect(await runCli(['eval', '-', '--rev', 'a..b'], { engine: unused, stdin: '' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("takes one rev, not the range 'a..b'") as string,
    });
  });

  test('a definition that is not in its file is named', async () => {
    const { engine } = engineWith({ semantic: true });
    const stdin = JSON.stringify({ query: 'finish', relevant: [{ path: 'src/a.ts', symbol: 'start' }] });
    const { code, stderr } = await runCli(['eval', '-', '--mode', 'lexical'], { engine, stdin });
    expect([code, stderr]).toEqual([0, "coppice: -:1: HEAD has no 'start' in 'src/a.ts'; it counts as not found\n"]);
  });
});
