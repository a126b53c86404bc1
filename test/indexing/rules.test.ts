import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/index.js';
import type { Engine } from '../../src/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

const open: Engine[] = [];
afterEach(async () => {
  for (const engine of open.splice(0)) await engine.close();
});

async function engineOn(repository: TestRepository, store = makeFolder(), notes: string[] = []): Promise<Engine> {
  const engine = await openEngine({ repo: repository.path, store, workers: 0, onNote: (note) => notes.push(note) });
  open.push(engine);
  return engine;
}

async function pathsWith(engine: Engine, pattern: string, rev = 'HEAD'): Promise<string[]> {
  const { lines } = await engine.grep(pattern, { rev });
  return [...new Set(lines.map(({ path }) => path))];
}

describe('.coppiceignore', () => {
  const files = { 'src/a.ts': 'needle\n', 'gen/b.ts': 'needle\n', 'src/gen/c.ts': 'needle\n', 'd.log': 'needle\n' };

  test('leaves out what it lists, for the commits that have it', async () => {
    const repository = makeRepository();
    repository.commit(files);
    repository.commit({ '.coppiceignore': '/gen/\n*.log\n' });
    repository.commit({ '.coppiceignore': 'gen/\n' });
    const engine = await engineOn(repository);
    expect(await pathsWith(engine, 'needle', 'HEAD~2')).toEqual(['d.log', 'gen/b.ts', 'src/a.ts', 'src/gen/c.ts']);
    expect(await pathsWith(engine, 'needle', 'HEAD~1')).toEqual(['src/a.ts', 'src/gen/c.ts']);
    expect(await pathsWith(engine, 'needle', 'HEAD')).toEqual(['d.log', 'src/a.ts']);
    expect(await pathsWith(engine, 'needle', 'HEAD~2')).toEqual(['d.log', 'gen/b.ts', 'src/a.ts', 'src/gen/c.ts']);
    const { repositories } = await engine.status();
    const skipped = repositories[0]!.skipped.map(({ path, reason }) => `${path} ${reason}`);
    expect(skipped).toEqual(['gen/b.ts ignored', 'src/gen/c.ts ignored']);
  });

  test('counts in the work tree as soon as it is written', async () => {
    const repository = makeRepository();
    repository.commit(files);
    const engine = await engineOn(repository);
    repository.write('.coppiceignore', 'src\n');
    expect(await pathsWith(engine, 'needle', '@worktree')).toEqual(['d.log', 'gen/b.ts']);
    expect(await pathsWith(engine, 'needle', 'HEAD')).toHaveLength(4);
  });

  test('what is ignored can still be shown', async () => {
    const repository = makeRepository();
    repository.commit({ ...files, '.coppiceignore': '*.log\n' });
    const engine = await engineOn(repository);
    const { content } = await engine.show('HEAD', 'd.log');
    expect(Buffer.from(content).toString()).toBe('needle\n');
  });
});

describe('rules', () => {
  test('binary and too large files are skipped, and status says why; large ones are for exact search', async () => {
    const repository = makeRepository();
    repository.commit({
      'ok.txt': 'needle\n',
      'image.png': Buffer.from([0x89, 0x50, 0, 1, 2]),
      'late.dat': Buffer.concat([Buffer.from('needle\n'.repeat(1200)), Buffer.from([0])]),
      'large.txt': 'needle\n'.repeat(300_000),
      'larger.txt': 'needle\n'.repeat(600_000),
    });
    const store = makeFolder();
    writeFileSync(join(store, 'config.json'), '{"maxExactBytes":4000000}');
    const engine = await engineOn(repository, store);
    expect(await pathsWith(engine, 'needle')).toEqual(['large.txt', 'late.dat', 'ok.txt']);
    const { repositories, maxExactBytes } = await engine.status();
    expect(maxExactBytes).toBe(4_000_000);
    expect(repositories[0]!.exactOnly).toEqual([{ path: 'large.txt', sizeBytes: 2_100_000 }]);
    expect(repositories[0]!.skipped).toEqual([
      { path: 'image.png', reason: 'binary', sizeBytes: 5 },
      { path: 'larger.txt', reason: 'too-large', sizeBytes: 4_200_000 },
    ]);
  });

  test('config.json changes them, and what it touches is indexed anew', async () => {
    const repository = makeRepository();
    repository.commit({
      'large.txt': 'needle\n'.repeat(300_000),
      'yarn.lock': 'needle\n',
      'a.min.js': 'needle\n',
      'b.js': 'needle\n',
    });
    const store = makeFolder();
    const before = await engineOn(repository, store);
    expect(await pathsWith(before, 'needle')).toEqual(['a.min.js', 'b.js', 'large.txt', 'yarn.lock']);
    expect((await before.search('needle path:large.txt')).hits).toHaveLength(0);
    writeFileSync(join(store, 'config.json'), '{"maxFileBytes":4000000,"skipMinified":true,"skipGenerated":true}');
    const after = await engineOn(repository, store);
    expect(await pathsWith(after, 'needle')).toEqual(['b.js', 'large.txt']);
    expect((await after.search('needle path:large.txt')).hits).not.toHaveLength(0);
    writeFileSync(join(store, 'config.json'), '{"maxExactBytes":2097152}');
    const less = await engineOn(repository, store);
    expect(await pathsWith(less, 'needle')).toEqual(['a.min.js', 'b.js', 'yarn.lock']);
    rmSync(join(store, 'config.json'));
    const again = await engineOn(repository, store);
    expect(await pathsWith(again, 'needle')).toEqual(['a.min.js', 'b.js', 'large.txt', 'yarn.lock']);
  });

  test.each([
    ['{', /not valid JSON|Expected/],
    ['[]', /not a JSON object/],
    ['{"maxFileBytes":"2"}', /must be a number/],
    ['{"maxFileBytes":-1}', /whole number/],
    ['{"maxSize":1}', /unknown setting "maxSize"/],
  ])('a config.json of %s is an error that says so', async (text, message) => {
    const repository = makeRepository();
    repository.commit({ a: 'a\n' });
    const store = makeFolder();
    mkdirSync(store, { recursive: true });
    await (await engineOn(repository, store)).index([]);
    writeFileSync(join(store, 'config.json'), text);
    const failed = openEngine({ repo: repository.path, store, workers: 0 });
    await expect(failed).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message) as string,
    });
  });

  test('symlinks and submodules are named, not followed', async () => {
    const repository = makeRepository();
    const oid = repository.commit({ 'a.txt': 'needle\n' });
    repository.commit({ link: { symlink: 'a.txt' }, 'lib/sub': { submodule: oid } });
    const notes: string[] = [];
    const engine = await engineOn(repository, makeFolder(), notes);
    await engine.index(['HEAD']);
    expect(await pathsWith(engine, 'needle')).toEqual(['a.txt']);
    expect(notes).toEqual(['submodules are not searched: lib/sub']);
    expect(Buffer.from((await engine.show('HEAD', 'link')).content).toString()).toBe('a.txt');
    await expect(engine.show('HEAD', 'lib/sub')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });
});
