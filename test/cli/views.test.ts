import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngines, type LocalEngines } from '../../src/engine/index.js';
import { placeOf } from '../../src/cli/engines/closing-all.js';
import { placeFrom } from '../../src/cli/typed/place-words.js';
import { makeFolder, makeRepository, type TestRepository } from '../support/git.js';
import { runCli, type Outcome } from './fakes.js';

let app: TestRepository;
let lib: TestRepository;
let engines: LocalEngines;

beforeAll(() => {
  app = makeRepository({ name: 'app' });
  app.commit({ 'src/a.ts': 'export function retry(): void {}\nretry();\n', 'README.md': 'no\nretry, retry\n' });
  lib = makeRepository({ name: 'lib' });
  lib.commit({ 'src/a.ts': '// retry at first\n', 'old.ts': 'retry old\n' });
  lib.tag('v1');
  lib.commit({ 'src/a.ts': '// x\nexport class Retrier { retry(): void {} }\n', 'old.ts': null });
  engines = openedAt(join(makeFolder(), 'store'));
});
afterAll(() => engines.close());

let opening: Promise<LocalEngines>;
function openedAt(store: string): LocalEngines {
  opening = openEngines({ store, workers: 0 });
  return { close: async () => (await opening).close() } as LocalEngines;
}

async function coppice(...words: string[]): Promise<Outcome> {
  return runCli(words, {
    cwd: join(app.path, 'src'),
    open: async ({ repo }) => {
      const engine = (await opening).open(placeOf(repo));
      return Object.assign(Object.create(engine) as typeof engine, { close: () => Promise.resolve() });
    },
  });
}

function git({ path }: TestRepository, name: string, ...words: string[]): string {
  const { stdout } = spawnSync('git', ['grep', '-I', ...words], { cwd: path, encoding: 'utf8' });
  const [rev] = words.filter((word) => word === 'v1');
  return stdout.replace(rev === undefined ? /^/gm : new RegExp(`^${rev}:`, 'gm'), `${name}/`).replace(/^[^/]*\/$/m, '');
}

const both = (...words: string[]): string => git(app, 'app', ...words) + git(lib, 'lib', ...words);

