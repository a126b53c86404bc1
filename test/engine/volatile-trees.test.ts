import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine, openEngines } from '../../src/engine/index.js';
import type { Engine, LocalEngines } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

const opened: LocalEngines[] = [];
afterEach(async () => {
  for (const engines of opened.splice(0)) await engines.close();
});

async function openMany(store = join(makeFolder(), 'store')): Promise<LocalEngines> {
  const engines = await openEngines({ store, workers: 0 });
  opened.push(engines);
  return engines;
}

function sample(): TestRepository {
  const repository = makeRepository();
  repository.commit({ 'a.txt': 'a0\n', 'sub/b.txt': 'b0\n', 'sub/c.txt': 'c0\n' });
  repository.git('reset', '-q', '--hard');
  return repository;
}

const segmentsIn = (store: string): string[] => readdirSync(join(store, 'segments'));

/** Names and sizes of all that a store is made of. */
const storedIn = (store: string): string[] =>
  readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.name} ${statSync(join(entry.parentPath, entry.name)).size}`)
    .sort();

const linesAt = async (engine: Engine, rev = '@worktree'): Promise<string[]> =>
  (await engine.grep('.', { rev })).lines.map(({ path, text }) => `${path}:${text}`);

describe('what a work tree has otherwise than HEAD', () => {
  test('is found, and not stored', async () => {
    const repository = sample();
    const engines = await openMany();
    const engine = engines.open(repository.path);
    await engine.index(['HEAD']);
    const stored = segmentsIn(engines.storePath);
    for (let i = 0; i < 30; i++) {
      repository.write('a.txt', `saved ${i}\n`);
      expect(await linesAt(engine)).toEqual([`a.txt:saved ${i}`, 'sub/b.txt:b0', 'sub/c.txt:c0']);
    }
    expect(segmentsIn(engines.storePath)).toEqual(stored);
    expect((await engine.doctor()).problems).toEqual([]);
    const { hits } = await engine.search('saved', { rev: '@worktree' });
    expect(hits.map(({ path }) => path)).toEqual(['a.txt']);
  });

  test('takes nothing of the store, however much it is', async () => {
    const repository = sample();
    const lines = (seed: number): string =>
      Array.from({ length: 15_000 }, (_, i) => `line ${i} of ${seed} says word${(i * 7919) % 10_007}\n`).join('');
    const engines = await openMany();
    const engine = engines.open(repository.path);
    await engine.index(['HEAD']);
    const before = storedIn(engines.storePath);
    repository.write('big.txt', lines(0));
    for (let i = 0; i < 12; i++) {
      repository.write('a.txt', `saved ${i}\n`);
      if (i === 10) repository.write('big.txt', lines(1));
      const { lines: found } = await engine.grep('^saved|^line 7 ', { rev: '@worktree' });
      expect(found.map(({ text }) => text)).toEqual([
        `saved ${i}`,
        expect.stringContaining(`line 7 of ${i < 10 ? 0 : 1}`),
      ]);
      const { hits } = await engine.search(`saved ${i}`, { rev: '@worktree' });
      expect(hits[0]!.path).toBe('a.txt');
    }
    expect(storedIn(engines.storePath)).toEqual(before);
  });

  test('is stored by commands, by an explicit index, and for forks and leases', async () => {
    const repository = sample();
    repository.write('a.txt', 'a1\n');
    const engines = await openMany();
    const engine = engines.open(repository.path);
    expect(await linesAt(engine)).toContain('a.txt:a1');
    const { lease } = await engine.lease('@worktree');
    await engine.fork('f', { from: '@worktree' });
    repository.write('a.txt', 'a2\n');
    expect(await linesAt(engine)).toContain('a.txt:a2');
    expect((await engine.index(['@worktree'])).newFiles).toBe(1);
    await engines.close();
    const alone = await openEngine({ repo: repository.path, store: engines.storePath, workers: 0 });
    expect(await linesAt(alone, lease)).toContain('a.txt:a1');
    expect(await linesAt(alone, 'f')).toContain('a.txt:a1');
    expect((await alone.index(['@worktree'])).newFiles).toBe(0);
    repository.write('a.txt', 'a3\n');
    expect(await linesAt(alone)).toContain('a.txt:a3');
    expect((await alone.index(['@worktree'])).newFiles).toBe(0);
    await alone.close();
  });

  test('is stored when it is much', async () => {
    const repository = sample();
    for (let i = 0; i < 120; i++) repository.write(`many/${i}.txt`, `many ${i}\n`);
    const engines = await openMany();
    const engine = engines.open(repository.path);
    expect(await linesAt(engine)).toHaveLength(123);
    expect((await engine.index(['@worktree'])).newFiles).toBe(0);
    repository.write('many/7.txt', 'seven\n');
    expect(await linesAt(engine)).toContain('many/7.txt:seven');
  });

  test('is right whatever is stored, merged and collected meanwhile', async () => {
    const repository = sample();
    const engines = await openMany();
    const engine = engines.open(repository.path);
    const other = await openEngine({ repo: repository.path, store: engines.storePath, workers: 0 });
    await engine.index(['HEAD']);
    for (let i = 0; i < 24; i++) {
      if (i % 3 === 0) repository.write('a.txt', `a ${i}\n`);
      repository.write('sub/new.txt', `new ${i % 5}\n`);
      const expected = [`a.txt:a ${i - (i % 3)}`, 'sub/b.txt:b0', 'sub/c.txt:c0', `sub/new.txt:new ${i % 5}`];
      expect(await linesAt(engine)).toEqual(expected);
      // The same content is stored now, under other numbers.
      if (i % 4 === 1) await other.index(['@worktree']);
      if (i % 4 === 2) await engine.fork(`f${i}`, { from: 'HEAD' });
      if (i % 4 === 2) await engine.apply(`f${i}`, [{ kind: 'put', path: 'x.txt', content: Buffer.from(`x ${i}\n`) }]);
      if (i % 8 === 3) await other.gc();
      expect(await linesAt(engine)).toEqual(expected);
      const { lines } = await engine.grepRange('.', 'HEAD', '@worktree');
      expect(lines.map(({ side, path, text }) => `${side}${path}:${text}`)).toEqual([
        '-a.txt:a0',
        `+a.txt:a ${i - (i % 3)}`,
        `+sub/new.txt:new ${i % 5}`,
      ]);
    }
    expect((await other.doctor()).problems).toEqual([]);
    await other.close();
  });

  test('is in nobody’s way when segments are merged', async () => {
    const repository = sample();
    const engines = await openMany();
    const engine = engines.open(repository.path);
    const other = engines.open(repository.path);
    await engine.fork('f', { from: 'HEAD' });
    const apply = (i: number): Promise<unknown> =>
      other.apply('f', [{ kind: 'put', path: 'x.txt', content: Buffer.from(`x ${i}\n`) }]);
    for (let i = 0; i < 40; i++) {
      if (i >= 20) repository.write('a.txt', `a ${i}\n`); // ids are reserved in the middle
      await apply(i);
      expect(await linesAt(engine)).toContain(i < 20 ? 'a.txt:a0' : `a.txt:a ${i}`);
    }
    await expect.poll(async () => (await engine.status()).segments).toBeLessThan(20);
    expect((await engine.doctor()).problems).toEqual([]);
    expect(await linesAt(engine)).toContain('a.txt:a 39');
  });

  test('of many work trees is theirs', async () => {
    const repository = sample();
    const engines = await openMany();
    const folder = makeFolder();
    const trees = Array.from({ length: 12 }, (_, i) => {
      const path = join(folder, `tree-${i}`);
      repository.git('worktree', 'add', '-q', '--detach', path, 'main');
      return path;
    });
    await engines.open(repository.path).index(['HEAD']);
    const stored = segmentsIn(engines.storePath);
    const { writeFileSync } = await import('node:fs');
    for (const round of [1, 2]) {
      await Promise.all(
        trees.map(async (path, i) => {
          writeFileSync(join(path, 'a.txt'), `tree ${i} round ${round}\n`);
          expect(await linesAt(engines.open(path))).toEqual([
            `a.txt:tree ${i} round ${round}`,
            'sub/b.txt:b0',
            'sub/c.txt:c0',
          ]);
        }),
      );
      await engines.trim();
    }
    expect(segmentsIn(engines.storePath)).toEqual(stored);
  });

  test('an overlay lies over, and is not stored either', async () => {
    const repository = sample();
    const engines = await openMany();
    const engine = engines.open(repository.path);
    await engine.index(['HEAD']);
    const stored = segmentsIn(engines.storePath);
    repository.write('a.txt', 'a1\n');
    for (let i = 0; i < 20; i++) {
      const { overlay } = await engine.putOverlay('editor', [
        { path: 'sub/b.txt', content: Buffer.from(`typed ${i}\n`) },
      ]);
      expect(await linesAt(engine, overlay)).toEqual(['a.txt:a1', `sub/b.txt:typed ${i}`, 'sub/c.txt:c0']);
      expect((await engine.grepRange('.', '@worktree', overlay)).lines).toHaveLength(2);
    }
    expect(segmentsIn(engines.storePath)).toEqual(stored);
  });
});
