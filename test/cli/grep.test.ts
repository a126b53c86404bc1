import { CoppiceError } from '../../src/base/index.js';
import { expect, test } from 'vitest';
import type { Engine, GrepOptions, LineMatch, RangeLineMatch } from '../../src/engine/index.js';
import { lineMatch, resolvedHead, runCli, type Outcome, type Surroundings } from './fakes.js';

const lines: readonly LineMatch[] = [
  lineMatch('a b.txt', 2, 'foo bar foo', { column: 1, length: 3 }),
  lineMatch('q"\\\n.txt', 10, 'latin \udce9 foo', { column: 9, length: 3 }),
];

function engineOf(found: readonly LineMatch[], seen: GrepOptions[] = [], truncated = false): Partial<Engine> {
  return {
    resolve: (rev = '') => Promise.reject(new CoppiceError('REV_NOT_FOUND', rev)),
    grep: (_, options = {}) => {
      seen.push(options);
      return Promise.resolve({
        rev: resolvedHead,
        lines: found,
        truncated,
        unsearched: [],
        unmatched: [],
        freshness: 'exact',
        tookMs: 1,
      });
    },
    grepCounts: () =>
      Promise.resolve({
        rev: resolvedHead,
        files: found.map(({ path }) => ({ path, count: 3 })),
        unsearched: [],
        unmatched: [],
        freshness: 'exact',
      }),
  };
}

function grep(words: readonly string[], more: Surroundings = {}): Promise<Outcome> {
  return runCli(['grep', ...words], { engine: engineOf(lines), ...more });
}

test('lines are printed as git grep -n does, bytes and quoting included', async () => {
  const { code, stdoutBytes } = await grep(['foo']);
  expect(code).toBe(0);
  expect(stdoutBytes.toString('latin1')).toBe('a b.txt:2:foo bar foo\n"q\\"\\\\\\n.txt":10:latin \xe9 foo\n');
  expect(await grep(['foo'], { engine: engineOf([]) })).toMatchObject({ code: 1, stdout: '', stderr: '' });
});

test("colours are git's, and every match of a line has one", async () => {
  const { stdout } = await grep(['fo+', '--no-heading'], { terminal: true });
  const first = stdout.split('\n')[0];
  const mark = '\x1b[36m:\x1b[m';
  expect(first).toBe(`\x1b[35ma b.txt\x1b[m${mark}\x1b[32m2\x1b[m${mark}\x1b[1;31mfoo\x1b[m bar \x1b[1;31mfoo\x1b[m`);
  expect((await grep(['foo', '--color', 'never'], { terminal: true })).stdout).not.toContain('\x1b');
  expect((await grep(['foo', '--color=always'])).stdout).toContain('\x1b');
  // Where our reading of the pattern differs from the engine's, the engine's match alone is marked.
  const [line] = (await grep(['bar', '--no-heading'], { terminal: true })).stdout.split('\n');
  expect(line).toContain('\x1b[1;31mfoo\x1b[m bar foo');
  expect((await grep(['fo(', '--color=always'])).stdout).toContain('\x1b[1;31mfoo\x1b[m bar foo');
  expect((await grep(['-F', 'foo', '--color=always'])).stdout).toContain('\x1b[1;31mfoo\x1b[m bar \x1b[1;31mfoo');
});

test('context comes in groups, with -- between lines that are not neighbours', async () => {
  const context = [
    lineMatch('a', 1, 'before', { context: true, column: 0, length: 0 }),
    lineMatch('a', 2, 'foo', { length: 3 }),
    lineMatch('a', 4, 'later', { context: true, column: 0, length: 0 }),
    lineMatch('b', 5, 'foo', { length: 3 }),
  ];
  const seen: GrepOptions[] = [];
  const { stdout } = await grep(['-C1', 'foo'], { engine: engineOf(context, seen) });
  expect(stdout).toBe('a-1-before\na:2:foo\n--\na-4-later\n--\nb:5:foo\n');
  expect(seen[0]).toMatchObject({ context: 1 });
  const json = await grep(['-C1', 'foo', '--json'], { engine: engineOf(context) });
  expect(json.stdout.split('\n').slice(0, 2)).toEqual([
    '{"path":"a","line":1,"column":0,"length":0,"text":"before","context":true}',
    '{"path":"a","line":2,"column":1,"length":3,"text":"foo"}',
  ]);
});

