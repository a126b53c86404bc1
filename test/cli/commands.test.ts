import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import type { ApplyStep, Engine, GrepOptions, IndexOptions, StatusResult } from '../../src/engine/index.js';
import { commit, hit, lineMatch, resolvedHead, runCli } from './fakes.js';

const folder = mkdtempSync(join(tmpdir(), 'coppice-cli-'));
beforeAll(() => writeFileSync(join(folder, 'edit.patch'), 'a patch'));
afterAll(() => rmSync(folder, { recursive: true }));

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
      "1  src/a.ts:10-12  method Builder.finish  12.35
        10  finish() {
        11    done();
        12  }

      2  b.md:1-12  3.00
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
      options: { rev: 'HEAD', limit: 3, mode: 'lexical', paths: ['src', '!test'], languages: ['go'] },
    });
  });
});

describe('symbols and show', () => {
  const symbol = {
    path: 'src/a.ts',
    line: 4,
    name: 'finish',
    scope: 'Builder',
    kind: 'method' as const,
    language: 'typescript',
    match: 'exact' as const,
    text: '  finish() {',
  };
  const engine: Partial<Engine> = {
    symbols: () => Promise.resolve({ rev: resolvedHead, symbols: [symbol], tookMs: 1 }),
    show: (_rev, path, lines) =>
      Promise.resolve({
        rev: resolvedHead,
        path,
        startLine: lines?.start ?? 1,
        endLine: lines?.end ?? 2,
        content: Buffer.from([0x61, 0xff, 0x0a, 0x62]),
      }),
  };

  test('definitions in columns, and as one document', async () => {
    expect((await runCli(['symbols', 'finish'], { engine })).stdout).toBe(
      'src/a.ts:4  method  Builder.finish  finish() {\n',
    );
    const { stdout } = await runCli(['symbols', 'finish', '--json'], { engine });
    expect(JSON.parse(stdout)).toEqual({ name: 'finish', rev: 'HEAD', commit, symbols: [symbol], tookMs: 1 });
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

describe('index', () => {
  const revs = [
    {
      ...resolvedHead,
      rev: 'main',
      files: 1200,
      chunks: 5400,
      newFiles: 12,
      newChunks: 1,
      newBytes: 45_600,
      tookMs: 830,
    },
    { ...resolvedHead, rev: 'dev', files: 1, chunks: 1, newFiles: 0, newChunks: 0, newBytes: 0, tookMs: 2 },
  ];

  test('a line for each rev', async () => {
    const seen: unknown[] = [];
    const engine: Partial<Engine> = {
      index: (names, options: IndexOptions = {}) => {
        seen.push([names, options.all, options.history]);
        return Promise.resolve({ revs, commits: 2, tookMs: 900 });
      },
    };
    expect((await runCli(['index', 'main', 'dev', '--history'], { engine })).stdout).toMatchInlineSnapshot(`
      "main  0123456789  1,200 files, 5,400 chunks  12 new files, 1 new chunk, 45.6 KB  830 ms
      dev   0123456789  1 file, 1 chunk            nothing new                         2.0 ms
      2 revs, 2 commits in 900 ms
      "
    `);
    const { stdout } = await runCli(['index', '--json', '--all'], { engine });
    expect(JSON.parse(stdout)).toEqual({ revs, commits: 2, tookMs: 900 });
    expect(seen).toEqual([
      [['main', 'dev'], false, true],
      [['HEAD'], true, false],
    ]);
  });

  test('notes and progress go to stderr, the bar only to a terminal', async () => {
    const engine: Partial<Engine> = {
      index: (_, options: IndexOptions = {}) => {
        for (let done = 0; done <= 10; done++) {
          options.onProgress?.({
            phase: 'index',
            done,
            total: 10,
            unit: 'files',
            bytes: done * 1e6,
            what: `f${String(done)}`,
          });
        }
        return Promise.resolve({ revs: [], commits: 0, tookMs: 0 });
      },
    };
    const shown = await runCli(['index'], { engine, terminal: true, tickMs: 200, env: { NO_COLOR: '1' } });
    const frames = shown.stderr.split('\r').map((frame) => frame.replaceAll('\x1b[K', ''));
    expect(frames[1]).toBe('indexing  ████░░░░░░░░░░░░░░░░  2/10 files  f2');
    expect(frames.at(-2)).toBe('indexing  ████████████████████  10/10 files  5.0 MB/s  f10');
    expect(frames[5]).toContain('5.0 MB/s  800 ms left  f6');
    expect(shown.stderr.endsWith('\r\x1b[K')).toBe(true);
    expect((await runCli(['index'], { engine, tickMs: 200 })).stderr).toBe('');
    expect((await runCli(['index', '--json'], { engine, terminal: true, tickMs: 200 })).stderr).toBe('');
    expect((await runCli(['index'], { engine, terminal: true, tickMs: 1 })).stderr).toBe('');
  });

  test('a first use that takes long is announced', async () => {
    const grep = (_: string, options: GrepOptions = {}): ReturnType<Engine['grep']> => {
      for (let done = 0; done < 4; done++) {
        options.onProgress?.({ phase: 'index', done, total: 4, unit: 'files', bytes: 0, what: '' });
      }
      return Promise.resolve({ rev: resolvedHead, lines: [], truncated: false, freshness: 'exact', tookMs: 0 });
    };
    const slow = await runCli(['grep', 'x', '--rev', 'v1', '--repo', '/no/demo.git'], {
      engine: { grep },
      tickMs: 200,
    });
    expect(slow.stderr).toBe('coppice: indexing demo at v1 (first use) …\n');
    expect((await runCli(['grep', 'x'], { engine: { grep }, tickMs: 10 })).stderr).toBe('');
    expect((await runCli(['grep', 'x', '--json'], { engine: { grep }, tickMs: 200 })).stderr).toBe('');
  });
});

describe('forks', () => {
  const info = { name: 'try', rev: 'main', commit: null, tree: 'c'.repeat(40), createdMs: Date.UTC(2026, 0, 2, 3, 4) };

  test('fork, forks, drop', async () => {
    const engine: Partial<Engine> = {
      fork: (name, options) => Promise.resolve({ ...info, name, rev: options!.from!, commit, tookMs: 0.85 }),
      forks: () => Promise.resolve([info]),
      drop: () => Promise.resolve(),
    };
    expect((await runCli(['fork', 'try', '--from', 'main'], { engine })).stdout).toBe(
      'forked try from main (0123456789) in 0.8 ms\n',
    );
    const forked = JSON.parse((await runCli(['fork', 'try', '--json'], { engine })).stdout) as object;
    expect(forked).toEqual({ name: 'try', rev: 'HEAD', commit, tookMs: 0.85 });
    expect((await runCli(['forks'], { engine })).stdout).toBe('try  from main  edited  2026-01-02 03:04 UTC\n');
    expect(JSON.parse((await runCli(['forks', '--json'], { engine })).stdout)).toEqual({ forks: [info] });
    expect((await runCli(['drop', 'try'], { engine })).stdout).toBe('dropped try\n');
    expect(JSON.parse((await runCli(['drop', 'try', '--json'], { engine })).stdout)).toEqual({
      name: 'try',
      dropped: true,
    });
    const none = await runCli(['forks'], { engine: { forks: () => Promise.resolve([]) } });
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'coppice: no forks yet; coppice fork NAME makes one\n' });
  });

  test('apply takes its steps in the order given', async () => {
    let seen: readonly ApplyStep[] = [];
    const engine: Partial<Engine> = {
      apply: (_, steps) => {
        seen = steps;
        return Promise.resolve({ ...info, changedFiles: 2, newChunks: 1, tookMs: 12 });
      },
    };
    const words = [
      'apply',
      'try',
      '--rm',
      'a',
      '--put',
      'b=c=-',
      '--put',
      'd=-',
      '--patch',
      'edit.patch',
      '--commit',
      'v1',
    ];
    const failed = await runCli(words, { engine, cwd: folder, stdin: 'text' });
    expect(failed.stderr).toBe(
      "coppice: error[USAGE]: cannot read 'c=-': ENOENT: no such file or directory\nhint: name a file that can be read\n",
    );
    words.splice(4, 2);
    const { code, stdout } = await runCli(words, { engine, cwd: folder, stdin: 'text' });
    expect([code, stdout]).toEqual([0, 'try: 2 files changed, 1 new chunk in 12 ms\n']);
    expect(seen).toEqual([
      { kind: 'remove', path: 'a' },
      { kind: 'put', path: 'd', content: Buffer.from('text') },
      { kind: 'patch', patch: Buffer.from('a patch') },
      { kind: 'commit', rev: 'v1' },
    ]);
    const wrong = [
      ['apply', 'try'],
      ['apply', 'try', '--put', 'a'],
      ['apply', 'try', '--put', 'a=-', '--patch', '-'],
      ['apply', 'try', '--commit', 'a..b'],
    ];
    const said = await Promise.all(wrong.map(async (line) => (await runCli(line, { engine })).stderr));
    expect(said.join('')).toMatchInlineSnapshot(`
      "coppice: error[USAGE]: coppice apply needs a step to take
      hint: give --commit REV, --patch FILE, --put PATH=FILE or --rm PATH
      coppice: error[USAGE]: --put needs PATH=FILE, not 'a'
      hint: PATH=- reads standard input
      coppice: error[USAGE]: standard input can be read only once
      hint: give - to one step and files to the others
      coppice: error[USAGE]: coppice apply takes one rev, not the range 'a..b'
      hint: coppice grep PATTERN --rev A..B tells what changed between two revs
      "
    `);
  });
});

describe('status, gc, doctor', () => {
  const status: StatusResult = {
    store: '/data/coppice',
    formatVersion: 1,
    sizeBytes: 12_345_678,
    segments: 3,
    chunks: 5400,
    files: 1200,
    trees: 1,
    textBytes: 45_600_000,
    writer: { pid: 42, command: 'coppice index', sinceMs: Date.UTC(2026, 0, 2, 3, 4) },
    repositories: [
      {
        id: 'r',
        name: 'demo',
        path: '/work/demo',
        revs: [
          { rev: 'main', kind: 'branch', commit, state: 'indexed' },
          { rev: 'v1', kind: 'tag', commit, state: 'behind' },
          { rev: '@worktree', kind: 'worktree', commit: null, state: 'not-indexed' },
        ],
        forks: 1,
        skipped: Array.from(
          { length: 7 },
          (_, i) => ({ path: `${String(i)}.bin`, reason: 'binary', sizeBytes: 1000 }) as const,
        ),
        diagnostics: [{ path: 'a.ts', code: 'parse-timeout', message: 'took too long to parse' }],
      },
    ],
  };

  test('status', async () => {
    const engine: Partial<Engine> = { status: () => Promise.resolve(status) };
    expect((await runCli(['status'], { engine })).stdout).toMatchInlineSnapshot(`
      "store   /data/coppice (format 1)
      size    12.3 MB in 3 segments
      holds   1,200 files, 5,400 chunks, 1 tree, 45.6 MB of text
      writer  coppice index (process 42, since 2026-01-02 03:04 UTC)

      demo  /work/demo
        main       branch    0123456789  indexed
        v1         tag       0123456789  behind
        @worktree  worktree  -           not indexed
        1 fork
        7 files without searchable lines
          0.bin  binary  1.0 KB
          1.bin  binary  1.0 KB
          2.bin  binary  1.0 KB
          3.bin  binary  1.0 KB
          4.bin  binary  1.0 KB
          and 2 more
        1 file cut by lines, not by symbols
          a.ts  took too long to parse
      "
    `);
    expect(JSON.parse((await runCli(['status', '--json'], { engine })).stdout)).toEqual(status);
    const empty: Partial<Engine> = { status: () => Promise.resolve({ ...status, writer: null, repositories: [] }) };
    expect((await runCli(['status'], { engine: empty })).stdout).toContain('no repository is indexed yet');
  });

  test('gc', async () => {
    const engine: Partial<Engine> = {
      gc: ({ dryRun = false } = {}) =>
        Promise.resolve({ dryRun, chunksBefore: 5000, chunksAfter: 4000, reclaimedBytes: 1_200_000, tookMs: 20 }),
    };
    expect((await runCli(['gc'], { engine })).stdout).toBe('reclaimed 1.2 MB, 1,000 of 5,000 chunks (20 ms)\n');
    expect((await runCli(['gc', '--dry-run'], { engine })).stdout).toContain('would reclaim 1.2 MB');
    expect(JSON.parse((await runCli(['gc', '--json'], { engine })).stdout)).toMatchObject({ dryRun: false });
  });

  test('doctor ends in an error while a problem is left', async () => {
    const problem = { where: 'segment 3', message: 'bad checksum', remedy: 'drop it', repaired: false };
    const doctor: Engine['doctor'] = ({ repair = false } = {}) =>
      Promise.resolve({
        problems: [{ ...problem, repaired: repair }],
        segmentsChecked: 3,
        bytesChecked: 2e6,
        tookMs: 9,
      });
    const found = await runCli(['doctor'], { engine: { doctor } });
    expect(found.code).toBe(2);
    expect(found.stdout + found.stderr).toMatchInlineSnapshot(`
      "damaged  segment 3: bad checksum
                drop it
      1 problem: 3 segments, 2.0 MB verified in 9.0 ms
      coppice: error[STORE_CORRUPT]: 1 problem in the store
      hint: coppice doctor --repair
      "
    `);
    const asJson = await runCli(['doctor', '--json'], { engine: { doctor } });
    expect(JSON.parse(asJson.stdout)).toMatchObject({ problems: [problem], error: { code: 'STORE_CORRUPT' } });
    expect(await runCli(['doctor', '--repair'], { engine: { doctor } })).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('errors and interruption', () => {
  test('an error of the engine is told on stderr, and on stdout under --json', async () => {
    const engine: Partial<Engine> = {
      grep: () =>
        Promise.reject(
          new CoppiceError('PATTERN_INVALID', 'unterminated group\na(\n ^', { hint: 'close it or use -F' }),
        ),
    };
    const plain = await runCli(['grep', 'a('], { engine });
    expect(plain).toMatchObject({ code: 2, stdout: '' });
    expect(plain.stderr).toBe(
      'coppice: error[PATTERN_INVALID]: unterminated group\n  a(\n   ^\nhint: close it or use -F\n',
    );
    const { code, stdout, stderr } = await runCli(['grep', 'a(', '--json'], { engine });
    expect([code, stderr]).toEqual([2, plain.stderr]);
    const error = { code: 'PATTERN_INVALID', message: 'unterminated group\na(\n ^', hint: 'close it or use -F' };
    expect(JSON.parse(stdout)).toEqual({ error });
    expect(JSON.parse((await runCli(['grep', '--json'], { engine })).stdout)).toMatchObject({
      error: { code: 'USAGE' },
    });
    expect(JSON.parse((await runCli(['status', '--json'])).stdout)).toMatchObject({
      error: { code: 'NOT_A_REPOSITORY' },
    });
  });

  test('anything else is INTERNAL, its stack only for who asks', async () => {
    const engine: Partial<Engine> = { forks: () => Promise.reject(new TypeError('x is undefined')) };
    const { code, stderr } = await runCli(['forks'], { engine });
    expect([code, stderr]).toEqual([
      2,
      'coppice: error[INTERNAL]: x is undefined\nhint: COPPICE_DEBUG=1 shows where; please report it\n',
    ]);
    expect((await runCli(['forks'], { engine, env: { COPPICE_DEBUG: '1' } })).stderr).toContain('    at ');
  });

  test('an interruption says how to go on', async () => {
    const interrupt = new AbortController();
    const engine: Partial<Engine> = {
      index: () => {
        interrupt.abort();
        return Promise.reject(new CoppiceError('GIT_FAILED', 'git was killed'));
      },
    };
    const { code, stderr } = await runCli(['index'], { engine, signal: interrupt.signal });
    expect(code).toBe(130);
    expect(stderr).toBe(
      'coppice: error[ABORTED]: interrupted; what was indexed is kept, run the same command to go on\n',
    );
  });

  test('a reader that has gone ends it quietly', async () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => lineMatch('a', i + 1, 'x'));
    const engine: Partial<Engine> = {
      grep: () => Promise.resolve({ rev: resolvedHead, lines, truncated: false, freshness: 'exact', tookMs: 1 }),
    };
    let writes = 0;
    const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const stdout = {
      isTerminal: false,
      columns: 80,
      drain: () => Promise.resolve(),
      write: () => {
        if (++writes > 1) throw broken;
      },
    };
    expect(await runCli(['grep', 'x'], { engine, stdout })).toMatchObject({ code: 0, stderr: '' });
    expect(writes).toBe(2);
    const full = {
      ...stdout,
      write: () => {
        throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      },
    };
    const failed = await runCli(['grep', 'x'], { engine, stdout: full });
    expect(failed.code).toBe(2);
    expect(failed.stderr).toContain('cannot write to standard output: ENOSPC');
  });

  test('paths count from where the command was started, and the engine is always closed', async () => {
    const seen: unknown[] = [];
    const engine: Partial<Engine> = {
      forks: () => Promise.reject(new CoppiceError('STORE_LOCKED', 'busy')),
      close: () => Promise.resolve(void seen.push('closed')),
    };
    await runCli(['--repo', 'r', 'forks', '--store', '../s'], {
      engine,
      cwd: '/w/d',
      onOpen: ({ repo, store }) => seen.push(repo, store),
    });
    expect(seen).toEqual(['/w/d/r', '/w/s', 'closed']);
  });
});
