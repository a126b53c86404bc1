import { chmodSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import { Store } from '../../src/store/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

/** Everything in a folder that somebody else may do something with. */
function openToOthers(folder: string): string[] {
  return ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].filter(
    (name) => (lstatSync(join(folder, name)).mode & 0o077) !== 0 && !lstatSync(join(folder, name)).isSymbolicLink(),
  );
}

describe.skipIf(process.platform === 'win32')('a store is its user’s alone', () => {
  let before: number;
  beforeEach(() => void (before = process.umask(0)));
  afterEach(() => void process.umask(before));

  async function use(store: string): Promise<void> {
    const made = makeRepository();
    made.commit({ 'a.ts': 'export const a = 1;\n' });
    const engine = await openEngine({ repo: made.path, store, workers: 0 });
    await engine.search('export', { rev: 'main' });
    await engine.fork('side');
    await engine.gc();
    await engine.close();
  }

  test('whatever is made in it, under whatever umask, also in a folder that was there', async () => {
    for (const store of [join(makeFolder(), 'new'), join(makeFolder(), 'was-there')]) {
      if (store.endsWith('was-there')) mkdirSync(store, { mode: 0o777 });
      await use(store);
      expect(openToOthers(store)).toEqual([]);
      expect(readdirSync(join(store, 'segments')).length).toBeGreaterThan(0);
    }
  });

  test('one of an older version is tightened when it is opened, and nothing that a link leads to', async () => {
    const store = join(makeFolder(), 'store');
    await use(store);
    mkdirSync(join(store, 'daemon'), { mode: 0o777 });
    writeFileSync(join(store, 'daemon/daemon.log'), '', { mode: 0o666 });
    const other = join(makeFolder(), 'other');
    writeFileSync(other, '', { mode: 0o666 });
    symlinkSync(other, join(store, 'link'));
    for (const name of ['.', ...readdirSync(store, { recursive: true, encoding: 'utf8' })]) {
      const path = join(store, name);
      if (!lstatSync(path).isSymbolicLink()) chmodSync(path, lstatSync(path).isDirectory() ? 0o755 : 0o644);
    }
    Store.open(store).close();
    expect(openToOthers(store)).toEqual([]);
    expect(lstatSync(other).mode & 0o777).toBe(0o666);
  });
});
