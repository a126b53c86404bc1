import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, EngineOptions } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

const opened: Engine[] = [];
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
});

async function open(repository: TestRepository, options: EngineOptions = {}): Promise<Engine> {
  const engine = await openEngine({
    repo: repository.path,
    store: join(makeFolder(), 'store'),
    workers: 0,
    ...options,
  });
  opened.push(engine);
  return engine;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const linesOf = async (engine: Engine, pattern: string, rev: string): Promise<string[]> =>
  (await engine.grep(pattern, { rev, literal: true })).lines.map(
    ({ path, line, text: own }) => `${path}:${line}:${own}`,
  );

function sample(): TestRepository {
  const repository = makeRepository();
  repository.commit({ 'a.ts': 'parse one\n', 'docs/read.md': '# parse\n', 'bin/x': 'a\0b' });
  repository.commit({ 'a.ts': 'parse one\nparse two\n' });
  return repository;
}

describe('a fork keeps what is nowhere else', () => {
  const contents: Record<string, Uint8Array> = {
    'image.png': Buffer.from([0x89, 0x50, 0, 1, 2, 3]),
    'huge.txt': Buffer.from(`${'huge\n'.repeat(600_000)}parse huge\n`),
    'ignored/secret.ts': Buffer.from('parse secret\n'),
    'ignored/empty.ts': Buffer.alloc(0),
    'latin.txt': Buffer.from('caf\xe9 parse\n', 'latin1'),
  };

  test('also what is not searched: binary, too large, ignored', async () => {
    const repository = sample();
    repository.commit({ '.coppiceignore': 'ignored/\n' });
    const store = join(makeFolder(), 'store');
    const engine = await open(repository, { store });
    await engine.fork('f');
    await engine.apply(
      'f',
      Object.entries(contents).map(([path, content]) => ({ kind: 'put' as const, path, content })),
    );
    const check = async (engine: Engine): Promise<void> => {
      for (const [path, content] of Object.entries(contents)) {
        expect(text((await engine.show('f', path)).content), path).toBe(text(content));
      }
      expect(await linesOf(engine, 'parse', 'f')).toEqual([
        'a.ts:1:parse one',
        'a.ts:2:parse two',
        'docs/read.md:1:# parse',
        'huge.txt:600001:parse huge',
        'latin.txt:1:caf\udce9 parse',
      ]);
    };
    await check(engine);
    // A fork of it, moved on, after garbage collection, in another process's eyes.
    await engine.fork('g', { from: 'f' });
    await engine.drop('f');
    await engine.apply('g', [{ kind: 'put', path: 'more.txt', content: Buffer.from('more\n') }]);
    await engine.fork('f', { from: 'g' });
    await engine.apply('f', [{ kind: 'remove', path: 'more.txt' }]);
    await engine.gc();
    await check(engine);
    expect((await engine.doctor()).problems).toEqual([]);
    await check(await open(repository, { store }));
  });

  test('a patch renames a binary file that only the fork has', async () => {
    const engine = await open(sample());
    await engine.fork('f');
    await engine.apply('f', [{ kind: 'put', path: 'x.png', content: contents['image.png']! }]);
    const patch = 'diff --git a/x.png b/y.dat\nsimilarity index 100%\nrename from x.png\nrename to y.dat\n';
    await engine.apply('f', [{ kind: 'patch', patch: Buffer.from(patch) }]);
    expect(text((await engine.show('f', 'y.dat')).content)).toBe(text(contents['image.png']!));
    expect((await engine.grep('parse', { rev: 'f' })).lines).toHaveLength(3);
  });

  test('text that becomes ignored can still be shown, and comes back', async () => {
    const engine = await open(sample());
    await engine.fork('f');
    const put = (path: string, content: string): Promise<unknown> =>
      engine.apply('f', [{ kind: 'put', path, content: Buffer.from(content) }]);
    await put('lib/own.ts', 'parse own\n');
    await put('.coppiceignore', 'lib/\n');
    expect(await linesOf(engine, 'own', 'f')).toEqual([]);
    expect(text((await engine.show('f', 'lib/own.ts')).content)).toBe('parse own\n');
    await engine.gc();
    await engine.apply('f', [{ kind: 'remove', path: '.coppiceignore' }]);
    expect(await linesOf(engine, 'own', 'f')).toEqual(['lib/own.ts:1:parse own']);
  });
});

describe('objects that are missing', () => {
  test('a fork of a tree with a missing blob can be edited, and is found again', async () => {
    const whole = sample();
    const repository = makeRepository();
    // Loose objects, of which one is taken away.
    repository.git('-c', 'fetch.unpackLimit=1000', 'fetch', '-q', '-u', whole.path, 'main:refs/heads/main');
    const oid = repository.revParse('main:docs/read.md');
    rmSync(join(repository.gitDir, 'objects', oid.slice(0, 2), oid.slice(2)), { force: true });
    const notes: string[] = [];
    const engine = await open(repository, { onNote: (note) => notes.push(note) });
    await engine.fork('f', { from: 'main' });
    await engine.apply('f', [{ kind: 'put', path: 'b.ts', content: Buffer.from('parse b\n') }]);
    expect(await linesOf(engine, 'parse', 'f')).toEqual(['a.ts:1:parse one', 'a.ts:2:parse two', 'b.ts:1:parse b']);
    expect(notes.join('\n')).toContain('docs/read.md');
    await engine.gc();
    expect(await linesOf(engine, 'parse b', 'f')).toEqual(['b.ts:1:parse b']);
    await expect(engine.show('f', 'docs/read.md')).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    // When the blob comes, the commit's own tree is whole.
    repository.git('fetch', '-q', '--refetch', whole.path, 'main');
    expect(await linesOf(engine, '# parse', 'main')).toEqual(['docs/read.md:1:# parse']);
    expect((await engine.doctor()).problems).toEqual([]);
  });
});

describe('apply', () => {
  test('is all or nothing', async () => {
    const engine = await open(sample());
    const before = await engine.fork('f');
    const steps = [
      { kind: 'put' as const, path: 'new.ts', content: Buffer.from('parse new\n') },
      { kind: 'remove' as const, path: 'not/there.ts' },
    ];
    await expect(engine.apply('f', steps)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    expect((await engine.forks())[0]!.tree).toBe(before.tree);
    expect(await linesOf(engine, 'new', 'f')).toEqual([]);
  });

  test('goes forward with a commit, takes over another, and says what stands against it', async () => {
    const repository = sample();
    const engine = await open(repository);
    await engine.fork('f', { from: 'HEAD~1' });
    const moved = await engine.apply('f', [{ kind: 'commit', rev: 'HEAD' }]);
    expect(moved).toMatchObject({ commit: repository.revParse('HEAD'), changedFiles: 1 });
    await engine.apply('f', [{ kind: 'put', path: 'a.ts', content: Buffer.from('parse mine\n') }]);
    repository.commit({ 'c.ts': 'parse c\n' });
    repository.commit({ 'a.ts': 'parse theirs\n' });
    expect(await engine.apply('f', [{ kind: 'commit', rev: 'HEAD~1' }])).toMatchObject({
      commit: null,
      changedFiles: 1,
    });
    await expect(engine.apply('f', [{ kind: 'commit', rev: 'HEAD' }])).rejects.toMatchObject({
      code: 'PATCH_CONFLICT',
    });
    expect(await linesOf(engine, 'parse', 'f')).toEqual([
      'a.ts:1:parse mine',
      'c.ts:1:parse c',
      'docs/read.md:1:# parse',
    ]);
  });

  test.each([
    '',
    '/a',
    'a/',
    'a//b',
    '../a',
    'a/../b',
    '.git/config',
    'a/.GIT/x',
    'a\0b',
    './a',
    'a/.',
    '..',
    '.git',
    'GIT~1/x',
    '.git. /x',
    'a/.g\u200cit/x',
    '.git::$INDEX_ALLOCATION/x',
  ])('%j is no path', async (path) => {
    const engine = await open(sample());
    await engine.fork('f');
    const step = { kind: 'put' as const, path, content: Buffer.from('x') };
    await expect(engine.apply('f', [step])).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  test('nothing is put where something else would be lost for it: any two paths, put, patched, removed', async () => {
    const repository = sample();
    repository.commit({ 'a.js': 'file\n', 'dir/x': 'below\n', link: { symlink: 'dir' }, 'deep/er/y': 'y\n' });
    const engine = await open(repository);
    const paths = [
      'a.js',
      'a.js/x',
      'a.js/x/y',
      'dir',
      'dir/x',
      'dir/x/z',
      'dir/new',
      'link',
      'link/x',
      'deep',
      'deep/er',
      'new',
    ];
    const before = (await engine.files({ rev: 'HEAD' })).files.map(({ path }) => path);
    const isLost = (path: string, there: readonly string[]): boolean =>
      there.some((other) => other !== path && (path.startsWith(`${other}/`) || other.startsWith(`${path}/`)));
    const links = ['link'];
    let number = 0;
    for (const path of paths) {
      const name = `f${number++}`;
      await engine.fork(name);
      const content = Buffer.from('put\n');
      const patch = Buffer.from(
        `diff --git a/${path} b/${path}\nnew file mode 100644\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+put\n`,
      );
      const there = [...before, ...links];
      const isThere = there.includes(path);
      const put = engine.apply(name, [{ kind: 'put', path, content }]);
      if (isLost(path, there))
        await expect(put, path).rejects.toMatchObject({ code: 'PATCH_CONFLICT', data: { path } });
      else await put;
      await engine.fork(`${name}p`);
      const patched = engine.apply(`${name}p`, [{ kind: 'patch', patch }]);
      if (isLost(path, there) || isThere) await expect(patched, path).rejects.toMatchObject({ code: 'PATCH_CONFLICT' });
      else await patched;
      for (const fork of [name, `${name}p`]) {
        const after = (await engine.files({ rev: fork })).files.map((file) => file.path);
        expect(before.filter((file) => !after.includes(file) && file !== path)).toEqual([]);
      }
    }
    // What is removed first makes room: in steps, and in one patch.
    await engine.fork('room');
    await engine.apply('room', [
      { kind: 'remove', path: 'a.js' },
      { kind: 'put', path: 'a.js/x', content: Buffer.from('put\n') },
    ]);
    await engine.fork('patched');
    const patch = `diff --git a/dir/x b/dir/x\ndeleted file mode 100644\n--- a/dir/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-below\ndiff --git a/dir b/dir\nnew file mode 100644\n--- /dev/null\n+++ b/dir\n@@ -0,0 +1 @@\n+put\n`;
    await engine.apply('patched', [{ kind: 'patch', patch: Buffer.from(patch) }]);
    expect(await linesOf(engine, 'put', 'room')).toEqual(['a.js/x:1:put']);
    expect(await linesOf(engine, 'put', 'patched')).toEqual(['dir:1:put']);
    await expect(engine.apply('room', [{ kind: 'remove', path: 'dir' }])).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
      message: 'dir is a folder in the fork',
    });
  });

  test('a .coppiceignore that is a link leaves nothing out', async () => {
    const repository = sample();
    repository.commit({ '.coppiceignore': { symlink: 'rules' }, rules: 'docs/\n' });
    const engine = await open(repository);
    expect(await linesOf(engine, 'parse', 'HEAD')).toContain('docs/read.md:1:# parse');
    expect(await linesOf(engine, 'parse', '@worktree')).toContain('docs/read.md:1:# parse');
    repository.commit({ '.coppiceignore': 'docs/\n' });
    expect(await linesOf(engine, 'parse', 'HEAD')).not.toContain('docs/read.md:1:# parse');
  });

  test('two appliers of one fork in one process both count', async () => {
    const engine = await open(sample());
    await engine.fork('f');
    const put = (path: string): Promise<unknown> =>
      engine.apply('f', [{ kind: 'put', path, content: Buffer.from(`${path}\n`) }]);
    await Promise.all(['x1', 'x2', 'x3', 'x4'].map(put));
    expect(await linesOf(engine, 'x', 'f')).toEqual(['x1:1:x1', 'x2:1:x2', 'x3:1:x3', 'x4:1:x4']);
  });
});

describe('gc', () => {
  test('keeps what refs, forks and the work tree reach, and says beforehand what it will do', async () => {
    const repository = sample();
    const engine = await open(repository);
    await engine.index(['HEAD'], { history: true });
    repository.branch('topic');
    repository.commit(
      { 'topic.ts': Array.from({ length: 400 }, (_, i) => `parse topic${i}\n`).join('') },
      { branch: 'topic' },
    );
    await engine.index(['topic']);
    repository.write('open.ts', 'parse open\n');
    await engine.index(['@worktree']);
    await engine.fork('f', { from: 'topic' });
    repository.git('update-ref', '-d', 'refs/heads/topic');
    const kept = await engine.gc();
    expect(kept.chunksAfter).toBe(kept.chunksBefore);
    await engine.drop('f');
    const planned = await engine.gc({ dryRun: true });
    expect(await engine.gc({ dryRun: true })).toMatchObject({ chunksAfter: planned.chunksAfter });
    const done = await engine.gc();
    expect(done.chunksAfter).toBe(planned.chunksAfter);
    expect(done.chunksAfter).toBeLessThan(done.chunksBefore);
    expect(Math.abs(done.reclaimedBytes - planned.reclaimedBytes)).toBeLessThan(2000); // records of the journal
    expect(await linesOf(engine, 'open', '@worktree')).toEqual(['open.ts:1:parse open']);
    expect(await linesOf(engine, 'one', 'HEAD~1')).toEqual(['a.ts:1:parse one']);
    expect((await engine.doctor()).problems).toEqual([]);
    expect(await engine.gc()).toMatchObject({ chunksBefore: done.chunksAfter, chunksAfter: done.chunksAfter });
  });

  test('a fork made while garbage is collected stands', async () => {
    const repository = sample();
    const engine = await open(repository);
    const other = await open(repository, { store: engine.storePath });
    repository.write('only.ts', 'parse only here\n');
    await engine.grep('parse', { rev: '@worktree' }); // indexed, and named by nothing
    const forks = Array.from({ length: 10 }, (_, i) => other.fork(`f${i}`, { from: '@worktree' }));
    await Promise.all([engine.gc(), ...forks, engine.gc()]);
    for (let i = 0; i < 10; i++) expect(await linesOf(engine, 'only', `f${i}`)).toEqual(['only.ts:1:parse only here']);
    expect((await engine.doctor()).problems).toEqual([]);
  });
});

test('a search that is cancelled leaves a store that works', async () => {
  const repository = makeRepository();
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}.ts`, `parse ${i}\n`]));
  repository.commit(files);
  const engine = await open(repository);
  const controller = new AbortController();
  const indexing = engine.index(['HEAD'], {
    signal: controller.signal,
    onProgress: ({ done }) => done === 20 && controller.abort(),
  });
  await expect(indexing).rejects.toMatchObject({ code: 'ABORTED' });
  expect((await engine.doctor()).problems).toEqual([]);
  const { revs } = await engine.index(['HEAD']);
  expect(revs[0]!.files).toBe(60);
  expect(revs[0]!.newFiles).toBeLessThan(60);
  expect(await linesOf(engine, 'parse', 'HEAD')).toHaveLength(60);
});
