import { writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { makeFolder, makeRepository } from '../support/git.js';
import { coppice, distMain, ensureDist, environment, type Place } from './dist.js';

// What is thrown in the daemon where nobody waits for it: a program of the user's (`--import`) throws in a timer at each SIGUSR2.

beforeAll(ensureDist);

interface Served {
  readonly place: Place;
  readonly pid: number;
  readonly ended: Promise<number | null>;
  throwOne(): void;
  /** What it has said so far. */
  log(): string;
}

async function serve(): Promise<Served> {
  const repository = makeRepository();
  repository.commit({ 'a.txt': 'one line\n' });
  const folder = makeFolder();
  const planted = join(folder, 'planted.mjs');
  writeFileSync(
    planted,
    `import { isMainThread } from 'node:worker_threads';
     if (isMainThread) process.on('SIGUSR2', () => setTimeout(() => { throw new Error('planted') }));`,
  );
  const place = { cwd: repository.path, store: join(folder, 'store'), env: { COPPICE_DAEMON: 'use' } };
  const child = spawn(process.execPath, ['--import', planted, distMain, 'serve'], {
    cwd: place.cwd,
    env: environment(place),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (said += piece));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await expect.poll(() => coppice(place, 'serve', '--status', '--json').code, { timeout: 20_000 }).toBe(0);
  return { place, pid: child.pid!, ended, throwOne: () => void child.kill('SIGUSR2'), log: () => said };
}

const servedBy = (place: Place): unknown =>
  (JSON.parse(coppice(place, 'serve', '--status', '--json').stdout) as { pid?: number }).pid;

test('a fault that nobody expected is noted, and the daemon answers on; one that comes again and again ends it', async () => {
  const { place, pid, ended, throwOne, log } = await serve();
  throwOne();
  await expect.poll(log).toContain('a fault that nobody expected: Error: planted');
  expect(coppice(place, 'grep', 'line').stdout).toBe('a.txt:1:one line\n');
  expect(servedBy(place)).toBe(pid);
  for (let n = 0; n < 20; n++) {
    throwOne();
    const noted = n + 2;
    // Signals that come at once are one.
    await expect.poll(() => log().split('Error: planted').length - 1).toBe(noted);
  }
  expect(await ended).toBe(0);
  expect(log()).toContain('the daemon ends: its state may not be whole');
  expect(coppice(place, 'grep', 'line').stdout).toBe('a.txt:1:one line\n');
});
