import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeBytes } from '../../src/base/index.js';
import { WorktreeWatches } from '../../src/daemon/worktree-watches.js';
import { openEngine, openEngines } from '../../src/engine/index.js';
import type { Engine, LocalEngines } from '../../src/engine/index.js';
import { SeenFiles, type FileReader } from '../../src/engine/trees/seen-files.js';
import { asOid } from '../../src/model/index.js';
import { git, makeFolder } from '../support/git.js';

const opened: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const newStore = (): string => join(makeFolder(), 'store');

async function openAt(repo: string, store = newStore(), notes: string[] = []): Promise<Engine> {
  const engine = await openEngine({ store, repo, workers: 0, onNote: (note) => notes.push(note) });
  opened.push(engine);
  return engine;
}

type Contents = Readonly<Record<string, string>>;

function fill(root: string, files: Contents): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(encodeBytes(join(root, dirname(path))), { recursive: true });
    writeFileSync(encodeBytes(join(root, path)), text);
  }
  return root;
}

const files: Contents = {
  '.gitignore': '*.log\nbuild/\n/local\n',
  'src/retry.ts': 'export function retry(times: number): void {\n  // backoff\n}\n',
  'src/names.py': 'def backoff(n):\n    return n * 2\n',
  'src/.gitignore': 'generated.*\n!keep.log\n',
  'src/generated.ts': 'export const generated = backoff;\n',
  'src/keep.log': 'backoff is kept\n',
  'debug.log': 'backoff\n',
  'build/out.js': 'backoff()\n',
  local: 'backoff\n',
  'docs/notes.md': '# Backoff\n\nRetries wait longer each time.\n',
  'win.txt': 'backoff\r\nand more\r\n',
  'bin.dat': 'backoff\0\n',
  'empty.txt': '',
};

const linesOf = async (engine: Engine, pattern = 'backoff'): Promise<string[]> =>
  (await engine.grep(pattern, { ignoreCase: true })).lines.map(({ path, line, text }) => `${path}:${line}:${text}`);

/** The oracle: git, in a folder that is no repository. */
function gitGrep(root: string, pattern = 'backoff'): string[] {
  const args = ['grep', '--no-index', '--exclude-standard', '-nIi', '-e', pattern];
  const { stdout } = spawnSync('git', args, {
    cwd: root,
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CEILING_DIRECTORIES: dirname(root), LC_ALL: 'C' },
  });
  return stdout.toString().split('\n').slice(0, -1);
}

