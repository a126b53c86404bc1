import { spawnSync } from 'node:child_process';
import { appendFileSync, closeSync, ftruncateSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/index.js';
import { randomFrom, randomSource } from '../crash/support/random.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

/** A disk of our own, of which every byte can be taken. */
const disk = join(makeFolder(), 'disk');
mkdirSync(disk);
const sizeKib = 8 * 1024;
const isOurs =
  process.platform === 'linux' &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKib}k`, 'tmpfs', disk]).status === 0;
afterAll(() => {
  if (isOurs) spawnSync('umount', ['-l', disk]);
});

const filler = join(disk, 'filler');

/** Takes all room but so many KiB. */
function fill(leftKib: number): void {
  rmSync(filler, { force: true });
  const { bsize, bfree } = statfsSync(disk);
  const fd = openSync(filler, 'w');
  const block = Buffer.alloc(bsize, 1);
  for (let blocks = bfree - Math.ceil((leftKib * 1024) / bsize); blocks > 0; blocks--) {
    try {
      writeSync(fd, block);
    } catch {
      break;
    }
  }
  closeSync(fd);
}

const codeOf = async (action: () => Promise<unknown>): Promise<string | null> => {
  try {
    await action();
    return null;
  } catch (error) {
    if (error instanceof CoppiceError) return error.code;
    throw error;
  }
};

describe.runIf(isOurs)('on a full disk', () => {
  let repository: TestRepository;
  beforeAll(() => {
    const random = randomFrom(4);
    repository = makeRepository();
    const sources = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`src/m${i}.ts`, randomSource(random, 20)]));
    repository.commit(sources(12));
    for (const branch of ['junk', 'junk2']) {
      repository.git('branch', branch, 'main');
      repository.commits([{ files: sources(40), branch }]);
    }
    repository.commits([{ files: { 'src/next.ts': randomSource(random, 30) }, branch: 'main' }]);
  });

  const open = (store: string): Promise<Engine> => openEngine({ repo: repository.path, store, workers: 0 });

  /** A store with garbage: what two branches had that are gone. */
  async function withGarbage(store: string, revs: readonly (readonly string[])[]): Promise<void> {
    rmSync(filler, { force: true });
    rmSync(store, { recursive: true, force: true });
    const engine = await open(store);
    for (const some of revs) await engine.index(some);
    await engine.fork('kept', { from: 'main~1' });
    await engine.apply('kept', [{ kind: 'put', path: 'kept.ts', content: Buffer.from('kept\n') }]);
    await engine.close();
  }

  test.each([
    ['alone in their segments', [['main~1'], ['junk'], ['junk2']]],
    ['with others in one segment', [['main~1', 'junk', 'junk2']]],
  ])('collecting what is garbage works, and then the rest: %s', async (_, revs) => {
    const tips = ['junk', 'junk2'].map((branch) => repository.git('rev-parse', branch));
    const store = join(disk, 'store');
    await withGarbage(store, revs);
    for (const branch of ['junk', 'junk2']) repository.git('branch', '-q', '-D', branch);
    repository.git('reflog', 'expire', '--expire=now', '--all');
    fill(0);
    const engine = await open(store);
    await expect(engine.index(['main'])).rejects.toMatchObject({
      code: 'STORE_FULL',
      hint: expect.stringContaining('gc') as string,
    });
    expect((await engine.grep('kept', { rev: 'kept' })).lines).toHaveLength(1);
    const { reclaimedBytes } = await engine.gc();
    expect(reclaimedBytes).toBeGreaterThan(0);
    expect((await engine.index(['main'])).revs).toHaveLength(1);
    expect((await engine.doctor()).problems).toEqual([]);
    expect((await engine.grep('kept', { rev: 'kept' })).lines).toHaveLength(1);
    await engine.close();
    ['junk', 'junk2'].forEach((branch, i) => repository.git('branch', branch, tips[i]!));
  });

  test('a fork can be dropped', async () => {
    const store = join(disk, 'store');
    await withGarbage(store, [['main~1']]);
    const engine = await open(store);
    let made = 0;
    fill(0);
    // Until the block that the journal ends in is full, too.
    while ((await codeOf(() => engine.fork(`f${made}-${'x'.repeat(100)}`))) === null) made++;
    await engine.drop('kept');
    expect(await engine.forks()).toHaveLength(made);
    await engine.close();
  });

  test('a disk that becomes read-only: what is indexed is searched, and nothing else is done or lost', async () => {
    const store = join(disk, 'store');
    await withGarbage(store, [['main~1'], ['junk']]);
    const engine = await open(store);
    const remount = (how: string): void => {
      expect(spawnSync('mount', ['-o', `remount,${how}`, disk]).status).toBe(0);
    };
    // Files that are open for writing keep it from becoming so: as after an error of the disk, all is opened anew.
    await engine.close();
    remount('ro');
    const reader = await open(store);
    try {
      expect((await reader.grep('kept', { rev: 'kept' })).lines).toHaveLength(1);
      const refused = [
        await codeOf(() => reader.index(['junk2'])),
        await codeOf(() => reader.gc()),
        await codeOf(() => reader.fork('no')),
        await codeOf(() => reader.drop('kept')),
        await codeOf(() => reader.doctor({ repair: true })),
      ];
      expect(refused).toEqual(refused.map(() => 'STORE_READ_ONLY'));
      expect((await reader.doctor()).problems).toEqual([]);
    } finally {
      await reader.close();
      remount('rw');
    }
    const again = await open(store);
    await again.index(['junk2']);
    expect((await again.doctor()).problems).toEqual([]);
    await again.close();
  });

  test('wherever the room ends: what is not done is said so, and the store is sound', async () => {
    const random = randomFrom(8);
    const store = join(disk, 'store');
    const runs = Number(process.env['COPPICE_RUNS'] ?? 2);
    for (let run = 0; run < runs; run++) {
      await withGarbage(store, [['main~1'], ['junk']]);
      const engine = await open(store);
      const made = new Map<string, string>([['kept', 'kept.ts']]);
      fill(random(3) === 0 ? random(40) : random(700));
      for (let i = 0; i < 8; i++) {
        const name = `f${i}`;
        const acts: (() => Promise<unknown>)[] = [
          () => engine.index(['junk2']),
          () => engine.gc(),
          async () => {
            await engine.fork(name, { from: 'main' });
            await engine.apply(name, [{ kind: 'put', path: `${name}.ts`, content: Buffer.from(`${name}\n`) }]);
            made.set(name, `${name}.ts`);
          },
          () => engine.grep('const', { rev: '@worktree' }),
          () => engine.search('parse', { rev: 'main' }),
        ];
        expect([null, 'STORE_FULL']).toContain(await codeOf(acts[random(acts.length)]!));
        if (random(4) === 0) fill(random(100));
      }
      expect((await engine.doctor()).problems).toEqual([]);
      await engine.close();
      const again = await open(store);
      for (const [name, path] of made) expect((await again.show(name, path)).content.length).toBeGreaterThan(0);
      rmSync(filler, { force: true });
      await again.index(['junk2', 'main']);
      expect((await again.doctor()).problems).toEqual([]);
      await again.close();
    }
  }, 180_000);
});

// Without a disk of our own the above says nothing; that it can be filled at all is checked where it is.
test.runIf(isOurs)('the disk is one that is full when it is filled', () => {
  rmSync(join(disk, 'store'), { recursive: true, force: true });
  fill(0);
  expect(() => appendFileSync(join(disk, 'more'), Buffer.alloc(8192))).toThrow(/ENOSPC/);
  const fd = openSync(filler, 'r+');
  ftruncateSync(fd, 0);
  closeSync(fd);
});
