import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, FolderEntry, LastChange } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

const opened: Engine[] = [];
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
});

async function open(repo: string | readonly string[]): Promise<Engine> {
  const engine = await openEngine({ store: join(makeFolder(), 'store'), repo, workers: 0 });
  opened.push(engine);
  return engine;
}

const shown = (entries: readonly FolderEntry[]): string[] =>
  entries.map(({ kind, name, files }) => `${kind} ${name} ${files}`);

async function changesOf(engine: Engine, path: string, rev: string): Promise<LastChange[]> {
  const changes: LastChange[] = [];
  for await (const change of engine.lastChanges(path, { rev })) changes.push(change);
  return changes;
}

const repository = makeRepository({ name: 'tree' });
repository.commits([
  {
    files: {
      'src/main/java/a/One.java': 'class One {}\n',
      'src/main/java/b/Two.java': 'class Two {}\n',
      'a.txt': 'a\n',
    },
    message: 'one\n',
  },
  { files: { 'a-b/c.txt': 'c\n', 'a/d.txt': 'd\n', 'größe/é.txt': 'x\n', 'a.txt': null }, message: 'two\n' },
  { files: { 'src/main/java/a/One.java': 'class One { int x; }\n' }, message: 'three\n' },
]);

describe('a folder', () => {
  test('has what git has there; folders first, what holds one folder alone with it', async () => {
    const engine = await open(repository.path);
    const root = await engine.folder('', { rev: 'HEAD' });
    expect(shown(root.entries)).toEqual(['folder a 1', 'folder a-b 1', 'folder größe 1', 'folder src/main/java 2']);
    expect(shown((await engine.folder('src/main/java/', { rev: 'HEAD' })).entries)).toEqual([
      'folder a 1',
      'folder b 1',
    ]);
    expect(shown((await engine.folder('src', { rev: 'HEAD' })).entries)).toEqual(['folder main/java 2']);
    expect(shown((await engine.folder('größe', { rev: 'HEAD' })).entries)).toEqual(['file é.txt 1']);
    expect(shown((await engine.folder('', { rev: 'HEAD~2' })).entries)).toEqual([
      'folder src/main/java 2',
      'file a.txt 1',
    ]);
    await expect(engine.folder('sr', { rev: 'HEAD' })).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    await expect(engine.folder('src/main/java/a/One.java', { rev: 'HEAD' })).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    });
  });

  test('tells of each entry the commit that git log tells', async () => {
    const engine = await open(repository.path);
    for (const folder of ['', 'src/main/java', 'größe']) {
      const changes = await changesOf(engine, folder, 'HEAD');
      const { entries } = await engine.folder(folder, { rev: 'HEAD' });
      expect(changes).toHaveLength(entries.length);
      for (const { name, commit, subject } of changes) {
        const path = folder === '' ? name : `${folder}/${name}`;
        expect(`${commit} ${subject}`).toBe(repository.git('log', '-1', '--format=%H %s', 'HEAD', '--', path).trim());
      }
    }
    // A work tree has that of its HEAD; in what it has alone nothing was changed yet.
    repository.write('fresh/new.txt', 'new\n');
    expect(shown((await engine.folder('', {})).entries)).toContain('folder fresh 1');
    expect((await changesOf(engine, '', '@worktree')).map(({ name }) => name).sort()).toEqual([
      'a',
      'a-b',
      'größe',
      'src',
    ]);
  });

  test('whatever bytes a subject and a name have', async () => {
    const odd = makeRepository({ name: 'odd' });
    const subjects = ['a\x01b', '\x02', 'x\x01\x02y\x7f', '\x01', 'ü\x1b[31m'];
    for (const [i, message] of subjects.entries())
      odd.commit(
        { [`f${i}.txt`]: 'x\n', ...(i === 0 ? { '\nline.txt': 'x\n', 'd/\x01\x02': 'x\n' } : {}) },
        { message },
      );
    const engine = await open(odd.path);
    const told = (await changesOf(engine, '', 'HEAD')).map(({ name, commit, subject }) => [name, commit, subject]);
    const expected = ['\nline.txt', 'd', ...subjects.keys()].map((key) => {
      const name = typeof key === 'number' ? `f${key}.txt` : key;
      const [commit, subject] = odd.git('log', '-1', '--format=%H%x00%s', '--', name).trimEnd().split('\0');
      return [name, commit, subject];
    });
    expect(new Map(told.map((row) => [row[0], row]))).toEqual(new Map(expected.map((row) => [row[0], row])));
    expect((await changesOf(engine, 'd', 'HEAD')).map(({ name }) => name)).toEqual(['\x01\x02']);
    const changes = [];
    for await (const change of engine.changes('HEAD')) changes.push(change);
    expect(changes.map(({ subject }) => subject)).toEqual(
      subjects
        .slice(1)
        .reverse()
        .map((subject) => subject.trim()),
    );
  });

  test('a search that has no time ends without an answer, and is no error; one that is cut short is', async () => {
    const engine = await open(repository.path);
    await engine.folder('', { rev: 'HEAD' });
    const some: LastChange[] = [];
    for await (const change of engine.lastChanges('', { rev: 'HEAD', deadlineMs: 1 })) some.push(change);
    expect(some.length).toBeLessThanOrEqual(4);
    const stop = new AbortController();
    const cut = async (): Promise<void> => {
      for await (const _ of engine.lastChanges('', { rev: 'HEAD', signal: stop.signal })) stop.abort();
    };
    await expect(cut()).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('of a view has its roots, and in them what they have', async () => {
    const other = makeRepository({ name: 'other' });
    other.commit({ 'lib/x.ts': 'export const x = 1;\n' }, { message: 'x\n' });
    const engine = await open([repository.path, other.path]);
    const { entries } = await engine.folder('', { rev: 'HEAD' });
    expect(entries.map(({ name, repo }) => [name, repo])).toEqual([
      ['other', 'other'],
      ['tree', 'tree'],
    ]);
    expect(await changesOf(engine, '', 'HEAD')).toEqual([]);
    expect(shown((await engine.folder('other/lib', { rev: 'HEAD' })).entries)).toEqual(['file x.ts 1']);
    expect((await changesOf(engine, 'other/lib', 'HEAD')).map(({ subject }) => subject)).toEqual(['x']);
    expect((await changesOf(engine, 'tree/src', 'HEAD')).map(({ subject }) => subject)).toEqual(['three']);
  });
});
