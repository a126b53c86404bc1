import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine, type Engine } from '../../src/engine/index.js';
import { makeFolder, makeRepository, type TestRepository } from '../support/git.js';
import { runCli, type Outcome } from './fakes.js';

let repo: TestRepository;
let engine: Engine;
let bound: Partial<Engine>;

beforeAll(async () => {
  repo = makeRepository({ name: 'places' });
  repo.commit({
    'README.md': 'say hello\nagain Hello\n',
    'src/app.ts': "import { hello } from './lib/hello';\nhello(); hello();\n\n// the end\n",
    'src/lib/hello.ts': 'export function hello(): void {}\n// first\n// second\n// hello third\n',
    'src/lib/deep/hello.js': 'hello\nhello\nhello\n',
    'src/lib/a b.ts': 'hello there\n',
    'test/hello.test.ts': 'hello test\nbye\n',
    'test/[x].ts': 'hello brackets\n',
  });
  repo.tag('v1');
  repo.commit({ 'src/app.ts': "import { hello } from './lib/hello';\nhello('you');\n" });
  repo.write('src/lib/new.ts', 'hello new file\n');
  // So that git looks into it as well.
  spawnSync('git', ['add', '-N', 'src/lib/new.ts'], { cwd: repo.path });
  engine = await openEngine({ repo: repo.path, store: join(makeFolder(), 'store') });
  const names = [
    'resolve',
    'grepBatches',
    'grepCountBatches',
    'grepRangeBatches',
    'search',
    'symbols',
    'show',
  ] as const;
  bound = Object.fromEntries(
    names.map((name) => [name, (engine[name] as (...args: unknown[]) => unknown).bind(engine)]),
  );
});
afterAll(() => engine.close());

const coppice = (folder: string, ...words: string[]): Promise<Outcome> =>
  runCli(words, { engine: bound, cwd: join(repo.path, folder) });

function git(folder: string, ...words: string[]): { code: number; stdout: string } {
  const { status, stdout } = spawnSync('git', ['-c', 'core.quotePath=false', 'grep', '-I', ...words], {
    cwd: join(repo.path, folder),
    encoding: 'latin1',
  });
  return { code: status!, stdout };
}

describe('what a git user types, wherever they stand', () => {
  const cases: readonly (readonly [folder: string, ...words: string[]])[] = [
    ['', '-n', 'hello'],
    ['src', '-n', 'hello'],
    ['src/lib', '-n', 'hello'],
    ['src/lib', '-n', 'hello', '..'],
    ['src/lib', '-n', 'hello', '../../test'],
    ['src/lib', '-n', 'hello', ':/'],
    ['src/lib', '-n', 'hello', '--', ':/README.md', 'deep'],
    ['src', '-n', '--full-name', 'hello'],
    ['src', '-n', 'hello', '--', '*.js'],
    ['', '-n', 'hello', '--', 'src/', ':!src/lib/deep'],
    ['', '-n', 'hello', '--', ':!src'],
    ['', '-n', 'hello', '--', ':(glob)*/*.ts'],
    ['', '-n', 'hello', '--', './src/../test'],
    ['test', '-n', 'hello', '--', '[x].ts'],
    ['src', '-l', 'hello'],
    ['src', '-c', 'hello'],
    ['src', '-nv', 'hello'],
    ['src', '-cv', 'hello'],
    ['src', '-lv', 'hello'],
    ['src', '-no', 'hel*o'],
    ['src', '-noi', 'H'],
    ['src', '-n', '-A1', 'first'],
    ['src', '-n', '-B', '2', 'third'],
    ['src', '-n', '-B1', '-A', '2', 'hello'],
    ['src', '-n', '-C1', '-v', 'hello'],
    ['src', '-n', '-m', '2', 'hello'],
    ['src', '-n', '-m1', '-C1', 'hello'],
    ['src', '-n', '-e', 'first', '-e', 'second'],
    ['src', '-nF', '-e', 'hello()', '-e', '// f'],
    ['src', '-nE', 'first|second'],
    ['src', '-nP', '\\bthird\\b'],
    ['src', '-nz', 'hello'],
    ['src', '-lz', 'hello'],
    ['src', '-cz', 'hello'],
    ['src', '-q', 'hello'],
    ['src', '-q', 'nothing of the kind'],
    ['src', '-n', 'say'],
    ['src', '-nw', 'hello', 'lib/a b.ts'],
  ];

  test.each(cases.map((words) => [words.join(' '), words] as const))('%s', async (_, [folder, ...words]) => {
    const expected = git(folder, ...words);
    const found = await coppice(folder, 'grep', ...words);
    expect(found.stdoutBytes.toString('latin1')).toBe(expected.stdout);
    expect({ code: found.code, stderr: found.stderr }).toEqual({ code: expected.code, stderr: '' });
  });

  test('at a commit as in the work tree', async () => {
    const expected = git('src', '-n', 'hello', 'v1', '--', 'app.ts').stdout.replaceAll('v1:', '');
    expect((await coppice('src', 'grep', 'hello', 'app.ts', '--rev', 'v1')).stdout).toBe(expected);
    // A tree of its own has a root of its own.
    expect((await coppice('src/lib', 'grep', '-l', 'hello', '--rev', 'v1:src')).stdout).toMatch(/^app.ts\n/);
    // These have a colon and are commits.
    for (const rev of ['HEAD@{2030-01-01 10:30}', ':/.', 'HEAD^{/:*}', 'v1^0'])
      expect([rev, (await coppice('src/lib', 'grep', '-l', 'first', '--rev', rev)).stdout]).toEqual([
        rev,
        'hello.ts\n',
      ]);
    expect((await coppice('src', 'grep', 'hello\\(', '--rev', 'v1..')).stdout).toBe(
      "-app.ts:2:hello(); hello();\n+app.ts:2:hello('you');\n",
    );
  });
});

