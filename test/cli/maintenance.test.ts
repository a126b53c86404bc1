import { describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import type { Engine, GrepOptions, IndexOptions, StatusResult } from '../../src/engine/index.js';
import { commit, resolvedHead, runCli } from './fakes.js';

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

  const added = { newFiles: 12, newChunks: 1, newBytes: 45_600 };

  test('a line for each rev', async () => {
    const seen: unknown[] = [];
    const engine: Partial<Engine> = {
      index: (names, options: IndexOptions = {}) => {
        seen.push([names, options.all, options.history]);
        return Promise.resolve({ revs, commits: 2, ...added, tookMs: 900 });
      },
    };
    expect((await runCli(['index', 'main', 'dev', '--history'], { engine })).stdout).toMatchInlineSnapshot(`
      "main  0123456789  1,200 files, 5,400 chunks  12 new files, 1 new chunk, 45.6 KB  830 ms
      dev   0123456789  1 file, 1 chunk            nothing new                         2.0 ms
      2 revs, 2 new commits, 12 new files, 1 new chunk, 45.6 KB in 900 ms
      "
    `);
    const { stdout } = await runCli(['index', '--json', '--all'], { engine });
    expect(JSON.parse(stdout)).toEqual({ revs, commits: 2, ...added, tookMs: 900 });
    const many = Array.from({ length: 23 }, () => revs[1]!);
    const index: Engine['index'] = () => Promise.resolve({ revs: many, commits: 23, ...added, tookMs: 900 });
    const shown = (await runCli(['index', '--all'], { engine: { index } })).stdout.split('\n');
    expect(shown.slice(-3)[0]).toBe('… and 3 more revs (--json lists all)');
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
        return Promise.resolve({ revs: [], commits: 0, ...added, tookMs: 0 });
      },
    };
    const shown = await runCli(['index'], { engine, terminal: true, tickMs: 200, env: { NO_COLOR: '1' } });
    const frames = shown.stderr.split('\r').map((frame) => frame.replaceAll('\x1b[K', ''));
    expect(frames[1]).toBe('indexing  10 files  f0');
    expect(frames[2]).toBe('indexing  ██░░░░░░░░░░░░░░░░░░  1/10 files  f1');
    expect(frames.at(-2)).toBe('indexing  ████████████████████  10/10 files  5.0 MB/s  f10');
    expect(frames[8]).toContain('7/10 files  5.0 MB/s  f7');
    // What is left is told once that is no guess any more.
    expect(frames[9]).toContain('8/10 files  5.0 MB/s  about 1 s left  f8');
    expect(shown.stderr.endsWith('\r\x1b[K')).toBe(true);
    expect((await runCli(['index'], { engine, tickMs: 200 })).stderr).toBe(
      'coppice: indexing, 8/10 files, 5.0 MB/s, about 1 s left\n',
    );
    expect((await runCli(['index', '--json'], { engine, terminal: true, tickMs: 200 })).stderr).toBe('');
    expect((await runCli(['index'], { engine, terminal: true, tickMs: 1 })).stderr).toBe('');
  });

  test('what is left runs down and does not jump with the rate', async () => {
    // Files of very different size: 200 ms each tick, in which now one, now twenty are done.
    const engine: Partial<Engine> = {
      index: (_, options: IndexOptions = {}) => {
        for (let tick = 0, done = 0; done <= 1000; tick++) {
          options.onProgress?.({ phase: 'index', done, total: 1000, unit: 'files', bytes: 0, what: '' });
          done += tick % 40 < 25 ? 1 : 20;
        }
        return Promise.resolve({ revs: [], commits: 0, ...added, tookMs: 0 });
      },
    };
    const { stderr } = await runCli(['index'], { engine, terminal: true, tickMs: 200, env: { NO_COLOR: '1' } });
    const seconds = [...stderr.matchAll(/about (?:(\d+) min )?(\d+) s left/g)].map(
      ([, minutes = '0', rest]) => Number(minutes) * 60 + Number(rest),
    );
    expect(seconds.length).toBeGreaterThan(50);
    const jumps = seconds.slice(1).map((left, i) => Math.abs(left - seconds[i]!) / Math.max(left, seconds[i]!, 10));
    expect(Math.max(...jumps)).toBeLessThan(0.35);
    expect(seconds.at(-1)).toBeLessThan(10);
  });

  test('a first use that takes long is announced', async () => {
    const grep = (_: string, options: GrepOptions = {}): ReturnType<Engine['grep']> => {
      for (let done = 0; done < 4; done++) {
        options.onProgress?.({ phase: 'index', done, total: 4, unit: 'files', bytes: 0, what: '' });
      }
      return Promise.resolve({
        rev: resolvedHead,
        lines: [],
        truncated: false,
        unsearched: [],
        unmatched: [],
        freshness: 'exact',
        tookMs: 0,
      });
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

describe('status, gc, doctor', () => {
  const status: StatusResult = {
    store: '/data/coppice',
    formatVersion: 1,
    maxExactBytes: 67_108_864,
    sizeBytes: 12_345_678,
    segments: 3,
    chunks: 5400,
    files: 1200,
    trees: 1,
    commits: 1,
    textBytes: 45_600_000,
    packages: 812,
    views: [{ name: 'work', roots: ['/home/ada/app', '/home/ada/lib@v2'], deps: true, createdMs: 0 }],
    vectors: [
      { model: 'coppice-code', revision: '1', dimension: 256, chunks: 5400, sizeBytes: 1_400_000 },
      { model: 'other', revision: '', dimension: 768, chunks: 12, sizeBytes: 9_300 },
    ],
    writer: { pid: 42, command: 'coppice index', sinceMs: Date.UTC(2026, 0, 2, 3, 4) },
    memory: {
      snapshots: 1,
      snapshotBytes: 2_000_000,
      snapshotBytesMax: 96_000_000,
      cacheBytes: 10_000_000,
      cacheBytesMax: 288_000_000,
    },
    repositories: [
      {
        id: 'r',
        name: 'demo',
        path: '/home/ada/demo',
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
        exactOnly: [{ path: 'large.json', sizeBytes: 3_000_000 }],
        diagnostics: [{ path: 'a.ts', code: 'parse-limit', message: 'took too long to parse' }],
      },
    ],
  };

  test('status', async () => {
    const engine: Partial<Engine> = { status: () => Promise.resolve(status) };
    expect((await runCli(['status', '--all'], { engine })).stdout).toMatchInlineSnapshot(`
      "store     /data/coppice (format 1)
      size      12.3 MB in 3 segments
      holds     1,200 files, 5,400 chunks, 1 tree, 1 commit, 45.6 MB of text
      vectors   coppice-code 1 (256 components): all chunks, 1.4 MB
      vectors   other (768 components): 12 of 5,400 chunks, 9.3 KB
      memory    1 open snapshot (2.0 MB of 96.0 MB), caches 10.0 MB of 288 MB
      packages  812 packages of registries
      view      work: /home/ada/app, /home/ada/lib@v2, with packages
      writer    coppice index (process 42, since 2026-01-02 03:04 UTC)

      demo  /home/ada/demo
        main  branch  0123456789  indexed
        v1    tag     0123456789  behind
        1 more rev is not indexed yet
        1 fork (coppice forks lists them)
        1 file too large to be ranked: grep and log find them
          large.json  3.0 MB
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
    const tags = Array.from({ length: 160 }, (_, i) => ({
      rev: `v${String(i)}`,
      kind: 'tag' as const,
      commit,
      state: 'indexed' as const,
    }));
    const [first] = status.repositories;
    const many = { ...status, repositories: [{ ...first!, revs: [...first!.revs, ...tags] }] };
    const short = (await runCli(['status'], { engine: { status: () => Promise.resolve(many) } })).stdout;
    expect(short).toContain('more revs, all indexed (--all lists them)');
    expect(short).not.toMatch(/^ {2}v7 /m);
    expect(short).not.toContain('memory');
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
        provisional: [],
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

describe('progress', () => {
  /** A clock that is set by hand, and the timers on it. */
  function surroundings(terminal: boolean): {
    at: (ms: number) => string;
    run: (engine: Partial<Engine>, ...words: string[]) => Promise<void>;
  } {
    let nowMs = 0;
    let tick = (): void => undefined;
    const told: string[] = [];
    const every = (_: number, work: () => void): (() => void) => {
      tick = work;
      return () => (tick = () => undefined);
    };
    return {
      at: (ms) => {
        nowMs = ms;
        told.length = 0;
        tick();
        return told.join('').replaceAll('\x1b[K', '');
      },
      run: async (engine, ...words) => {
        const stderr = {
          isTerminal: terminal,
          pendingBytes: 0,
          columns: 100,
          write: (bytes: Uint8Array) => void told.push(Buffer.from(bytes).toString()),
          drain: () => Promise.resolve(),
        };
        await runCli(words, { engine, env: { NO_COLOR: '1' }, stderr, now: () => nowMs, every });
      },
    };
  }

  const report = (options: IndexOptions, done: number, bytes: number): void =>
    options.onProgress?.({ phase: 'index', done, total: 1949, unit: 'commits', bytes, what: 'history' });

  test('a terminal shows that it goes on, also while nothing is known of how far', async () => {
    const { at, run } = surroundings(true);
    const seen: string[] = [];
    const index: Engine['index'] = (_, options = {}) => {
      seen.push(at(150), at(250), at(1200));
      report(options, 0, 0);
      seen.push(at(1350));
      report(options, 0, 4_000_000);
      seen.push(at(3400));
      report(options, 1000, 9_000_000);
      seen.push(at(3600));
      return Promise.resolve({ revs: [], commits: 0, newFiles: 0, newChunks: 0, newBytes: 0, tookMs: 0 });
    };
    await run({ index }, 'index', '--history');
    expect(seen).toEqual([
      '',
      '\rstarting … 0 s',
      '\rstarting … 1 s',
      '\rindexing  1,949 commits  history',
      '\rindexing  4.0 MB read  1.8 MB/s  history',
      expect.stringContaining('1,000/1,949 commits'),
    ]);
  });

  test('elsewhere a line now and then, and the first within two seconds', async () => {
    const { at, run } = surroundings(false);
    const lines: number[] = [];
    const search: Engine['search'] = (query, options = {}) => {
      for (let ms = 0; ms <= 60_000; ms += 100) {
        if (at(ms) !== '') lines.push(ms);
        options.onProgress?.({ phase: 'index', done: ms, total: 60_000, unit: 'files', bytes: ms, what: '' });
      }
      return Promise.resolve({
        query,
        rev: 'HEAD',
        commit: null,
        hits: [],
        coverage: { lexical: 1, semantic: 1 },
        tookMs: 0,
      });
    };
    await run({ search }, 'search', 'x');
    expect(lines.filter((ms) => ms < 20_000).every((ms, i) => ms <= 1700 * (i + 1))).toBe(true);
    expect(lines.length).toBeLessThan(20);
  });

  test('what is said of an interruption is true', async () => {
    const interrupted = async (done: number): Promise<string> => {
      const controller = new AbortController();
      const index: Engine['index'] = (_, options = {}) => {
        if (done > 0) report(options, done, 1000);
        controller.abort();
        return Promise.reject(new CoppiceError('ABORTED', 'aborted'));
      };
      return (await runCli(['index'], { engine: { index }, signal: controller.signal })).stderr;
    };
    expect(await interrupted(0)).toBe('coppice: error[ABORTED]: interrupted\n');
    expect(await interrupted(3)).toBe(
      'coppice: error[ABORTED]: interrupted; what was indexed is kept, run the same command to go on\n',
    );
  });
});
