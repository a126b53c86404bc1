import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { WatchedChange } from '../../../src/daemon/watch/index.js';
import { watchFolder, type WatchFolder } from '../../../src/daemon/watch/folder-tree.js';
import { git, makeFolder, makeRepository, type TestRepository } from '../../support/git.js';
import { placeOf, seenOf, until, untilExact, watchPlace } from './support/watched.js';

let repo: TestRepository;
beforeEach(() => {
  repo = makeRepository();
  repo.commit({ 'src/a.ts': 'a', 'src/deep/b.ts': 'b' });
});

/** The folders that this process watches, by what the kernel says. */
function watchesOfKernel(): number {
  let watches = 0;
  for (const fd of fs.readdirSync('/proc/self/fdinfo')) {
    try {
      watches += fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').split('\ninotify ').length - 1;
    } catch {
      // Closed meanwhile.
    }
  }
  return watches;
}

/** `fs.watch` that may be used so often. */
function limited(watches: number, code: string): WatchFolder {
  return (...args) => {
    if (watches-- > 0) return watchFolder(...args);
    throw Object.assign(new Error(`${code}: limit reached, watch`), { code });
  };
}

describe('life', () => {
  test('what it is not sure of yet, it does not answer', async () => {
    const place = await placeOf(repo.path);
    let letGo!: (folders: string[]) => void;
    const listed = new Promise<string[]>((resolve) => (letGo = resolve));
    const monitor = watchPlace({ ...place, ignoredFolders: () => listed });
    expect(await monitor.generation()).toBeNull();
    expect(monitor.status()).toMatchObject({ state: 'starting' });
    letGo([]);
    await untilExact(monitor);
    expect(monitor.status()).toMatchObject({ state: 'watching', folders: expect.any(Number) as number });
    expect(monitor.status()).not.toHaveProperty('reason');
  });

  test.runIf(process.platform === 'linux')('closing frees all watches', async () => {
    const before = watchesOfKernel();
    const monitors = await Promise.all(
      [1, 2, 3].map(async () => watchPlace(await placeOf(repo.path), { cookieFolder: join(shared, 'cookies') })),
    );
    await Promise.all(monitors.map(untilExact));
    expect(watchesOfKernel()).toBeGreaterThan(before + 5);
    const answers = monitors.map((monitor) => monitor.generation());
    for (const monitor of monitors) monitor.close();
    expect(await Promise.all(answers)).toEqual([null, null, null]);
    expect(await monitors[0]!.generation()).toBeNull();
    await until(() => watchesOfKernel() === before);
    expect(fs.readdirSync(shared)).toEqual([]);
  });
  const shared = makeFolder();

  test('no timer runs while nothing happens', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const monitor = watchPlace(await placeOf(repo.path), { quietMs: 5 });
    await untilExact(monitor);
    expect(await until(() => timers() <= before)).toBe(true);
  });

  test('many calls at once get one answer', async () => {
    const monitor = watchPlace(await placeOf(repo.path));
    const before = await untilExact(monitor);
    repo.write('src/a.ts', 'b');
    const answers = await Promise.all(Array.from({ length: 500 }, () => monitor.generation()));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toBeGreaterThan(before);
  });
});

describe('reports', () => {
  test('come once after many changes, and in between when there is no end of them', async () => {
    const monitor = watchPlace(await placeOf(repo.path), { quietMs: 40, delayMsMax: 200 });
    await untilExact(monitor);
    await pause(100);
    const reports: WatchedChange[] = [];
    const stop = monitor.onChange((change) => reports.push(change));
    for (let i = 0; i < 50; i++) repo.write(`src/${i}.ts`, 'x');
    await until(() => reports.length > 0);
    await pause(80);
    expect(reports).toEqual([{ worktree: true, head: false, refs: false }]);
    const endMs = performance.now() + 700;
    while (performance.now() < endMs) {
      repo.write('src/a.ts', 'x');
      await pause(5);
    }
    expect(reports.length).toBeGreaterThanOrEqual(3);
    expect(reports.length).toBeLessThanOrEqual(5);
    stop();
    const { length } = reports;
    repo.write('src/a.ts', 'y');
    await pause(100);
    expect(reports).toHaveLength(length);
  });
});

describe('what is gone, and comes again', () => {
  test.each(['work tree', '.git'])('the %s', async (what) => {
    const monitor = watchPlace(await placeOf(repo.path), { quietMs: 5 });
    const before = await untilExact(monitor);
    const path = what === '.git' ? repo.gitDir : repo.path;
    fs.renameSync(path, `${repo.path}-away`);
    expect(await monitor.generation()).toBeNull();
    expect(monitor.status()).toMatchObject({
      state: 'starting',
      reason: expect.stringContaining('not there') as string,
    });
    fs.renameSync(`${repo.path}-away`, path);
    const after = await untilExact(monitor);
    expect(after).toBeGreaterThan(before);
    const edited = await seenOf(monitor, () => repo.write('src/deep/b.ts', 'c'));
    expect(edited).toEqual({ grown: expect.any(Number) as number, reported: ['worktree'] });
    expect(edited.grown).toBeGreaterThan(0);
    expect((await seenOf(monitor, () => repo.git('branch', 'new'))).reported).toEqual(['refs']);
  });

  test('another repository at the same place, at once', async () => {
    const monitor = watchPlace(await placeOf(repo.path), { quietMs: 5 });
    const before = await untilExact(monitor);
    fs.rmSync(repo.path, { recursive: true });
    fs.mkdirSync(repo.path);
    git(repo.path, ['init', '-q', '-b', 'main']);
    repo.write('src/deep/b.ts', 'x');
    expect(await untilExact(monitor)).toBeGreaterThan(before);
    expect((await seenOf(monitor, () => repo.write('src/deep/b.ts', 'c'))).grown).toBeGreaterThan(0);
    expect((await seenOf(monitor, () => repo.git('add', '.'))).reported).toEqual(['head']);
  });

  test('another folder above it with the same names', async () => {
    const folder = makeFolder();
    const path = join(folder, 'above/repo');
    fs.mkdirSync(join(folder, 'above'));
    fs.cpSync(repo.path, path, { recursive: true });
    fs.cpSync(join(folder, 'above'), join(folder, 'twin'), { recursive: true });
    const monitor = watchPlace(await placeOf(path));
    const before = await untilExact(monitor);
    fs.renameSync(join(folder, 'above'), join(folder, 'old'));
    fs.renameSync(join(folder, 'twin'), join(folder, 'above'));
    const after = await untilExact(monitor);
    expect(after).toBeGreaterThan(before);
    fs.writeFileSync(join(path, 'src/a.ts'), 'x');
    expect(await monitor.generation()).toBeGreaterThan(after);
  });
});

