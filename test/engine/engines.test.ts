import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngines } from '../../src/engine/index.js';
import type { Engine, EnginesOptions, LocalEngines, Progress } from '../../src/engine/index.js';
import { TestRepository, git, makeFolder, makeRepository } from '../support/git.js';
import { fakeWatch } from './support/fake-monitor.js';

const opened: LocalEngines[] = [];
afterEach(async () => {
  for (const engines of opened.splice(0)) await engines.close();
});

async function open(options: EnginesOptions = {}): Promise<LocalEngines> {
  const engines = await openEngines({ store: join(makeFolder(), 'store'), workers: 0, ...options });
  opened.push(engines);
  return engines;
}

const linesOf = async (engine: Engine, pattern: string, rev = 'HEAD'): Promise<string[]> =>
  (await engine.grep(pattern, { rev })).lines.map(({ path, text }) => `${path}:${text}`);

const manyFiles = (count: number, word: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}.ts`, `const ${word}${i} = ${i};\n`]));

describe('engines over one store', () => {
  test('engines of one work tree share its session, by whatever path it is named', async () => {
    const repository = makeRepository();
    repository.commit({ 'src/a.ts': 'one\n' });
    const { monitors, watch } = fakeWatch();
    const engines = await open({ watch });
    const paths = [repository.path, join(repository.path, 'src'), repository.gitDir];
    const same = paths.map((path) => engines.open(path));
    for (const engine of same) expect(await linesOf(engine, 'one', '@worktree')).toEqual(['src/a.ts:one']);
    expect(monitors).toHaveLength(1);
    expect(monitors[0]!.place).toMatchObject({ workTree: repository.path, gitDir: repository.gitDir });
    await same[0]!.close();
    await same[1]!.close();
    expect(monitors[0]!.closed).toBe(false);
    expect(await linesOf(same[2]!, 'one', '@worktree')).toHaveLength(1);
    await same[2]!.close();
    expect(monitors[0]!.closed).toBe(true);
    await expect(same[2]!.grep('one')).rejects.toMatchObject({ message: 'the engine was closed' });
  });

  test('work trees of one repository are apart, and share what is indexed', async () => {
    const repository = makeRepository();
    repository.commit(manyFiles(5, 'value'));
    const other = join(makeFolder(), 'other');
    repository.git('worktree', 'add', '-q', '--detach', other);
    repository.write('here.ts', 'only here\n');
    const { monitors, watch } = fakeWatch();
    const engines = await open({ watch });
    const [main, linked] = [engines.open(repository.path), engines.open(other)];
    expect(await linesOf(main, 'only', '@worktree')).toEqual(['here.ts:only here']);
    expect(await linesOf(linked, 'only', '@worktree')).toEqual([]);
    expect(monitors.map(({ place }) => [place.workTree, place.commonDir])).toEqual([
      [repository.path, repository.gitDir],
      [other, repository.gitDir],
    ]);
    expect((await linked.index(['HEAD'])).newFiles).toBe(0);
    await main.fork('f');
    expect((await linked.forks()).map(({ name }) => name)).toEqual(['f']);
  });

  test('the engine of a path is one, until it is closed', async () => {
    const repository = makeRepository();
    repository.commit({ 'a.ts': 'one\n' });
    const engines = await open();
    const first = engines.open(repository.path);
    expect(engines.open(repository.path)).toBe(first);
    const closing = first.close();
    const second = engines.open(repository.path);
    expect(await linesOf(second, 'one')).toEqual(['a.ts:one']);
    await closing;
    expect(engines.open(repository.path)).toBe(second);
  });

  test('knows its repositories', async () => {
    const [first, second] = [makeRepository({ name: 'b' }), makeRepository({ name: 'a' })];
    const engines = await open();
    for (const repository of [first, second]) {
      repository.commit({ 'a.txt': `${repository.path}\n` });
      await engines.open(repository.path).grep('x');
    }
    const known = await engines.repositories();
    expect(known.map(({ name, path }) => [name, path])).toEqual([
      ['a', second.gitDir],
      ['b', first.gitDir],
    ]);
  });

  test('gives answers as before when what was kept for speed is let go', async () => {
    const repository = makeRepository();
    repository.commit(manyFiles(30, 'value'));
    const engines = await open();
    const engine = engines.open(repository.path);
    const before = (await engine.search('value7')).hits;
    const nowhere = engines.open(makeFolder()); // its status looks at no snapshot
    expect((await nowhere.status()).memory.snapshots).toBe(1);
    await engines.trim();
    expect((await nowhere.status()).memory).toMatchObject({ snapshots: 0, cacheBytes: 0 });
    expect((await engine.search('value7')).hits).toEqual(before);
  });

  test('closing waits for what is under way', async () => {
    const repository = makeRepository();
    repository.commit(manyFiles(200, 'value'));
    const engines = await open();
    const engine = engines.open(repository.path);
    const found = linesOf(engine, 'value7');
    await engine.close();
    expect(await found).toHaveLength(11);
    await engine.close();
  });
});

describe('calls at once', () => {
  test('that need the same tree index it once', async () => {
    const repository = makeRepository();
    repository.commit(manyFiles(60, 'value'));
    const engines = await open();
    const seen: Progress[][] = [];
    const calls = Array.from({ length: 6 }, (_, i) => {
      const own: Progress[] = (seen[i] = []);
      return engines.open(repository.path).grep('value', { onProgress: (progress) => own.push(progress) });
    });
    for (const { lines } of await Promise.all(calls)) expect(lines).toHaveLength(60);
    for (const own of seen) {
      expect(own).toHaveLength(60);
      expect(own.every((progress, i) => progress === seen[0]![i])).toBe(true);
    }
  });

  test('one that is cancelled leaves the others what it began', async () => {
    const repository = makeRepository();
    repository.commit(manyFiles(300, 'value'));
    const engine = (await open()).open(repository.path);
    const cancel = new AbortController();
    let done = 0;
    const first = engine.grep('value', { signal: cancel.signal, onProgress: () => done++ === 20 && cancel.abort() });
    const second = engine.grep('value');
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await second).lines).toHaveLength(300);
  });

  test('when all are cancelled the work stops, and the next call goes on', async () => {
    const repository = makeRepository();
    repository.commit(manyFiles(300, 'value'));
    const engine = (await open()).open(repository.path);
    const cancel = new AbortController();
    let done = 0;
    const onProgress = (): unknown => ++done === 20 && cancel.abort();
    const calls = [1, 2, 3].map(() => engine.grep('value', { signal: cancel.signal, onProgress }));
    const next = calls.map((call) => call.catch((error: { code: string }) => error.code));
    expect(await Promise.all(next)).toEqual(['ABORTED', 'ABORTED', 'ABORTED']);
    const { revs } = await engine.index(['HEAD']);
    expect(revs[0]!.files).toBe(300);
    expect(revs[0]!.newFiles).toBeGreaterThan(0);
    expect(revs[0]!.newFiles).toBeLessThan(300);
    expect((await engine.doctor()).problems).toEqual([]);
  });

  test('each tell what they added themselves', async () => {
    const repository = makeRepository();
    repository.commit(manyFiles(20, 'old'));
    repository.commit(manyFiles(30, 'young'));
    repository.branch('topic');
    const engine = (await open()).open(repository.path);
    const [old, young, same] = await Promise.all([
      engine.index(['HEAD~1']),
      engine.index(['HEAD']),
      engine.index(['topic']),
    ]);
    expect([old.newFiles, young.newFiles, same.newFiles]).toEqual([20, 30, 30]);
    expect((await engine.index(['HEAD', 'topic'])).newChunks).toBe(0);
  });

  test('many writers come in turn, and none waits for the lock of another', async () => {
    const repository = makeRepository();
    const commits = repository.commits(
      Array.from({ length: 30 }, (_, i) => ({ files: { [`f${i}.ts`]: `const value${i} = ${i};\n` } })),
    );
    const engine = (await open({ lockTimeoutMs: 0 })).open(repository.path);
    const order: number[] = [];
    const calls = commits.map(async (commit, i) => {
      await engine.index([commit]);
      order.push(i);
    });
    await Promise.all(calls);
    expect(order.slice(1)).toEqual([...order.slice(1)].sort((a, b) => a - b));
    expect((await engine.doctor()).problems).toEqual([]);
  });
});

describe('merging', () => {
  test('gives way to writers, and is done all the same', async () => {
    const repository = makeRepository();
    const commits = repository.commits(
      Array.from({ length: 80 }, (_, i) => ({ files: { [`f${i}.ts`]: `const value${i} = ${i};\n` } })),
    );
    const engine = (await open()).open(repository.path);
    let segmentsMax = 0;
    for (const commit of commits) {
      await engine.index([commit]); // the next comes at once, when merging has just begun
      segmentsMax = Math.max(segmentsMax, (await engine.status()).segments);
    }
    expect(segmentsMax).toBeLessThan(24);
    expect((await engine.doctor()).problems).toEqual([]);
    expect(await linesOf(engine, 'value')).toHaveLength(80);
  });
});

describe('a repository that is replaced', () => {
  test('is opened anew; while it is gone that is said', async () => {
    const { monitors, watch } = fakeWatch();
    const engine = (await open({ watch })).open(join(makeFolder(), 'repo'));
    await expect(engine.grep('x')).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    const path = join(makeFolder(), 'repo');
    const engines = await open({ watch });
    const place = engines.open(path);
    for (const word of ['first', 'second', 'third']) {
      mkdirSync(path);
      git(path, ['init', '-q', '--template=', '-b', 'main']);
      const repository = new TestRepository(path, false);
      repository.commit({ 'a.txt': `${word}\n` });
      repository.write('b.txt', `${word} open\n`);
      expect(await linesOf(place, '.')).toEqual([`a.txt:${word}`]);
      expect(await linesOf(place, '.', '@worktree')).toEqual([`a.txt:${word}`, `b.txt:${word} open`]);
      rmSync(path, { recursive: true });
      await expect(place.grep('x')).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
      await expect(place.grep('x', { rev: '@worktree' })).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    }
    expect(monitors.map(({ closed }) => closed)).toEqual([true, true, true]);
    expect((await place.status()).repositories).toHaveLength(3);
  });

  test('by another that is moved to its place', async () => {
    const [old, young] = [makeRepository(), makeRepository()];
    old.commit({ 'a.txt': 'old\n' });
    young.commit({ 'a.txt': 'young\n' });
    const engine = (await open()).open(old.path);
    expect(await linesOf(engine, '.')).toEqual(['a.txt:old']);
    renameSync(old.path, `${old.path}-away`);
    renameSync(young.path, old.path);
    expect(await linesOf(engine, '.')).toEqual(['a.txt:young']);
    expect(await linesOf(engine, '.', '@worktree')).toEqual(['a.txt:young']);
  });

  test('a linked work tree that is removed and added again', async () => {
    const repository = makeRepository();
    repository.commits([{ files: { 'a.txt': 'one\n' } }, { files: { 'a.txt': 'two\n' } }]);
    const path = join(makeFolder(), 'linked');
    repository.git('worktree', 'add', '-q', '--detach', path, 'HEAD');
    const engine = (await open()).open(path);
    expect(await linesOf(engine, '.', '@worktree')).toEqual(['a.txt:two']);
    repository.git('worktree', 'remove', path);
    await expect(engine.grep('.')).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    repository.git('worktree', 'add', '-q', '--detach', path, 'HEAD~1');
    expect(await linesOf(engine, '.')).toEqual(['a.txt:one']);
    expect(await linesOf(engine, '.', '@worktree')).toEqual(['a.txt:one']);
  });

  test('an empty one gets its first commit', async () => {
    const repository = makeRepository();
    repository.write('a.txt', 'one\n');
    const engine = (await open()).open(repository.path);
    expect(await linesOf(engine, '.', '@worktree')).toEqual(['a.txt:one']);
    await expect(engine.grep('.', { rev: 'HEAD' })).rejects.toMatchObject({ code: 'EMPTY_REPOSITORY' });
    repository.commit({ 'a.txt': 'one\n' });
    expect((await engine.index(['HEAD'])).newFiles).toBe(0);
    await engine.gc();
    expect((await engine.index(['HEAD'])).newFiles).toBe(0);
    expect((await engine.status()).repositories).toHaveLength(1);
  });
});