describe('several repositories are searched as one', () => {
  const cases: readonly (readonly string[])[] = [
    ['-n', 'retry'],
    ['-c', 'retry'],
    ['-l', 'retry'],
    ['-n', '-i', 'RETRY'],
    ['-no', 'retry'],
    ['-n', '-m1', 'retry'],
    ['-L', 'class'],
  ];
  test.each(cases.map((words) => [words.join(' '), words] as const))('grep %s', async (_, words) => {
    const found = await coppice('grep', ...words, '--repo', app.path, '--repo', lib.path);
    expect(found).toMatchObject({ code: 0, stderr: '', stdout: both(...words) });
  });

  test('wherever --repo stands, by folder or name, at a rev, by a glob, and all that are known', async () => {
    expect((await coppice('--repo', app.path, 'grep', '-n', 'retry', '--repo', lib.path)).stdout).toBe(
      both('-n', 'retry'),
    );
    const other = `../../../${basename(dirname(lib.path))}/lib`;
    expect((await coppice('grep', '-n', 'retry', '--repo', '..', '--repo', other)).stdout).toBe(both('-n', 'retry'));
    expect((await coppice('grep', '-n', 'retry', '--repo', 'app', '--repo', 'LIB')).stdout).toBe(both('-n', 'retry'));
    expect((await coppice('grep', '-n', 'retry', '--repo', '*')).stdout).toBe(both('-n', 'retry'));
    expect((await coppice('grep', '-n', 'retry', '--all-repos')).stdout).toBe(both('-n', 'retry'));
    const pinned = git(app, 'app', '-n', 'retry') + git(lib, 'lib', '-n', 'retry', 'v1');
    for (const place of [`${lib.path}@v1`, 'lib@v1'])
      expect((await coppice('grep', '-n', 'retry', '--repo', 'app', '--repo', place)).stdout).toBe(pinned);
    expect((await coppice('grep', '-n', 'retry', '--repo', 'lib@v1')).stdout).toBe(
      git(lib, 'lib', '-n', 'retry', 'v1'),
    );
    // Of one alone paths count from its root.
    expect((await coppice('grep', '-n', 'retry', '--repo', 'lib')).stdout).toBe(
      git(lib, '', '-n', 'retry').replace(/^\//gm, ''),
    );
  });

  test('paths are narrowed and shown as they are printed', async () => {
    const view = ['--repo', 'app', '--repo', 'lib'];
    expect((await coppice('grep', '-l', 'retry', 'lib/src', ...view)).stdout).toBe('lib/src/a.ts\n');
    expect((await coppice('grep', '-l', 'retry', '--path', 'lib/**', ...view)).stdout).toBe('lib/src/a.ts\n');
    expect((await coppice('show', 'lib/src/a.ts:1', ...view)).stdout).toBe('// x\n');
    expect((await coppice('files', ...view)).stdout).toBe('app/README.md\napp/src/a.ts\nlib/src/a.ts\n');
    expect((await coppice('symbols', 'Retrier', ...view)).stdout).toMatch(/^lib\/src\/a\.ts:2 /);
    expect((await coppice('definition', 'Retrier', ...view)).stdout).toMatch(/^lib\/src\/a\.ts:2 /);
    expect((await coppice('references', 'retry', '-l', ...view)).stdout).toBe('app/src/a.ts\nlib/src/a.ts\n');
    expect((await coppice('search', 'retry', '-l', ...view)).stdout.trim().split('\n').sort()).toEqual([
      'app/README.md',
      'app/src/a.ts',
      'lib/src/a.ts',
    ]);
    expect((await coppice('search', 'retry', 'repo:lib', '-l', ...view)).stdout).toBe('lib/src/a.ts\n');
    expect((await coppice('search', 'class Retrier', '-n1', ...view)).stdout).toMatch(/^1 {2}lib\/src\/a\.ts:/);
    expect((await coppice('grep', '-n', 'old', '--rev', 'HEAD~..HEAD', '--repo', 'lib')).stdout).toBe(
      '-old.ts:1:retry old\n',
    );
  });

  test('data tells the repository and the path in it', async () => {
    const view = ['--json', '--repo', 'app', '--repo', 'lib'];
    const parsed = async (...words: string[]): Promise<object[]> =>
      (await coppice(...words, ...view)).stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
    expect(await parsed('grep', 'class')).toMatchObject([{ repo: 'lib', path: 'src/a.ts', line: 2 }]);
    expect(await parsed('grep', '-c', 'class')).toEqual([{ repo: 'lib', path: 'src/a.ts', count: 1 }]);
    expect(await parsed('search', 'class Retrier')).toMatchObject([{ hits: [{ repo: 'lib', path: 'src/a.ts' }] }]);
    expect(await parsed('symbols', 'Retrier')).toMatchObject([{ symbols: [{ repo: 'lib', path: 'src/a.ts' }] }]);
  });
});

describe('named views', () => {
  test('are added, listed, searched and dropped', async () => {
    expect(await coppice('view')).toMatchObject({ code: 0, stdout: '' });
    expect(await coppice('view', 'add', 'work', '..', 'lib@v1')).toMatchObject({ code: 0, stderr: '' });
    const listed = JSON.parse((await coppice('view', 'list', '--json')).stdout) as { views: object[] };
    expect(listed.views).toMatchObject([{ name: 'work', roots: [app.path, `${lib.path}@v1`] }]);
    expect((await coppice('view')).stdout).toMatch(new RegExp(`^work +${app.path}\n +${lib.path}@v1\n$`));
    const expected = git(app, 'app', '-n', 'retry') + git(lib, 'lib', '-n', 'retry', 'v1');
    for (const view of [
      ['--view', 'work'],
      ['--repo', 'view:work'],
    ])
      expect((await coppice('grep', '-n', 'retry', ...view)).stdout).toBe(expected);
    expect((await coppice('completion', 'words', '--', 'grep', '--view', 'w')).stdout).toMatch(/^work\t/);
    expect((await coppice('completion', 'words', '--', 'view', 'drop', '')).stdout).toMatch(/^work\t/);
    expect((await coppice('completion', 'words', '--', 'view', 'd')).stdout).toBe('drop\n');
    expect((await coppice('completion', 'words', '--', 'view', 'add', 'x', '')).stdout).toBe(':files\n');
    expect(await coppice('view', 'add', 'work', '..')).toMatchObject({ code: 2 });
    expect(await coppice('view', 'drop', 'work')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect((await coppice('view', 'list', '--json')).stdout).toBe('{"views":[]}\n');
  });

  test.each([
    [['grep', 'x', '--repo', 'lip'], 'NOT_A_REPOSITORY', /known: \w+, \w+/],
    [['grep', 'x', '--repo', 'app', '--repo', 'nothing'], 'NOT_A_REPOSITORY', /known: \w+, \w+/],
    [['grep', 'x', '--repo', 'app', '--repo', './nothing'], 'NOT_A_REPOSITORY', /./],
    [['grep', 'x', '--repo', 'zzz*'], 'NOT_A_REPOSITORY', /coppice status/],
    [['grep', 'x', '--view', 'weekend'], 'VIEW_NOT_FOUND', /views: other/],
    [['view', 'drop', 'weekend'], 'VIEW_NOT_FOUND', /views: other/],
    [['view', 'add', 'other', '..'], 'VIEW_EXISTS', /drop/],
    [['view', 'add', 'x y', '..'], 'VIEW_NAME_INVALID', /letters/],
    [['view', 'add', 'new', 'nothing'], 'NOT_A_REPOSITORY', /known: \w+, \w+/],
    [['view', 'add', 'new', 'lib@v9'], 'REV_NOT_FOUND', /./],
    [['view', 'add', 'new'], 'USAGE', /PLACE|view add/],
    [['view', 'drop'], 'USAGE', /view list/],
    [['view', 'lsit'], 'USAGE', /list/],
    [['view', 'list', 'more'], 'USAGE', /--help/],
    [['log', 'x', '--all-repos'], 'NOT_IN_A_VIEW', /--repo/],
    [['fork', 'x', '--repo', 'app', '--repo', 'lib'], 'NOT_IN_A_VIEW', /--repo/],
    [['grep', 'x', '--rev', 'v1', '--all-repos'], 'REV_NOT_FOUND', /./],
  ] as const)('%j says what is wrong and what there is', async (words, code, hint) => {
    await coppice('view', 'add', 'other', app.path);
    const { code: exit, stderr, stdout } = await coppice(...words, '--json');
    expect(exit).toBe(2);
    const { error } = JSON.parse(stdout) as { error: { code: string; hint: string } };
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(hint);
    expect(stderr).not.toMatch(/\n {4}at /);
  });
});

test('a folder goes before a name; what is neither is a name', () => {
  const here = makeFolder();
  mkdirSync(join(here, 'lib'));
  mkdirSync(join(here, 'a@b'));
  mkdirSync(join(here, 'w*'));
  const cases = {
    lib: join(here, 'lib'),
    'a@b': join(here, 'a@b'),
    'w*': join(here, 'w*'),
    '.': here,
    './x': join(here, 'x'),
    'x/y': join(here, 'x/y'),
    app: 'app',
    'li*': 'li*',
    '*': '*',
    'view:work': 'view:work',
    'app@v1': '["app@v1"]',
    'lib@feature/x': JSON.stringify(['lib@feature/x']),
    './lib@v1': JSON.stringify([join(here, 'lib@v1')]),
    [`file://${here}/lib`]: join(here, 'lib'),
  };
  for (const [typed, where] of Object.entries(cases)) expect([typed, placeFrom(typed, here)]).toEqual([typed, where]);
});