describe('trouble', () => {
  test.each([
    ['ENOSPC', 'sudo sysctl fs.inotify.max_user_watches='],
    ['EMFILE', 'sudo sysctl fs.inotify.max_user_instances='],
    ['EIO', 'EIO'],
  ])('%s ends the watching, and the status says what helps', async (code, reason) => {
    const before = watchesOfKernel();
    const monitor = watchPlace(await placeOf(repo.path), { watchFolder: limited(3, code) });
    await until(() => monitor.status().state === 'failed');
    expect(await monitor.generation()).toBeNull();
    expect(monitor.status()).toMatchObject({ folders: 0, reason: expect.stringContaining(reason) as string });
    expect(watchesOfKernel()).toBe(before);
  });

  test('so does a limit that is reached later', async () => {
    const place = await placeOf(repo.path);
    const first = watchPlace(place);
    await untilExact(first);
    const monitor = watchPlace(place, { watchFolder: limited(first.status().folders + 2, 'ENOSPC') });
    await untilExact(monitor);
    for (let i = 0; i < 5; i++) repo.write(`more/${i}/file`, 'x');
    expect(await monitor.generation()).toBeNull();
    expect(monitor.status().state).toBe('failed');
  });

  test('while the ignored folders cannot be told there is no answer', async () => {
    const place = await placeOf(repo.path);
    let broken = true;
    const monitor = watchPlace({
      ...place,
      ignoredFolders: () => (broken ? Promise.reject(new Error('git is broken')) : place.ignoredFolders()),
    });
    await until(() => monitor.status().reason?.includes('git is broken') ?? false);
    expect(await monitor.generation()).toBeNull();
    broken = false;
    const before = await untilExact(monitor);
    broken = true;
    repo.write('new/file', 'x');
    expect(await monitor.generation()).toBeNull();
    broken = false;
    expect(await untilExact(monitor)).toBeGreaterThan(before);
    expect((await seenOf(monitor, () => repo.write('new/file', 'y'))).grown).toBeGreaterThan(0);
  });

  test('a folder for the cookie that cannot be made leaves it polling', async () => {
    fs.writeFileSync(join(repo.path, 'file'), '');
    const monitor = watchPlace(await placeOf(repo.path), { cookieFolder: join(repo.path, 'file/cookies') });
    await until(() => monitor.status().folders > 3);
    expect(await until(async () => (await monitor.generation(), monitor.status().state === 'polling'))).toBe(true);
    expect(monitor.status().reason).toContain('ENOTDIR');
  });

  test('a cookie that somebody cleaned away is made again', async () => {
    const cookieFolder = join(makeFolder(), 'cookies');
    const monitor = watchPlace(await placeOf(repo.path), { cookieFolder });
    await untilExact(monitor);
    fs.rmSync(cookieFolder, { recursive: true });
    await monitor.generation();
    const before = await untilExact(monitor);
    repo.write('src/a.ts', 'b');
    expect(await monitor.generation()).toBeGreaterThan(before);
  });

  test.runIf(process.platform === 'linux')('more events than the kernel keeps', async () => {
    const monitor = watchPlace(await placeOf(repo.path));
    const before = await untilExact(monitor);
    const most = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
    // The event loop stands still meanwhile. The folder is made when nothing fits any more.
    const script = `
      const fs = require('node:fs');
      for (let i = 0; i < ${most}; i++) fs.writeFileSync('src/' + i, 'x');
      fs.mkdirSync('late/deep', { recursive: true });`;
    expect(spawnSync(process.execPath, ['-e', script], { cwd: repo.path, stdio: 'inherit' }).status).toBe(0);
    const after = await untilExact(monitor);
    expect(after).toBeGreaterThan(before);
    repo.write('late/deep/file', 'x');
    expect(await monitor.generation()).toBeGreaterThan(after);
  });
});

test('where one watch tells of all folders, changes are reported, but not relied on', async () => {
  repo.commit({ '.gitignore': 'out\n', 'out/file': 'x' });
  repo.git('rm', '-q', '--cached', 'out/file');
  const monitor = watchPlace(await placeOf(repo.path), { quietMs: 5, recursive: true });
  await until(async () => (await monitor.generation(), monitor.status().state === 'polling'));
  const reports: WatchedChange[] = [];
  await pause(100);
  monitor.onChange((change) => reports.push(change));
  repo.write('src/deep/b.ts', 'c');
  await until(() => reports.length > 0);
  expect(reports).toEqual([{ worktree: true, head: false, refs: false }]);
  expect(await monitor.generation()).toBeNull();
  repo.git('branch', 'new');
  await until(() => reports.some((change) => change.refs));
  await pause(50);
  reports.length = 0;
  repo.write('out/file', 'y');
  await pause(80);
  expect(reports).toEqual([]);
});
