import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, LineChange, LineHistory, LogOptions, OccurrenceChange } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import { runCli, type Outcome, type Surroundings } from './fakes.js';

function change(digit: string, day: number, more: Partial<LineChange> = {}): LineChange {
  const date = `2026-03-0${day}T10:00:00Z`;
  return {
    commit: digit.repeat(40),
    author: 'Ada Lovelace <ada@example.org>',
    date,
    committed: date,
    subject: `change ${digit}`,
    paths: ['src/a.ts'],
    firstParent: true,
    graph: true,
    ...more,
  };
}

const histories: readonly LineHistory[] = [
  {
    line: '\tfoo(\x1b[31m);',
    appeared: [change('d', 5, { graph: false, paths: ['a', 'b c', 'd"', 'e', 'f'] }), change('a', 1)],
    disappeared: [change('b', 2, { subject: 'x'.repeat(100) })],
    refs: ['main', 'v1', 'v2', 'v3', 'v4', 'origin/x', 'origin/y'],
  },
  { line: 'no more foo', appeared: [change('a', 1)], disappeared: [change('b', 1)], refs: [] },
];
const { commit, author, date, committed, subject, paths } = change('c', 4);
const commits: readonly OccurrenceChange[] = [2, -1, 0].map((delta) => ({
  ...{ commit, author, date, committed, subject, paths },
  delta,
}));

async function* each<T>(items: readonly T[], { maxCount }: LogOptions): AsyncGenerator<T> {
  yield* await Promise.resolve(items.slice(0, maxCount));
}

const engineOf = (seen: unknown[] = [], empty = false): Partial<Engine> => ({
  log: (pattern, revs, options = {}) => {
    seen.push({ pattern, revs, options });
    return each(empty ? [] : histories, options);
  },
  logCommits: (pattern, revs, options = {}) => {
    seen.push({ pattern, revs, options, commits: true });
    return each(empty ? [] : commits, options);
  },
});

const log = (words: readonly string[], more: Surroundings = {}): Promise<Outcome> =>
  runCli(['log', ...words], { engine: engineOf(), ...more });

test('a heading for each line, its changes newest first, and where it is now', async () => {
  const { code, stdout, stderr } = await log(['foo']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatchInlineSnapshot(`
    "	foo(␛[31m);
      + dddddddddd  2026-03-05  Ada Lovelace  (merge) change d  a, b c, "d\\"" … (2 more)
      - bbbbbbbbbb  2026-03-02  Ada Lovelace  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…  src/a.ts
      + aaaaaaaaaa  2026-03-01  Ada Lovelace  change a  src/a.ts
      now in main, v1, v2, v3, v4 … (2 more)

    no more foo
      - bbbbbbbbbb  2026-03-01  Ada Lovelace  change b  src/a.ts
      + aaaaaaaaaa  2026-03-01  Ada Lovelace  change a  src/a.ts
      now in no branch or tag
    "
  `);
  expect(await log(['foo'], { engine: engineOf([], true) })).toMatchObject({ code: 1, stdout: '', stderr: '' });
});

test('matches are marked as grep marks them', async () => {
  const { stdout } = await log(['-F', 'foo'], { terminal: true });
  expect(stdout.split('\n')[0]).toBe('\t\x1b[1;31mfoo\x1b[m(␛[31m);');
  expect((await log(['foo('], { terminal: true })).stdout.split('\n')[0]).toBe('\tfoo(␛[31m);');
  expect((await log(['foo', '--no-color'], { terminal: true })).stdout).not.toContain('\x1b');
});

test('--commits: one row for each', async () => {
  const { code, stdout } = await log(['--commits', 'foo']);
  expect(code).toBe(0);
  expect(stdout).toBe(
    ['+2', '-1', '±0'].map((d) => `cccccccccc  2026-03-04  Ada Lovelace  change c  ${d}  src/a.ts\n`).join(''),
  );
  expect((await log(['--commits', 'foo'], { engine: engineOf([], true) })).code).toBe(1);
});

test('JSON is what the engine says, one object on a line', async () => {
  const lines = (await log(['foo', '--json'], { terminal: true })).stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(histories);
  expect(Object.keys(JSON.parse(lines[0]!) as object)).toEqual(['line', 'appeared', 'disappeared', 'refs']);
  const rows = (await log(['foo', '--json', '--commits'])).stdout.trimEnd().split('\n');
  expect(rows.map((row) => JSON.parse(row) as unknown)).toEqual(commits);
});

test('arguments and flags reach the engine; a cut result is noted', async () => {
  const seen: { options: LogOptions }[] = [];
  const flags = ['-Fiw', '--first-parent', '--path', 'src', '--path', '!x', '--lang', 'ts', '--max', '1'];
  const { stderr, stdout } = await log([...flags, '--', '-x', 'main', 'v1..v2'], { engine: engineOf(seen) });
  const { signal, onProgress, ...options } = seen[0]!.options;
  expect([signal?.aborted, typeof onProgress]).toEqual([false, 'function']);
  expect({ ...seen[0], options }).toEqual({
    pattern: '-x',
    revs: ['main', 'v1..v2'],
    options: {
      literal: true,
      ignoreCase: true,
      wholeWord: true,
      firstParent: true,
      maxCount: 2,
      paths: ['src', '!x'],
      languages: ['ts'],
    },
  });
  expect(stdout.split('\n')).toHaveLength(6);
  expect(stderr).toBe('coppice: stopped after 1 line (--max); there are more\n');
  await log(['--commits', 'x'], { engine: engineOf(seen) });
  expect(seen[1]).toMatchObject({ pattern: 'x', revs: [], commits: true });
  expect((await log([])).stderr).toContain('error[USAGE]: coppice log needs PATTERN');
  expect((await log(['x', 'a...b'])).stderr).toContain('hint: try a..b');
});

test('with a real engine: what is not indexed is, and what has no history says so', async () => {
  const repository = makeRepository();
  const oids = repository.commits([{ files: { a: 'foo one\n' } }, { files: { a: 'foo two\n' } }]);
  repository.tag('v1', oids[0]);
  const engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
  const run = (...words: string[]): Promise<Outcome> =>
    runCli(['log', ...words], {
      engine: { log: engine.log.bind(engine), logCommits: engine.logCommits.bind(engine) },
    });
  try {
    const { stdout } = await run('foo', '--json');
    const [one, two] = stdout.trimEnd().split('\n');
    expect(JSON.parse(two!)).toMatchObject({ line: 'foo two', appeared: [{ commit: oids[1] }], refs: ['main'] });
    expect(JSON.parse(one!)).toMatchObject({ line: 'foo one', disappeared: [{ commit: oids[1] }], refs: ['v1'] });
    expect((await run('foo', 'v1..', '--commits')).code).toBe(1);
    expect(await run('nothing of the kind')).toMatchObject({ code: 1, stdout: '', stderr: '' });
    const refused = await run('foo', '@worktree', '--json');
    expect([refused.code, JSON.parse(refused.stdout)]).toMatchObject([2, { error: { code: 'USAGE' } }]);
    expect((await run('foo', 'main:')).stderr).toMatch(/error\[USAGE\]: 'main:' names a tree.*\n.*hint: /);
    expect((await run('fo(')).stderr).toContain('error[PATTERN_INVALID]');
  } finally {
    await engine.close();
  }
});