describe('what one sees is what is searched', () => {
  test('files that are not committed are found; HEAD is asked for by name', async () => {
    const [found] = (await coppice('src', 'search', 'new', 'file', '--json')).stdout.split('\n');
    const { rev, hits } = JSON.parse(found!) as { rev: string; hits: { path: string }[] };
    expect([rev, hits[0]!.path]).toEqual(['@worktree', 'src/lib/new.ts']);
    expect((await coppice('', 'grep', '-l', 'hello new')).stdout).toBe('src/lib/new.ts\n');
    expect((await coppice('', 'grep', '-l', 'hello new', '--rev', 'HEAD')).code).toBe(1);
  });

  test('search and symbols look everywhere, and show paths from where one stands; JSON counts from the root', async () => {
    expect((await coppice('test', 'symbols', 'hello')).stdout).toContain('../src/lib/hello.ts:1');
    expect((await coppice('src/lib', 'search', 'hello', 'third')).stdout).toContain('  hello.ts:');
    const [line] = (await coppice('src/lib', 'grep', 'first', '--json')).stdout.split('\n');
    expect(JSON.parse(line!)).toMatchObject({ path: 'src/lib/hello.ts', line: 2 });
    expect((await coppice('src/lib', 'show', 'v1:./a b.ts')).stdout).toBe('hello there\n');
    expect((await coppice('src/lib', 'show', 'v1:../app.ts:4')).stdout).toBe('// the end\n');
  });

  test('paths of any spelling', async () => {
    const all = 'src/lib/a b.ts\nsrc/lib/deep/hello.js\nsrc/lib/hello.ts\nsrc/lib/new.ts\n';
    const { path } = repo;
    for (const one of ['./src/lib', 'src/../src/lib', `${path}/src/lib`, `file://${path}/src/lib`, 'src\\lib'])
      expect([one, (await coppice('', 'grep', '-l', 'hello', '--path', one)).stdout]).toEqual([one, all]);
    for (const one of ['src/lib', './src/lib/', `${path}/src/lib`, `file://${path}/src/lib`])
      expect([one, (await coppice('', 'grep', '-l', 'hello', one)).stdout]).toEqual([one, all]);
    expect((await coppice('src', 'grep', '-l', 'hello', '-g', './lib/deep')).stdout).toBe('lib/deep/hello.js\n');
    expect((await engine.show('v1', `${path}/src/lib/a b.ts`)).content).toEqual(Buffer.from('hello there\n'));
    expect((await engine.outline(undefined, './src/lib/hello.ts')).symbols).toMatchObject([{ name: 'hello' }]);
  });

  test('what no file matches is told', async () => {
    expect((await coppice('', 'grep', 'hello', 'v7')).stderr).toContain(
      "no file matches 'v7' (nor is a rev called so)",
    );
    expect((await coppice('', 'grep', 'hello', 'src', 'srk')).stderr).toContain("no file matches 'srk'");
    expect((await coppice('', 'grep', 'hello', '--path', 'lib2')).stderr).toContain("no file matches 'lib2'");
    const { code, stderr } = await coppice('src', 'grep', 'hello', '../../x');
    expect([code, stderr]).toEqual([2, expect.stringContaining('leads out of the repository')]);
  });

  test('a terminal gets a heading, and the case of a pattern may tell', async () => {
    const shown = await runCli(['grep', 'first|second', '--color', 'never'], {
      engine: bound,
      cwd: repo.path,
      terminal: true,
    });
    expect(shown.stdout).toBe('src/lib/hello.ts\n2:// first\n3:// second\n');
    expect((await coppice('', 'grep', '--heading', '-C1', 'bye|say')).stdout).toBe(
      'README.md\n1:say hello\n2-again Hello\n\ntest/hello.test.ts\n1-hello test\n2:bye\n',
    );
    expect((await coppice('', 'grep', '-S', 'SAY')).code).toBe(1);
    expect((await coppice('', 'grep', '-S', 'again \\Whello|again hello')).stdout).toBe('README.md:2:again Hello\n');
    expect((await coppice('', 'grep', '-t', 'js', '-l', 'hello')).stdout).toBe('src/lib/deep/hello.js\n');
    const matches = (await coppice('src', 'grep', '-o', 'h.llo', 'app.ts', '--json')).stdout.trim().split('\n');
    expect(matches.map((line) => (JSON.parse(line) as { column: number }).column)).toEqual([10, 30, 1]);
  });
});
