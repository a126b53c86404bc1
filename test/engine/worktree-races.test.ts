import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { openEngine } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

/** Takes the folder away, puts something else in its place, and puts it back, again and again. */
const restless = `
  const fs = require('node:fs');
  const quiet = (action) => { try { action(); } catch {} };
  const others = [
    () => fs.symlinkSync('dir', 'dir'),
    () => fs.symlinkSync('nowhere', 'dir'),
    () => fs.symlinkSync('aside', 'dir'),
    () => fs.writeFileSync('dir', 'a file'),
    () => {},
    () => { fs.mkdirSync('dir'); fs.symlinkSync('deep', 'dir/deep'); },
  ];
  const until = Date.now() + Number(process.argv[1]);
  for (let i = 0; Date.now() < until; i++) {
    fs.renameSync('dir', 'aside');
    quiet(others[i % others.length]);
    const pause = Date.now() + (i % 7);
    while (Date.now() < pause);
    fs.rmSync('dir', { recursive: true, force: true });
    fs.renameSync('aside', 'dir');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, i % 5);
  }`;

test('folders that become links, loops and files while they are read: coded errors at most, and then the right answer', async () => {
  const repository = makeRepository();
  repository.commit({ 'dir/deep/tracked.ts': 'parse tracked\n', 'b.ts': 'parse b\n' });
  mkdirSync(join(repository.path, 'dir/deep/er'), { recursive: true });
  for (let i = 0; i < 60; i++) writeFileSync(join(repository.path, `dir/deep/er/u${i}.ts`), `parse ${i}\n`);
  writeFileSync(join(repository.path, 'dir/deep/tracked.ts'), 'parse changed\n');
  const engine = await openEngine({ repo: repository.path, store: makeFolder(), workers: 0 });
  const runMs = 2500 * Number(process.env['COPPICE_ROUNDS'] ?? 1);
  const child = spawn(process.execPath, ['-e', restless, String(runMs)], { cwd: repository.path, stdio: 'inherit' });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  let isOver = false;
  void ended.then(() => (isOver = true));
  const codes = new Set<string>();
  try {
    while (!isOver) {
      await engine.grep('parse', { rev: '@worktree' }).catch((error: unknown) => {
        codes.add(error instanceof CoppiceError ? error.code : String(error));
      });
    }
    await ended;
    expect(
      [...codes].filter((code) => !['OBJECT_MISSING', 'WORKTREE_UNREADABLE', 'GIT_FAILED'].includes(code)),
    ).toEqual([]);
    const { lines } = await engine.grep('parse', { rev: '@worktree' });
    expect(lines).toHaveLength(62);
  } finally {
    child.kill();
    await engine.close();
  }
});