describe('a folder without git', () => {
  test('answers as the same folder as a repository, with the same scores', async () => {
    const plain = fill(makeFolder(), files);
    const tracked = makeFolder();
    cpSync(plain, tracked, { recursive: true });
    git(tracked, ['init', '-q']);
    git(tracked, ['add', '-A']);
    git(tracked, ['commit', '-qm', 'all']);
    const [one, other] = [await openAt(plain), await openAt(tracked)];
    expect(await linesOf(one)).toEqual(await linesOf(other));
    expect(await linesOf(one)).toEqual(gitGrep(plain));
    const ranked = async (engine: Engine): Promise<unknown> =>
      (await engine.search('retry backoff', { limit: 20 })).hits.map(({ path, startLine, score, signals }) => [
        path,
        startLine,
        score,
        signals,
      ]);
    expect(await ranked(one)).toEqual(await ranked(other));
    const named = async (engine: Engine): Promise<unknown> =>
      (await engine.symbols('backoff')).symbols.map(({ name, path, startLine, kind }) => [name, path, startLine, kind]);
    expect(await named(one)).toEqual(await named(other));
    const listed = async (engine: Engine): Promise<string[]> => (await engine.files()).files.map(({ path }) => path);
    expect(await listed(one)).toEqual(await listed(other));
    const { rev, hits } = await one.search('retry');
    expect(hits[0]).toMatchObject({ path: 'src/retry.ts', commit: null, freshness: 'live' });
    expect(rev).toBe('@worktree');
    expect((await one.grep('backoff', { rev: 'HEAD' })).lines.length).toBeGreaterThan(0);
    await expect(one.grep('x', { rev: 'main' })).rejects.toMatchObject({ code: 'REV_NOT_FOUND' });
  });

  test('a second look reads only what has other times, also in another process; what was changed is found', async () => {
    const root = fill(makeFolder(), files);
    const store = newStore();
    const old = new Date(Date.now() - 60_000);
    for (const path of Object.keys(files)) utimesSync(join(root, path), old, old);
    // ctime cannot be set: without waiting nothing is old enough to be taken unread, and all is read again.
    const before = await linesOf(await openAt(root, store));
    expect(await linesOf(await openAt(root, store))).toEqual(before);
    writeFileSync(join(root, 'src/names.py'), 'def BACKOFF(n):\n    return n * 2\n'); // of the same size
    utimesSync(join(root, 'src/names.py'), old, old);
    rmSync(join(root, 'docs'), { recursive: true });
    fill(root, { 'new/x.ts': 'backoff\n' });
    const after = await linesOf(await openAt(root, store));
    expect(after).toEqual(gitGrep(root));
    expect(after).toContain('src/names.py:1:def BACKOFF(n):');
  });

  test('that is hostile is read to its end, and nothing outside of it', async () => {
    const around = makeFolder();
    fill(around, { 'secret.txt': 'backoff secret\n', 'deep/secret.txt': 'backoff\n' });
    const root = fill(join(around, 'root'), { 'a.txt': 'backoff\n', 'inner/src/b.txt': 'backoff inner\n' });
    git(join(root, 'inner'), ['init', '-q']);
    fill(root, { 'inner/.git/backoff.txt': 'backoff\n', 'inner/.gitignore': '*.tmp\n', 'inner/x.tmp': 'backoff\n' });
    symlinkSync('..', join(root, 'loop'));
    symlinkSync('self', join(root, 'self'));
    symlinkSync('../secret.txt', join(root, 'out.txt'));
    symlinkSync('../deep', join(root, 'outside'));
    symlinkSync('/', join(root, 'inner/all'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const socket = createServer().listen(join(root, 'socket'));
    fill(root, { '\udcff\udcfe.txt': 'backoff bytes\n', 'new\nline.txt': 'backoff\n', 'a\\b.txt': 'backoff\n' });
    const deep = `${'d/'.repeat(300)}x.txt`;
    fill(root, { [deep]: 'backoff deep\n' });
    fill(root, { 'closed/x.txt': 'backoff\n', 'shut.txt': 'backoff\n' });
    chmodSync(join(root, 'closed'), 0);
    chmodSync(join(root, 'shut.txt'), 0);
    const notes: string[] = [];
    try {
      const lines = (await (await openAt(root, newStore(), notes)).grep('backoff')).lines;
      const isRoot = process.getuid?.() === 0;
      expect(lines.map(({ path }) => path).sort()).toEqual(
        [
          'a.txt',
          'a\\b.txt',
          ...(isRoot ? ['closed/x.txt', 'shut.txt'] : []),
          deep,
          'inner/src/b.txt',
          'new\nline.txt',
          '\udcff\udcfe.txt',
        ].sort(),
      );
      if (!isRoot) expect(notes.join()).toContain('may not be read');
    } finally {
      chmodSync(join(root, 'closed'), 0o700);
      socket.close();
    }
  });

  test('that changes while it is read is read anew', async () => {
    const root = fill(
      makeFolder(),
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}.txt`, `n ${i}\n`])),
    );
    const engine = await openAt(root);
    let runs = 0;
    const timer = setInterval(() => {
      runs++;
      fill(root, { [`f${runs % 300}.txt`]: `changed ${runs}\n`, [`g${runs}/x.txt`]: 'n\n' });
      rmSync(join(root, `f${(runs * 7) % 300}.txt`), { force: true });
    }, 1);
    try {
      for (let tries = 0; tries < 3; tries++)
        await engine.grep('n').catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'OBJECT_MISSING' });
        });
    } finally {
      clearInterval(timer);
    }
    expect(await linesOf(engine, 'n')).toEqual(gitGrep(root, 'n'));
  });

  test('as wide as the home folder is searched when somebody says so, and from then on', async () => {
    const home = fill(makeFolder(), { 'a/b.txt': 'backoff\n' });
    const { HOME } = process.env;
    process.env['HOME'] = home;
    try {
      const store = newStore();
      for (const place of [home, `${home}/`, dirname(home), '/'])
        await expect(linesOf(await openAt(place, store))).rejects.toMatchObject({ code: 'FOLDER_TOO_WIDE' });
      expect(await linesOf(await openAt(join(home, 'a'), store))).toEqual(['b.txt:1:backoff']);
      expect(await linesOf(await openAt(`folder:${home}`, store))).toEqual(['a/b.txt:1:backoff']);
      expect(await linesOf(await openAt(home, store))).toEqual(['a/b.txt:1:backoff']);
    } finally {
      process.env['HOME'] = HOME;
    }
  });

  test('never has the files of the store, nor of another that takes its place', async () => {
    const root = fill(makeFolder(), { 'a.txt': 'backoff\n' });
    const engine = await openAt(root, join(root, 'store'));
    expect(await linesOf(engine, '.')).toEqual(['a.txt:1:backoff']);
    expect(await linesOf(engine, '.')).toEqual(['a.txt:1:backoff']);
    git(root, ['init', '-q']);
    writeFileSync(join(root, '.git/info/exclude'), 'a.txt\nstore\n');
    expect(await linesOf(engine, '.')).toEqual([]); // a repository by now
    rmSync(join(root, '.git'), { recursive: true });
    expect(await linesOf(engine, '.')).toEqual(['a.txt:1:backoff']);
    rmSync(root, { recursive: true });
    await expect(linesOf(engine)).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
  });

  test('is kept by gc as it was seen last, while it is there', async () => {
    const root = fill(makeFolder(), files);
    const store = newStore();
    const engine = await openAt(root, store);
    const lines = await linesOf(engine);
    fill(root, { 'src/gone.ts': 'export const gone = 1;\n' });
    await linesOf(engine);
    rmSync(join(root, 'src/gone.ts'));
    expect(await linesOf(engine)).toEqual(lines);
    const { chunksBefore, chunksAfter } = await engine.gc();
    expect(chunksBefore - chunksAfter).toBe(1);
    expect((await engine.doctor()).problems ?? []).toEqual([]);
    expect((await engine.status()).repositories).toMatchObject([{ path: root, revs: [{ rev: '@worktree' }] }]);
    renameSync(root, `${root}-moved`);
    expect((await engine.gc()).chunksAfter).toBe(0);
  });

  test('is told as indexed once it is', async () => {
    const engine = await openAt(fill(makeFolder(), files));
    const told = async (): Promise<unknown> => (await engine.revs()).revs.map(({ rev, indexed }) => [rev, indexed]);
    expect(await told()).toEqual([['@worktree', false]]);
    await engine.grep('backoff');
    expect(await told()).toEqual([['@worktree', true]]);
  });

  test('has no history, and says so', async () => {
    const engine = await openAt(fill(makeFolder(), files));
    const asked = async (): Promise<void> => {
      for await (const _ of engine.log('backoff')) break;
    };
    await expect(asked()).rejects.toThrow('is a folder without git, which has no history');
  });

  test('is searched with repositories in one view, and by its name', async () => {
    const store = newStore();
    const notes = fill(join(makeFolder(), 'notes'), { 'a.md': 'backoff in notes\n' });
    const app = fill(join(makeFolder(), 'app'), { 'a.ts': 'backoff in app\n' });
    git(app, ['init', '-q']);
    await linesOf(await openAt(notes, store));
    const engine = await openEngine({ store, repo: [notes, app], workers: 0 });
    opened.push(engine);
    const { lines } = await engine.grep('backoff');
    expect(lines.map(({ repo, path }) => `${repo}/${path}`)).toEqual(['app/a.ts', 'notes/a.md']);
    expect(await linesOf(await openAt('notes', store))).toEqual(['a.md:1:backoff in notes']);
  });
});

describe('a watched folder without git', () => {
  test('is read again when it changes, with its rules', async () => {
    const root = realpathSync(fill(makeFolder(), files));
    const watches = new WorktreeWatches({ cookieFolder: join(makeFolder(), 'cookies'), onChange: () => undefined });
    const engines: LocalEngines = await openEngines({ store: newStore(), workers: 0, watch: watches.watch });
    opened.push(engines, watches);
    const engine = engines.open(root);
    const expectSame = async (): Promise<void> => expect(await linesOf(engine)).toEqual(gitGrep(root));
    await expectSame();
    await expect.poll(() => watches.describe()[0]?.state).toBe('watching');
    await expectSame();
    fill(root, { 'src/names.py': 'backoff = 2\n', 'new/deep/er.ts': 'backoff\n' });
    await expectSame();
    fill(root, { 'new/deep/more.ts': 'backoff\n', 'src/x.log': 'backoff\n' });
    await expectSame();
    fill(root, { 'new/.gitignore': 'deep/m*\n' });
    await expectSame();
    fill(root, { '.ignore': 'new/\n' });
    expect((await linesOf(engine)).join()).not.toContain('new/');
    rmSync(join(root, '.ignore'));
    renameSync(join(root, 'new'), join(root, 'renamed'));
    await expectSame();
    fill(root, { 'renamed/deep/last.ts': 'backoff\n' });
    await expectSame();
    rmSync(join(root, 'renamed'), { recursive: true });
    await expectSame();
  });

  test('costs a look at what may have changed, not at all of its files', async () => {
    const looked: string[] = [];
    const oid = asOid('0'.repeat(40));
    const reader: FileReader = {
      read: (path) => Promise.resolve({ kind: 'file', oid, size: 1, content: Buffer.from(path) }),
      stampOf: (path) => {
        looked.push(path);
        return path === 'late' ? null : '1';
      },
    };
    const before = new SeenFiles(reader, null, 100, null);
    for (const path of ['a', 'b', 'late']) await before.look(path);
    looked.length = 0;
    const after = new SeenFiles(reader, null, 100, before, (path) => path === 'b');
    for (const path of ['a', 'b', 'late', 'new']) await after.look(path);
    expect(looked).toEqual(['b', 'late', 'new']);
    expect(after.read).toBe(2);
    expect(after.rows()).toHaveLength(3);
  });
});
