import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeFolder, makeRepository, type TestRepository } from '../../support/git.js';
import { coppice, distMain, ensureDist, environment, type Finished, type Place } from '../dist.js';

const app = `/** Keeps what was asked last. */
export class RequestCache {
  private readonly entries = new Map<string, string>();

  remember(key: string, value: string): void {
    // TODO evict the oldest
    this.entries.set(key, value);
  }

  recall(key: string): string | undefined {
    return this.entries.get(key);
  }
}

export function retryWithBackoff(times: number): number {
  // todo todo: jitter
  return times * 2;
}
`;

let repo: TestRepository;
let place: Place;

function run(...args: string[]): Finished {
  return coppice(place, ...args);
}

function json(...args: string[]): Record<string, unknown> {
  const { stdout, stderr } = run(...args, '--json');
  expect(stderr).toBe('');
  expect(stdout.endsWith('\n') && stdout.indexOf('\n') === stdout.length - 1, `one document: ${stdout}`).toBe(true);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** What git prints, as bytes. */
function gitGrep(...args: string[]): Buffer {
  const all = ['-c', 'core.quotePath=false', 'grep', '-I', ...args];
  return spawnSync('git', all, { cwd: repo.path, env: environment(place) }).stdout;
}

/** What the commands do, as a user has them: alone (`off`), or through a daemon that runs (`use`). */
export function describeCommands(daemon: 'off' | 'use'): void {
  beforeAll(() => {
    ensureDist();
    repo = makeRepository({ name: 'demo' });
    repo.commit({
      'src/app.ts': app,
      'src/util.go': 'package util\n\nfunc Todo() int {\n\treturn 1\n}\n',
      'README.md': '# Demo\n\nNothing to do, TODO later.\n',
    });
    repo.tag('v1');
    repo.commit({
      'src/app.ts': app
        .replace('// TODO evict the oldest\n', '// TODO evict the newest\n')
        .replace('times * 2', 'times * 3'),
      'docs/b "quoted".txt': 'todo one\n\n\n\n\ntodo two\nlast line without end: todo',
      'docs/tab\there.txt': 'todo\r\nno\r\n',
      'docs/latin1.txt': Buffer.from('caf\xe9 todo\nna\xefve\n', 'latin1'),
      'docs/ümlaut 😀.txt': 'todo 😀 todo\n',
      'bin.dat': Buffer.from([0, 1, 2, 0x74, 0x6f, 0x64, 0x6f]),
    });
    repo.tag('v2');
    repo.branch('dev', 'v1');
    place = { cwd: repo.path, store: join(makeFolder(), 'store'), env: { COPPICE_DAEMON: daemon } };
    if (daemon === 'use') expect(run('serve', '--detach').code).toBe(0);
  });

  afterAll(() => {
    if (daemon === 'off') return;
    const described = json('serve', '--status') as { requests: number; pid: number };
    expect(described.requests).toBeGreaterThan(60);
    expect(run('serve', '--stop').code).toBe(0);
  });

  test.skipIf(daemon === 'off')('the page opens on what lies there, in a bare repository at HEAD', () => {
    const openedAt = (folder: string): URLSearchParams => {
      const { url } = json('open', '--no-browser', '--repo', folder) as { url: string };
      return new URLSearchParams(new URL(url).hash.slice(1));
    };
    const here = openedAt(join(repo.path, 'src'));
    expect([here.get('repo'), here.get('rev')]).toEqual([join(repo.path, 'src'), '@worktree']);
    const bare = join(makeFolder(), 'bare.git');
    repo.git('clone', '-q', '--bare', repo.path, bare);
    expect(openedAt(bare).get('rev')).toBe(null);
  });

  describe('grep is git grep', () => {
    const flags: readonly (readonly string[])[] = [
      ['-n', 'todo'],
      ['-n', '-i', 'todo'],
      ['-n', '-w', 'todo'],
      ['-n', '-i', '-w', 'todo'],
      ['-n', '-F', '.get('],
      ['-n', '-C1', 'todo'],
      ['-n', '-i', '-C', '3', 'todo'],
      ['-c', 'todo'],
      ['-l', '-i', 'todo'],
      ['-n', '-e', '--'],
      ['-n', 'nothing of the kind'],
      ['-n', '--color=always', 'todo'],
      ['-n', '-i', '-C2', '--color=always', 'todo'],
      ['-c', '--color=always', 'todo'],
    ];

    test.each(flags.map((words) => [words.join(' '), words] as const))('%s', (_, words) => {
      const expected = gitGrep(...words);
      const found = run('grep', ...words);
      // On a busy machine it is told that it is being indexed.
      expect(found.stderr.replace(/^coppice: indexing.*\n/gm, '')).toBe('');
      expect(found.bytes.toString('latin1')).toBe(expected.toString('latin1'));
      expect(found.code).toBe(expected.length > 0 ? 0 : 1);
    });

    test('at other revs, in trees, in the work tree', () => {
      expect(run('grep', 'oldest', '--rev', 'v1').stdout).toBe('src/app.ts:6:    // TODO evict the oldest\n');
      expect(run('grep', 'oldest', '--rev', 'dev').code).toBe(0);
      expect(run('grep', 'oldest').code).toBe(1);
      expect(run('grep', 'oldest', '--rev', 'v1:src').stdout).toBe('app.ts:6:    // TODO evict the oldest\n');
      repo.write('new.txt', 'not yet committed\n');
      expect(run('grep', 'not yet', '--rev', '@worktree').stdout).toBe('new.txt:1:not yet committed\n');
      repo.remove('new.txt');
      expect(run('grep', 'not yet', '--rev', '@worktree').code).toBe(1);
    });

    test('between two revs', () => {
      const { code, stdout } = run('grep', 'TODO evict|times \\*', '--rev', 'v1..v2');
      expect(code).toBe(0);
      expect(stdout.split('\n').sort()).toEqual([
        '',
        '+src/app.ts:17:  return times * 3;',
        '+src/app.ts:6:    // TODO evict the newest',
        '-src/app.ts:17:  return times * 2;',
        '-src/app.ts:6:    // TODO evict the oldest',
      ]);
      expect(run('grep', 'TODO evict', '--rev', 'v2..').code).toBe(1);
      expect(run('grep', 'TODO evict', '--rev', 'v1..', '-c').stdout.split('\n').sort()).toEqual([
        '',
        '+src/app.ts:1',
        '-src/app.ts:1',
      ]);
      const [line] = run('grep', 'evict', '--rev', 'dev..main', '--json').stdout.split('\n');
      expect(Object.keys(JSON.parse(line!) as object)).toEqual(['path', 'line', 'column', 'length', 'text', 'side']);
    });

    test('filters', () => {
      expect(run('grep', '-il', 'todo', '--lang', 'go').stdout).toBe('src/util.go\n');
      expect(run('grep', '-l', 'todo', '--path', 'src/**').stdout).toBe('src/app.ts\n');
      expect(run('grep', '-il', 'todo', '--path', '!docs', '--path', '!src')).toMatchObject({
        stdout: 'README.md\n',
        stderr: '',
      });
      const most = run('grep', '-i', 'todo', '--max', '2');
      expect(most.stdout.split('\n').length).toBe(3);
      expect(most.stderr).toContain('--max');
    });

    test('JSON lines', () => {
      const lines = run('grep', 'todo', '--json').stdout.trimEnd().split('\n');
      const parsed = lines.map(
        (line) => JSON.parse(line) as { path: string; line: number; column: number; text: string },
      );
      expect(Object.keys(parsed[0]!)).toEqual(['path', 'line', 'column', 'length', 'text']);
      expect(parsed.find(({ path }) => path === 'docs/latin1.txt')).toMatchObject({
        column: 6,
        text: 'caf\udce9 todo',
      });
      expect(JSON.parse(run('grep', '-c', 'todo', '--json', '--path', 'src').stdout)).toEqual({
        path: 'src/app.ts',
        count: 1,
      });
      expect(JSON.parse(run('grep', '-l', 'todo', '--json', '--path', 'src').stdout)).toEqual({ path: 'src/app.ts' });
    });
  });

  describe('search, symbols, show', () => {
    test('search --json has the shape of the contract', () => {
      const result = json('search', 'retry backoff');
      expect(Object.keys(result)).toEqual(['query', 'rev', 'commit', 'hits', 'coverage', 'tookMs']);
      expect(result).toMatchObject({ query: 'retry backoff', rev: '@worktree', commit: repo.revParse('HEAD') });
      const [hit] = result['hits'] as Record<string, unknown>[];
      expect(Object.keys(hit!).sort()).toEqual(
        [
          'repo rev commit path blob startLine endLine language symbol kind symbolLine score signals matches text firstSeen freshness'.split(
            ' ',
          ),
        ]
          .flat()
          .sort(),
      );
      expect(hit).toMatchObject({
        repo: 'demo',
        path: 'src/app.ts',
        blob: repo.revParse('HEAD:src/app.ts'),
        language: 'typescript',
        signals: { lexical: 1 },
        freshness: 'live',
      });
    });

    test('search for people', () => {
      const { code, stdout, stderr } = run('search', 'retry', 'backoff', '-n1');
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^1 {2}src\/app\.ts:\d+-\d+ {2}\w+ \w+ {2}\d+\.\d\d\n/);
      expect(stdout).toMatch(/^ +15 {2}export function retryWithBackoff/m);
      expect(run('search', 'zzzyyyxxx')).toMatchObject({ code: 1, stdout: '' });
    });

    test('search in what is new at the end of a range', () => {
      const places = (...args: string[]): string[] =>
        (json('search', ...args)['hits'] as { path: string }[]).map(({ path }) => path);
      expect(places('todo', '--rev', 'v1')).toContain('README.md');
      expect(places('todo', '--rev', 'v1..v2')).not.toContain('README.md');
      expect(places('todo', '--rev', 'v1..v2')).toEqual(expect.arrayContaining(['docs/latin1.txt', 'src/app.ts']));
      expect(places('todo rev:v1.. path:app')).toEqual(['src/app.ts']);
      expect(json('search', 'todo', '--rev', 'v1..v2')).toMatchObject({
        rev: 'v2',
        commit: repo.revParse('v2'),
        from: { rev: 'v1', commit: repo.revParse('v1') },
      });
      expect(run('search', 'todo', '--rev', 'v2..').code).toBe(1);
      expect(run('search', 'newest', '--rev', 'v1..v2').stdout).toMatch(/^1 {2}src\/app\.ts:/);
    });

    test('symbols', () => {
      expect(run('symbols', 'recall').stdout).toMatch(/^src\/app\.ts:10 {2}method {2}RequestCache\.recall {2}recall\(/);
      const result = json('symbols', 'Todo', '--lang', 'go', '--rev', 'v1');
      expect(result).toMatchObject({
        name: 'Todo',
        rev: 'v1',
        commit: repo.revParse('v1'),
        symbols: [{ path: 'src/util.go', line: 3, name: 'Todo', kind: 'function', match: 'exact' }],
      });
      expect(run('symbols', 'nobodyDefinesThis').code).toBe(1);
    });

    test.each(['docs/latin1.txt', 'docs/b "quoted".txt', 'docs/ümlaut 😀.txt', 'docs/tab\there.txt', 'bin.dat'])(
      'show %s byte for byte',
      (path) => {
        const expected = spawnSync('git', ['cat-file', 'blob', `HEAD:${path}`], { cwd: repo.path }).stdout;
        expect(run('show', `HEAD:${path}`).bytes.equals(expected)).toBe(true);
      },
    );

    test('show some lines', () => {
      expect(run('show', 'HEAD:docs/b "quoted".txt:6-7').stdout).toBe('todo two\nlast line without end: todo');
      expect(run('show', 'v1:README.md:1').stdout).toBe('# Demo\n');
      expect(json('show', 'v1:README.md:1-2')).toEqual({
        rev: 'v1',
        commit: repo.revParse('v1'),
        path: 'README.md',
        startLine: 1,
        endLine: 2,
        text: '# Demo\n\n',
      });
    });
  });

  test('eval scores a golden set', () => {
    const relevant = [{ path: 'src/app.ts', symbol: 'RequestCache.recall' }];
    const golden = `${JSON.stringify({ query: 'recall', relevant })}\n${JSON.stringify({ query: 'Demo', relevant: [{ path: 'gone.md' }] })}\n`;
    const found = coppice({ ...place, input: golden }, 'eval', '-', '--mode', 'lexical', '--json', '--min-ndcg', '0.6');
    expect(found.code).toBe(1);
    expect(JSON.parse(found.stdout)).toMatchObject({
      rev: 'HEAD',
      commit: repo.revParse('HEAD'),
      queries: 2,
      missing: [{ line: 2, path: 'gone.md' }],
      modes: [{ mode: 'lexical', all: { ndcg: 0.5, recall: 0.5, mrr: 0.5 }, coverage: { lexical: 1 } }],
      below: ['lexical'],
    });
  });

  test('a fork from birth to death', () => {
    const forked = json('fork', 'try', '--from', 'v1');
    expect(forked).toEqual({
      name: 'try',
      rev: 'v1',
      commit: repo.revParse('v1'),
      tookMs: expect.any(Number) as number,
    });
    expect(run('grep', 'oldest', '--rev', 'try').code).toBe(0);

    const patch = repo.git('diff', 'v1', 'v2', '--', 'src/app.ts') + '\n';
    expect(coppice({ ...place, input: patch }, 'apply', 'try', '--patch', '-')).toMatchObject({ code: 0, stderr: '' });
    expect(run('grep', 'newest', '--rev', 'fork:try').stdout).toBe('src/app.ts:6:    // TODO evict the newest\n');
    const put = coppice(
      { ...place, input: 'put here\n' },
      'apply',
      'try',
      '--rm',
      'README.md',
      '--put',
      'x/y.txt=-',
      '--json',
    );
    expect(JSON.parse(put.stdout)).toMatchObject({ name: 'try', commit: null, changedFiles: 2 });
    expect(run('grep', '-l', 'put here|Nothing to do', '--rev', 'try').stdout).toBe('x/y.txt\n');
    expect(run('show', 'fork:try:x/y.txt').stdout).toBe('put here\n');
    // An edited fork takes over the commit's diff; one that only lags behind becomes the commit.
    expect(json('apply', 'try', '--commit', 'v2')).toMatchObject({ commit: null });
    expect(run('grep', '-l', 'put here|todo two', '--rev', 'try').stdout).toBe('"docs/b \\"quoted\\".txt"\nx/y.txt\n');
    run('fork', 'behind', '--from', 'v1');
    expect(json('apply', 'behind', '--commit', 'v2')).toMatchObject({ commit: repo.revParse('v2') });
    expect(run('drop', 'behind').code).toBe(0);

    expect(run('forks').stdout).toMatch(/^try +from v1 +/);
    expect(json('forks')).toMatchObject({ forks: [{ name: 'try' }] });
    expect(run('drop', 'try')).toMatchObject({ code: 0, stdout: 'dropped try\n' });
    expect(json('forks')).toEqual({ forks: [] });
  });

  test('index, status, gc, doctor', () => {
    const indexed = json('index', 'v1', 'dev');
    expect(indexed).toMatchObject({
      revs: [
        { rev: 'v1', files: 3 },
        { rev: 'dev', newFiles: 0 },
      ],
    });
    expect(run('index', '--all').stdout).toMatch(/^HEAD +[0-9a-f]{10} +\d+ files?, \d+ chunks? /);
    const status = json('status');
    expect(status).toMatchObject({ store: place.store, writer: null, repositories: [{ name: 'demo' }] });
    expect(run('status').stdout).toContain('demo  ');
    expect(json('gc', '--dry-run')).toMatchObject({ dryRun: true });
    expect(run('gc').code).toBe(0);
    expect(run('grep', '-c', 'todo', '--path', 'src').stdout).toBe('src/app.ts:1\n');
    expect(json('doctor')).toMatchObject({ problems: [] });
    expect(run('doctor').stdout).toMatch(/^no problems: /);
  });

  describe('colours and pipes', () => {
    test('only on request when piped, and NO_COLOR is heard', () => {
      const coloured = (env: Record<string, string>, ...words: string[]): boolean =>
        coppice({ ...place, env: { ...place.env, ...env } }, 'grep', 'todo', ...words).stdout.includes('\x1b');
      expect(coloured({})).toBe(false);
      expect(coloured({ FORCE_COLOR: '1' })).toBe(true);
      expect(coloured({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
      expect(coloured({ NO_COLOR: '1' }, '--color=always')).toBe(true);
      expect(coloured({}, '--json', '--color=always')).toBe(false);
    });

    test('a reader that leaves early', async () => {
      const big = makeRepository({ name: 'big' });
      big.commit({ 'big.txt': 'a line that matches\n'.repeat(20_000) });
      const child = spawn(process.execPath, [distMain, 'grep', 'line'], { cwd: big.path, env: environment(place) });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.stdout.once('data', () => child.stdout.destroy());
      expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
      expect(stderr).not.toContain('error');
    });
  });

  test('an interrupted index goes on where it stopped', async () => {
    const long = makeRepository({ name: 'long' });
    const text = (i: number): string =>
      Array.from({ length: 40 }, (_, n) => `const v${String(i)}_${String(n)} = ${String(i * n)};\n`).join('');
    long.commits(Array.from({ length: 300 }, (_, i) => ({ files: { [`f${String(i)}.ts`]: text(i) } })));
    const there: Place = { ...place, cwd: long.path };
    const child = spawn(process.execPath, [distMain, 'index', '--history'], {
      cwd: long.path,
      env: environment(there),
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
    setTimeout(() => child.kill('SIGINT'), 700);
    const code = await new Promise((resolve) => child.on('close', resolve));
    // On a fast machine it may have been done by then.
    if (code !== 0) {
      expect(code).toBe(130);
      expect(stderr).toContain('interrupted');
    }
    expect(coppice(there, 'index', '--history')).toMatchObject({ code: 0 });
    expect(coppice(there, 'grep', '-l', 'v7_39', '--rev', 'HEAD~292').stdout).toBe('f7.ts\n');
  });
}