test('-c and -l', async () => {
  expect((await grep(['-c', 'foo'])).stdout).toBe('a b.txt:3\n"q\\"\\\\\\n.txt":3\n');
  expect((await grep(['-l', 'foo'])).stdout).toBe('a b.txt\n"q\\"\\\\\\n.txt"\n');
  expect((await grep(['-lc', 'foo', '--json'])).stdout).toBe('{"path":"a b.txt"}\n{"path":"q\\"\\\\\\n.txt"}\n');
  expect((await grep(['-c', 'foo', '--json'])).stdout.split('\n')[0]).toBe('{"path":"a b.txt","count":3}');
  expect((await grep(['-c', 'foo'], { engine: engineOf([]) })).code).toBe(1);
});

test('JSON lines have the keys of the contract, whatever the bytes', async () => {
  const { stdout } = await grep(['foo', '--json'], { terminal: true });
  expect(stdout.split('\n')[0]).toBe('{"path":"a b.txt","line":2,"column":1,"length":3,"text":"foo bar foo"}');
  const second = JSON.parse(stdout.split('\n')[1]!) as LineMatch;
  expect(second.text).toBe('latin \udce9 foo');
});

test('ranges put the side first', async () => {
  const found: RangeLineMatch[] = [
    { ...lineMatch('a', 1, 'foo', { length: 3 }), side: '-' },
    { ...lineMatch('a', 2, 'foo!', { length: 3 }), side: '+' },
    { ...lineMatch('a', 3, 'foo?', { length: 3 }), side: '+' },
  ];
  const seen: unknown[] = [];
  const engine: Partial<Engine> = {
    grepRange: (pattern, from, to) => {
      seen.push([pattern, from, to]);
      const ends = { from: resolvedHead, to: resolvedHead };
      return Promise.resolve({
        ...ends,
        lines: found,
        truncated: false,
        unsearched: [],
        unmatched: [],
        freshness: 'exact',
        tookMs: 1,
      });
    },
  };
  const range = (...words: string[]): Promise<Outcome> => grep(['foo', '--rev', 'v1..', ...words], { engine });
  expect((await range()).stdout).toBe('-a:1:foo\n+a:2:foo!\n+a:3:foo?\n');
  expect((await range('-c')).stdout).toBe('-a:1\n+a:2\n');
  expect((await range('-l')).stdout).toBe('-a\n+a\n');
  expect((await range('--json')).stdout.split('\n')[0]).toBe(
    '{"path":"a","line":1,"column":1,"length":3,"text":"foo","side":"-"}',
  );
  expect((await range('-l', '--json')).stdout.split('\n')[0]).toBe('{"path":"a","side":"-"}');
  expect(await range('-C2')).toMatchObject({ code: 2, stdout: '' });
  expect((await grep(['foo', '--rev', 'a...b'], { engine })).stderr).toContain('hint: try a..b');
  expect(seen[0]).toEqual(['foo', 'v1', 'HEAD']);
});

test('flags reach the engine, and a cut result is noted', async () => {
  const seen: GrepOptions[] = [];
  const words = ['-Fiw', '-e', '-x', '--rev', 'dev', '--max', '2', '--path', 'src', '--lang', 'ts', '-n'];
  const { stderr } = await grep(words, { engine: engineOf(lines, seen, true) });
  const { signal, onProgress, ...options } = seen[0]!;
  expect([signal?.aborted, typeof onProgress]).toEqual([false, 'function']);
  expect(options).toEqual({
    rev: 'dev',
    literal: true,
    ignoreCase: true,
    wholeWord: true,
    maxCount: 2,
    paths: ['src'],
    languages: ['ts'],
  });
  expect(stderr).toBe('coppice: stopped after 2 lines (--max); there are more\n');
});

test('a pattern there must be, and of several any may match', async () => {
  expect((await grep([])).stderr).toContain('error[USAGE]: coppice grep needs PATTERN');
  expect((await grep(['-e', 'a', '-e', 'b'])).code).toBe(0);
  const seen: GrepOptions[] = [];
  await grep(['-e', 'a', 'b'], { engine: engineOf(lines, seen) });
  expect(seen[0]).toMatchObject({ pathspecs: ['b'] });
});
