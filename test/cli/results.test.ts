import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/index.js';
import { commit, hit, resolvedHead, runCli } from './fakes.js';

describe('search', () => {
  const hits = [
    hit(),
    hit({ path: 'b.md', symbol: '', kind: '', startLine: 1, text: 'one\ntwo', matches: [], score: 3 }),
  ];
  const result = { query: 'is done', rev: 'HEAD', commit, hits, coverage: { lexical: 1, semantic: 0 }, tookMs: 2.5 };
  const engine: Partial<Engine> = {
    search: (query, options) => Promise.resolve({ ...result, query, rev: options!.rev! }),
  };

  test('for people: a heading and a snippet for each hit', async () => {
    const { code, stdout, stderr } = await runCli(['search', 'is', 'done'], { engine });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "1  src/a.ts:10-12  method Builder.finish  12.35  since 2026-01-02 0123456789
        10  finish() {
        11    done();
        12  }

      2  b.md:1-12  3.00  since 2026-01-02 0123456789
        1  one
        2  two
      "
    `);
  });

  test('matches are highlighted on a terminal', async () => {
    const { stdout } = await runCli(['search', 'done'], { engine, terminal: true });
    expect(stdout).toContain('\x1b[32m11\x1b[m    \x1b[1;31mdone\x1b[m();');
    expect((await runCli(['search', 'done'], { engine, terminal: true, env: { NO_COLOR: '1' } })).stdout).not.toContain(
      '\x1b',
    );
  });

  test('as JSON: one document in the shape of the contract', async () => {
    const { code, stdout } = await runCli(['search', 'is', 'done', '--json', '--rev', 'main'], {
      engine,
      terminal: true,
    });
    const document = JSON.parse(stdout) as object;
    expect(code).toBe(0);
    expect(Object.keys(document)).toEqual(['query', 'rev', 'commit', 'hits', 'coverage', 'tookMs']);
    expect(document).toMatchObject({ query: 'is done', rev: 'main', hits: JSON.parse(JSON.stringify(hits)) as object });
  });

  test('a range goes to the engine as it is, and JSON tells where it begins', async () => {
    const seen: unknown[] = [];
    const from = { rev: 'v1', commit: 'f'.repeat(40) };
    const ranged: Partial<Engine> = {
      search: (_, options) => {
        seen.push(options!.rev);
        return Promise.resolve({ ...result, from });
      },
    };
    const { code, stdout } = await runCli(['search', 'done', '--rev', 'v1..', '--json'], { engine: ranged });
    const document = JSON.parse(stdout) as object;
    expect([code, seen]).toEqual([0, ['v1..']]);
    expect(Object.keys(document)).toEqual(['query', 'rev', 'commit', 'from', 'hits', 'coverage', 'tookMs']);
    expect(document).toMatchObject({ from });
    expect(await runCli(['search', 'done', '--rev', 'v1...v2'], { engine: ranged })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining("error[USAGE]: a range is written A..B, not 'v1...v2'") as string,
    });
  });

  test('the flags reach the engine', async () => {
    let seen: unknown;
    const spy: Partial<Engine> = {
      search: (query, { signal: _, onProgress: __, ...options } = {}) => {
        seen = { query, options };
        return Promise.resolve({ ...result, hits: [] });
      },
    };
    const words = [
      'search',
      '-n3',
      '--mode',
      'lexical',
      '--path',
      'src',
      '--path',
      '!test',
      '--lang',
      'go',
      '--',
      '-x y',
    ];
    expect(await runCli(words, { engine: spy })).toMatchObject({ code: 1, stdout: '' });
    expect(seen).toEqual({
      query: '-x y',
      options: { limit: 3, mode: 'lexical', paths: ['src', '!test'], languages: ['go'] },
    });
  });
});

describe('symbols and show', () => {
  const symbol = {
    path: 'src/a.ts',
    line: 4,
    startLine: 4,
    endLine: 4,
    signature: '',
    doc: '',
    name: 'finish',
    scope: 'Builder',
    kind: 'method' as const,
    language: 'typescript',
    match: 'exact' as const,
    text: '  finish() {',
  };
  const engine: Partial<Engine> = {
    symbols: () => Promise.resolve({ rev: resolvedHead, symbols: [symbol], total: 1, freshness: 'exact', tookMs: 1 }),
    show: (_rev, path, lines) =>
      Promise.resolve({
        rev: resolvedHead,
        path,
        startLine: lines?.start ?? 1,
        endLine: lines?.end ?? 2,
        content: Buffer.from([0x61, 0xff, 0x0a, 0x62]),
        freshness: 'exact',
      }),
  };

  test('definitions in columns, and as one document', async () => {
    expect((await runCli(['symbols', 'finish'], { engine })).stdout).toBe(
      'src/a.ts:4  method  Builder.finish  finish() {\n',
    );
    const { stdout } = await runCli(['symbols', 'finish', '--json'], { engine });
    const answer = { name: 'finish', rev: 'HEAD', commit, symbols: [symbol], total: 1, freshness: 'exact', tookMs: 1 };
    expect(JSON.parse(stdout)).toEqual(answer);
  });

  test.each([
    ['symbols', 'finish', '--rev', 'v1..v2'],
    ['show', 'v1..v2:a.ts'],
  ])('%s takes no range', async (...words) => {
    expect(await runCli(words, { engine })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("takes one rev, not the range 'v1..v2'") as string,
    });
  });

  test('text byte for byte, or with its place as JSON', async () => {
    const { stdoutBytes } = await runCli(['show', 'HEAD:a.ts'], { engine });
    expect([...stdoutBytes]).toEqual([0x61, 0xff, 0x0a, 0x62]);
    const { stdout } = await runCli(['show', 'HEAD:a.ts:3-4', '--json'], { engine });
    expect(JSON.parse(stdout)).toEqual({
      rev: 'HEAD',
      commit,
      path: 'a.ts',
      startLine: 3,
      endLine: 4,
      text: 'a\udcff\nb',
    });
  });
});
