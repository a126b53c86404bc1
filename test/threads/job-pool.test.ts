import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { createJobPool, isThreadLost } from '../../src/threads/index.js';
import type { JobPool, JobPoolOptions } from '../../src/threads/index.js';
import { PoolThread } from '../../src/threads/pool-thread.js';
import type { ThreadLoss } from '../../src/threads/thread-lost.js';

let folder: string;
let script: URL;
let pool: JobPool;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coppice-pool-'));
  const outfile = join(folder, 'pool-thread.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('fixtures/pool-thread.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  script = pathToFileURL(outfile);
});
afterEach(() => pool.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (options: Partial<JobPoolOptions> = {}): JobPool => {
  pool = createJobPool({ script, threads: 2, heapMb: 256, ...options });
  return pool;
};

const outcome = async (result: Promise<unknown>): Promise<unknown> =>
  result.catch((error: Error) => (isThreadLost(error) ? `lost: ${error.loss}` : error.message.split('\n')[0]));

describe('job pool', () => {
  test('answers many jobs, each its own caller', async () => {
    open();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, value) => pool.run({ do: 'double', value })));
    expect(answers).toEqual(Array.from({ length: 200 }, (_, value) => value * 2));
  });

  test('threads start before there are jobs, and no more than there may be by then', async () => {
    open({ threads: 1 });
    pool.start();
    expect(pool.threadCount).toBe(1);
    await Promise.all(Array.from({ length: 20 }, (_, value) => pool.run({ do: 'double', value })));
    expect(pool.threadCount).toBe(1);
    pool.threadsMax = 2;
    pool.start();
    expect(pool.threadCount).toBe(2);
    pool.threadsMax = 1;
    pool.start();
    expect(await pool.run({ do: 'double', value: 4 })).toBe(8);
    expect(pool.threadCount).toBe(2);
  });

  test('many jobs that one signal can cancel are no reason for a warning, and it cancels them all', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    open();
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 20 }, (_, value) => pool.run({ do: 'double', value }, { signal })));
    const canceller = new AbortController();
    const jobs = Array.from({ length: 20 }, () =>
      outcome(pool.run({ do: 'loop' }, { signal: canceller.signal, endOnAbort: true })),
    );
    canceller.abort();
    expect(new Set(await Promise.all(jobs))).toEqual(new Set(['the job was cancelled']));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('a job that throws fails alone', async () => {
    open({ threads: 1 });
    const results = await Promise.all([
      outcome(pool.run({ do: 'throw' })),
      outcome(pool.run({ do: 'double', value: 4 })),
    ]);
    expect(results).toEqual(['a job failed: Error: no such luck', 8]);
  });

  test.each([
    ['exits', 'exit', 'crashed', {}],
    ['never ends', 'loop', 'deadline', { deadlineMs: 300 }],
    ['fills its memory', 'memory', 'memory', { heapMb: 32 }],
  ])('a job that %s is rejected; those beside and after it are answered', async (_, bad, loss, options) => {
    open({ threads: 1, ...options });
    const results = [1, 2, 3, 4, 5].map((value) => outcome(pool.run({ do: value === 2 ? bad : 'double', value })));
    expect(await Promise.all(results)).toEqual([2, `lost: ${loss}`, 6, 8, 10]);
    expect(await pool.run({ do: 'double', value: 21 })).toBe(42);
  });

  test('a worker that cannot start rejects its jobs', async () => {
    open({ script: pathToFileURL(join(folder, 'missing.mjs')) });
    expect(await outcome(pool.run({ do: 'double' }))).toBe('lost: start');
  });

  test('a thread that others leave no time to start is waited for, and not one that had its time', async () => {
    const hanging = join(folder, 'hanging.mjs');
    writeFileSync(hanging, 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const usage = vi.spyOn(process, 'cpuUsage');
    try {
      for (const [cpuMs, minutes] of [
        [9_999, 10],
        [10_000, 1],
      ] as const) {
        usage.mockReturnValue({ user: cpuMs * 1000, system: 0 });
        const lost: string[] = [];
        const died = (_: PoolThread, loss: ThreadLoss, reason: string): number => lost.push(`${loss}: ${reason}`);
        const thread = new PoolThread(
          { script: pathToFileURL(hanging), threads: 1, heapMb: 64 },
          { ready: () => undefined, idle: () => undefined, died },
        );
        vi.advanceTimersByTime(minutes * 60_000 - 1);
        expect(lost).toEqual([]);
        vi.advanceTimersByTime(1);
        expect(lost).toEqual(['start: it did not start in time']);
        await thread.stop();
      }
    } finally {
      usage.mockRestore();
      vi.useRealTimers();
    }
  });

  test('ready waits while the queue is full', async () => {
    open({ threads: 1, queueMax: 1 });
    const running = [0, 1, 2].map(() => pool.run({ do: 'sleep', value: 50 })); // two in flight, one waits
    let isReady = false;
    const ready = pool.ready().then(() => (isReady = true));
    await Promise.resolve();
    expect(isReady).toBe(false);
    await running[0];
    await ready;
    await Promise.all(running);
  });

  test('an aborted job is rejected at once, waiting or running', async () => {
    open({ threads: 1 });
    const controller = new AbortController();
    const results = [0, 1, 2].map(() => outcome(pool.run({ do: 'sleep', value: 100 }, { signal: controller.signal })));
    const after = pool.run({ do: 'double', value: 1 });
    controller.abort();
    expect(await Promise.all(results)).toEqual([
      'the job was cancelled',
      'the job was cancelled',
      'the job was cancelled',
    ]);
    expect(await outcome(pool.run({ do: 'double' }, { signal: controller.signal }))).toBe(
      'the operation was cancelled',
    );
    expect(await after).toBe(2);
  });

  test('a payload given away is still there for the second try', async () => {
    open({ threads: 1 });
    const bytes = Uint8Array.from([1, 2, 3]);
    const bad = outcome(pool.run({ do: 'exit' }));
    const sum = pool.run({ do: 'sum', bytes }, { transfer: [bytes.buffer] });
    expect([await bad, await sum]).toEqual(['lost: crashed', 6]);
  });

  test.each(['exit later', 'throw later', 'reject later'])('a worker that dies idle (%s) is replaced', async (bad) => {
    open({ threads: 1 });
    await pool.run({ do: bad, value: 20 });
    expect(pool.threadCount).toBe(1);
    while (pool.threadCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await pool.run({ do: 'double', value: 21 })).toBe(42);
  });

  test.each(['exit later', 'throw later', 'reject later'])('one that dies so at work is too: %s', async (bad) => {
    open({ threads: 1 });
    const results = [pool.run({ do: bad, value: 20 }), pool.run({ do: 'sleep', value: 60 }), pool.run({ do: 'sum' })];
    expect(await Promise.all(results)).toEqual([`${bad.replace(' ', 's ')}`, 'slept', undefined]);
  });

  test('workers without a job are stopped after a while, or on demand; jobs after that are answered', async () => {
    open({ idleMs: 40 });
    const sleeps = [60, 120, 60].map((value) => pool.run({ do: 'sleep', value })); // longer than that: not idle
    expect(await Promise.all(sleeps)).toEqual(['slept', 'slept', 'slept']);
    expect(pool.threadCount).toBeGreaterThan(0);
    while (pool.threadCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let i = 0; i < 20; i++) expect(await pool.run({ do: 'sleep', value: (i % 5) * 10 })).toBe('slept');
    const running = pool.run({ do: 'sleep', value: 50 });
    await pool.rest();
    expect(pool.threadCount).toBe(1);
    expect(await running).toBe('slept');
    await pool.rest();
    expect(pool.threadCount).toBe(0);
    expect(await pool.run({ do: 'double', value: 4 })).toBe(8);
  });

  test('a coded error arrives as it is', async () => {
    open({ threads: 1 });
    const error: unknown = await pool.run({ do: 'throw coded' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CoppiceError);
    expect(error).toMatchObject({
      code: 'PATTERN_INVALID',
      message: 'no such pattern',
      hint: 'another',
      data: { at: 3 },
    });
  });

  test('a job with one try and a deadline of its own is lost once, and what waits behind it is done', async () => {
    open({ threads: 1 });
    const bytes = Uint8Array.from([1, 2, 3]);
    const bad = outcome(pool.run({ do: 'loop' }, { tries: 1, deadlineMs: 200 }));
    const behind = pool.run({ do: 'sum', bytes }, { tries: 1, transfer: [bytes.buffer] });
    expect([await bad, await behind]).toEqual(['lost: deadline', 6]);
  });

  test('an abort that ends the thread frees it at once for the others', async () => {
    open({ threads: 1 });
    const controller = new AbortController();
    const bad = outcome(pool.run({ do: 'loop' }, { signal: controller.signal, endOnAbort: true }));
    const behind = pool.run({ do: 'double', value: 2 });
    setTimeout(() => controller.abort(), 100);
    expect([await bad, await behind]).toEqual(['the job was cancelled', 4]);
  });

  test('close rejects what is not done', async () => {
    open();
    const result = outcome(pool.run({ do: 'loop' }));
    await pool.close();
    expect(await result).toBe('the pool was closed');
    expect(await outcome(pool.run({ do: 'double' }))).toBe('the pool is closed');
  });
});
