import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { contentHash } from '../../src/base/index.js';
import { WorktreeWatches } from '../../src/daemon/worktree-watches.js';
import { openEngine, openEngines, type Engine, type LineMatch } from '../../src/engine/index.js';
import { folderOf, write } from '../dependencies/support.js';

const stores: string[] = [];
const engines: Engine[] = [];
const newStore = (): string => {
  const store = mkdtempSync(join(tmpdir(), 'coppice-store-'));
  stores.push(store);
  return store;
};
const engineAt = async (repo: string, store = newStore()): Promise<Engine> => {
  const engine = await openEngine({ repo, store, workers: 0 });
  engines.push(engine);
  return engine;
};
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});
afterAll(() => {
  for (const store of stores) rmSync(store, { recursive: true, force: true });
});

const git = (root: string, ...args: readonly string[]): void =>
  void execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: root });

const commit = (root: string, tag: string): void => {
  git(root, 'add', '-A');
  git(root, 'commit', '-qm', tag);
  git(root, 'tag', tag);
};

const pkg = (name: string, version: string, dependencies: object = {}): string =>
  JSON.stringify({ name, version, dependencies });
const lock = (a: string, more: object = {}): string =>
  JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { a: '^1.0.0' } },
      'node_modules/a': { version: a, integrity: `sha512-a${a}`, dependencies: { b: '*' } },
      'node_modules/b': { version: '2.0.0', integrity: 'sha512-b', dev: true },
      ...more,
    },
  });

function project(): string {
  const root = folderOf({
    '.gitignore': 'node_modules\n',
    'package.json': JSON.stringify({ dependencies: { a: '^1.0.0' } }),
    'package-lock.json': lock('1.0.0'),
    'src/app.js': 'needle of the project\n',
    'node_modules/a/package.json': pkg('a', '1.0.0', { b: '*' }),
    'node_modules/a/lib/x.js': 'one\nneedle in a\n',
    'node_modules/a/lib/x.min.js': 'needle minified\n',
    'node_modules/a/x.js.map': 'needle of a map\n',
    'node_modules/a/node_modules/b/package.json': pkg('b', '1.0.0'),
    'node_modules/a/node_modules/b/x.js': 'needle in the b of a\n',
    'node_modules/b/package.json': pkg('b', '2.0.0'),
    'node_modules/b/x.d.ts': 'export const needleOfB: number;\n',
    'node_modules/.bin/x': 'needle of no package\n',
  });
  git(root, 'init', '-q', '.');
  commit(root, 'v1');
  return root;
}

const shown = (lines: readonly LineMatch[]): string[] => lines.map(({ path, line, text }) => `${path}:${line}:${text}`);

/** Until what was written is trusted: what has just been is not. */
const settle = (): Promise<void> => delay(60);

describe('packages in searches', () => {
  test('what is installed, alone and with the own files, with what each hit is of', async () => {
    const engine = await engineAt(project());
    const { lines } = await engine.grep('needle', { deps: [] });
    expect(shown(lines)).toEqual([
      'node_modules/a/lib/x.js:2:needle in a',
      'node_modules/a/node_modules/b/x.js:1:needle in the b of a',
      'node_modules/b/x.d.ts:1:export const needleOfB: number;',
    ]);
    expect(lines[0]).toMatchObject({ package: 'a', version: '1.0.0', packagePath: 'lib/x.js', direct: true });
    expect(lines[1]).toMatchObject({ package: 'b', version: '1.0.0', direct: false, chain: ['a@1.0.0'] });
    const all = await engine.grep('needle', { withDeps: true });
    expect(shown(all.lines)).toEqual([...shown(lines), 'src/app.js:1:needle of the project']);
    expect(all.lines.at(-1)).not.toHaveProperty('package');
    expect(shown((await engine.grep('needle')).lines)).toEqual(['src/app.js:1:needle of the project']);
  });

  test('in a view of several repositories, each with its own, and in one that has a name', async () => {
    const [one, other] = [project(), project()];
    write(other, 'node_modules/b/x.d.ts', 'export const patched: number; // needle\n');
    const bare = folderOf({ 'notes.txt': 'needle in notes\n' });
    const store = newStore();
    const places = (lines: readonly LineMatch[]): string[] =>
      lines.map(({ repo, path }) => `${[one, other, bare].findIndex((root) => root.endsWith(repo!))} ${path}`).sort();
    const view = await openEngine({ repo: [one, other, bare], store, workers: 0 });
    engines.push(view);
    const own = ['0 src/app.js', '1 src/app.js', '2 notes.txt'];
    const packages = ['lib/x.js', 'node_modules/b/x.js'].map((path) => `node_modules/a/${path}`);
    const all = [0, 1].flatMap((i) => [...packages, 'node_modules/b/x.d.ts'].map((path) => `${i} ${path}`));
    expect(places((await view.grep('needle')).lines)).toEqual(own);
    const { lines } = await view.grep('needle', { deps: [] });
    expect(places(lines)).toEqual(all.sort());
    expect(lines.find(({ text }) => text.includes('// needle'))).toMatchObject({
      package: 'b',
      version: '2.0.0',
      packagePath: 'x.d.ts',
    });
    expect(places((await view.grep('needle', { withDeps: true })).lines)).toEqual([...own, ...all].sort());
    expect(places((await view.grep('needle', { deps: ['b@2'] })).lines)).toEqual(
      all.filter((at) => /\d node_modules\/b/.test(at)),
    );
    await expect(view.grep('needle', { deps: ['nothing'] })).rejects.toMatchObject({ code: 'NO_DEPENDENCIES' });
    const found = (await view.search('needle dep:b@2')).hits.map(({ repo, path }) => ({ repo, path }));
    expect(places(found as LineMatch[])).toEqual(all.filter((at) => /\d node_modules\/b/.test(at)));
    expect((await view.symbols('patched', { withDeps: true })).symbols[0]).toMatchObject({ package: 'b' });
    await view.addView('work', [one, bare], { deps: true });
    const named = await engineAt('view:work', store);
    expect(places((await named.grep('needle')).lines)).toEqual(
      [...own, ...all].filter((at) => !at.startsWith('1')).sort(),
    );
    const { views, packages: count, repositories } = await named.status();
    expect(views).toMatchObject([{ name: 'work', deps: true }]);
    expect(count).toBe(2); // those that lock files tell apart
    expect(repositories.find(({ path }) => path.startsWith(one))!.packages).toMatchObject({ packages: 3, direct: 1 });
  });

  test('that are watched are followed: one more, one patched, one gone, in seen and unseen folders', async () => {
    const root = realpathSync(project());
    const watches = new WorktreeWatches({
      cookieFolder: join(newStore(), 'cookies'),
      onChange: () => undefined,
    });
    const all = await openEngines({ store: newStore(), workers: 0, watch: watches.watch });
    try {
      const engine = all.open(root);
      const found = async (): Promise<string[]> =>
        (await engine.grep('needle', { deps: [] })).lines.map(({ path, text }) => `${path.slice(13)}:${text}`).sort();
      const before = await found();
      const isWatched = (): boolean =>
        watches.describe().some((one) => one.workTree.endsWith('node_modules') && one.state === 'watching');
      await expect.poll(isWatched).toBe(true);
      expect(await found()).toEqual(before);
      // One for all packages, those that lie in others too: each is asked before each answer.
      expect(watches.describe().map(({ workTree }) => workTree)).toEqual([root, join(root, 'node_modules')]);
      write(root, 'node_modules/new/package.json', pkg('new', '3.0.0'));
      write(root, 'node_modules/new/index.js', 'needle of the new\n');
      expect(await found()).toEqual([...before, 'new/index.js:needle of the new'].sort());
      write(root, 'node_modules/new/index.js', 'needle that was patched\n');
      write(root, 'node_modules/@scope/other/package.json', pkg('@scope/other', '1.0.0'));
      write(root, 'node_modules/@scope/other/x.js', 'needle in a scope\n');
      const more = ['new/index.js:needle that was patched', '@scope/other/x.js:needle in a scope'];
      expect(await found()).toEqual([...before, ...more].sort());
      rmSync(join(root, 'node_modules/new'), { recursive: true });
      rmSync(join(root, 'node_modules/a'), { recursive: true });
      // What is locked and was seen is answered by the store; what was only installed is gone.
      const left = before.filter((line) => !line.startsWith('a/node_modules'));
      expect(await found()).toEqual([more[1]!, ...left].sort());
    } finally {
      await all.close();
      watches.close();
    }
  });

  test('that are watched or linked are what lies there now, whatever was asked or changed in between', async () => {
    const folder = realpathSync(folderOf({ 'linked/package.json': pkg('linked', '1.0.0') }));
    const root = join(folder, 'project');
    cpSync(project(), root, { recursive: true });
    write(root, 'package.json', JSON.stringify({ dependencies: { a: '^1.0.0', linked: 'file:../linked' } }));
    write(root, 'node_modules/extra/package.json', pkg('extra', '1.0.0'));
    write(root, 'node_modules/extra/x.js', 'needle of no lock\n');
    write(folder, 'linked/x.js', 'needle behind a link\n');
    symlinkSync('../../linked', join(root, 'node_modules/linked'));
    const watches = new WorktreeWatches({ cookieFolder: join(newStore(), 'cookies'), onChange: () => undefined });
    const all = await openEngines({ store: newStore(), workers: 0, watch: watches.watch });
    try {
      const engine = all.open(root);
      const found = async (rev?: string): Promise<string[]> =>
        (await engine.grep('needle', { deps: [], ...(rev === undefined ? {} : { rev }) })).lines.map(
          ({ text }) => text,
        );
      await found();
      const isWatched = (): boolean =>
        watches.describe().some((one) => one.workTree.endsWith('node_modules') && one.state === 'watching');
      await expect.poll(isWatched).toBe(true);
      expect(await found()).toEqual(expect.arrayContaining(['needle of no lock', 'needle behind a link']));
      await settle();
      await found();
      write(root, 'node_modules/extra/x.js', 'needle of no lock, patched\n');
      write(folder, 'linked/x.js', 'needle behind a link, patched\n');
      expect(await found('v1')).not.toContain('needle of no lock, patched');
      const now = await found();
      expect(now).toContain('needle of no lock, patched');
      expect(now).toContain('needle behind a link, patched');
    } finally {
      await all.close();
      watches.close();
    }
  });

  test('are taken as a process before has seen them, where their times are the same; what was patched is read', async () => {
    const root = project();
    const store = newStore();
    const found = async (): Promise<string[]> =>
      shown((await (await engineAt(root, store)).grep('needle', { deps: [] })).lines);
    const before = await found();
    expect(readdirSync(join(store, 'looks')).length).toBe(1);
    await settle();
    expect(await found()).toEqual(before);
    const looks = (): string => readFileSync(join(store, 'looks', readdirSync(join(store, 'looks'))[0]!), 'utf8');
    // A look that is not of what lies there shows that nothing was read.
    const honest = looks();
    const rows = JSON.parse(honest.slice(honest.indexOf('\n') + 1)) as [string, string, string][];
    const [ofA, ofB] = [
      rows.findIndex(([key]) => key.endsWith('node_modules/a')),
      rows.findIndex(([key]) => key.endsWith('a/node_modules/b')),
    ];
    const text = JSON.stringify(rows.map(([key, stamp, oid], i) => [key, stamp, i === ofA ? rows[ofB]![2] : oid]));
    writeFileSync(
      join(store, 'looks', readdirSync(join(store, 'looks'))[0]!),
      `${contentHash(text).toString('hex')}\n${text}`,
    );
    expect((await found())[0]).toBe('node_modules/a/node_modules/b/x.js:1:needle in the b of a');
    write(root, 'node_modules/a/lib/x.js', 'one\nneedle IN a\n');
    expect((await found())[0]).toBe('node_modules/a/lib/x.js:2:needle IN a');
    const [look] = readdirSync(join(store, 'looks'));
    writeFileSync(join(store, 'looks', look!), 'damaged');
    expect((await found()).length).toBe(before.length);
  });

  test('what one process has seen is still known when another that looks at fewer packages has written', async () => {
    const root = project();
    const store = newStore();
    const grep = async (options: object): Promise<unknown> => (await engineAt(root, store)).grep('needle', options);
    const seen = (): string[] => {
      const text = readFileSync(join(store, 'looks', readdirSync(join(store, 'looks'))[0]!), 'utf8');
      const rows = JSON.parse(text.slice(text.indexOf('\n') + 1)) as [string, string, string][];
      return rows.map(([key]) => key.slice(key.indexOf('node_modules'))).sort();
    };
    const all = ['node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/b'];
    await settle();
    await grep({ deps: [] });
    expect(seen()).toEqual(all);
    write(root, 'node_modules/a/lib/x.js', 'one\nneedle IN a\n');
    await settle();
    await grep({ deps: [], rev: 'v1' }); // what the lock file does not name is not looked at
    expect(seen()).toEqual(all);
    rmSync(join(root, 'node_modules/a/node_modules'), { recursive: true });
    write(root, 'node_modules/a/lib/x.js', 'one\nneedle in a again\n');
    await settle();
    await grep({ deps: [], rev: 'v1' });
    expect(seen()).toEqual(['node_modules/a', 'node_modules/b']);
  });

  test('names, versions, direct ones, and filters of a query', async () => {
    const engine = await engineAt(project());
    const places = async (...deps: string[]): Promise<string> =>
      (await engine.grepCounts('needle', { deps })).files
        .map(({ path }) => path.replace(/^node_modules\/|\.[a-z.]+$/g, ''))
        .join();
    expect(await places('b')).toBe('a/node_modules/b/x,b/x');
    expect(await places('b@^2')).toBe('b/x');
    expect(await places(':direct')).toBe('a/lib/x');
    expect(await places('!b')).toBe('a/lib/x');
    await expect(places('nothing')).rejects.toMatchObject({ code: 'PACKAGE_NOT_FOUND' });
    await expect(places(':other')).rejects.toMatchObject({ code: 'USAGE' });
    const found = async (query: string, options = {}): Promise<string> =>
      [...new Set((await engine.search(query, options)).hits.map((hit) => `${hit.package ?? ''}@${hit.version ?? ''}`))]
        .sort()
        .join();
    expect(await found('needle dep:a')).toBe('a@1.0.0');
    expect(await found('needle dep:b@1 dep:direct').catch((error: { code: string }) => error.code)).toBe(
      'PACKAGE_NOT_FOUND',
    );
    expect(await found('needle -dep:a', { deps: [] })).toBe('b@1.0.0,b@2.0.0');
    expect((await engine.symbols('needleOfB', { withDeps: true })).symbols[0]).toMatchObject({
      package: 'b',
      path: 'node_modules/b/x.d.ts',
    });
    expect((await engine.files({ deps: ['a'] })).files.map(({ path }) => path)).toEqual([
      'node_modules/a/lib/x.js',
      'node_modules/a/package.json',
    ]);
    const { content } = await engine.show(undefined, 'node_modules/a/lib/x.js', { start: 2, end: 2 }, { deps: [] });
    expect(Buffer.from(content).toString()).toBe('needle in a\n');
  });

  test('what has changed on disk since is seen: patched, added, removed', async () => {
    const root = project();
    const engine = await engineAt(root);
    expect((await engine.grep('needle', { deps: [] })).lines).toHaveLength(3);
    write(root, 'node_modules/a/lib/x.js', 'two\nneedle IN a\n');
    write(root, 'node_modules/c/package.json', pkg('c', '1.0.0'));
    write(root, 'node_modules/c/index.js', 'needle in c\n');
    rmSync(join(root, 'node_modules/a/node_modules'), { recursive: true });
    expect(shown((await engine.grep('needle', { deps: [] })).lines)).toEqual([
      'node_modules/a/lib/x.js:2:needle IN a',
      'node_modules/b/x.d.ts:1:export const needleOfB: number;',
      'node_modules/c/index.js:1:needle in c',
    ]);
  });

  test('locked at any rev: from disk, from the store, or missing; a range tells which upgrade brought a line', async () => {
    const root = project();
    const store = newStore();
    const first = await engineAt(root, store);
    await first.grep('needle', { deps: [] });
    write(root, 'package-lock.json', lock('1.1.0', { 'node_modules/m': { version: '3.0.0', integrity: 'sha512-m' } }));
    write(root, 'node_modules/a/package.json', pkg('a', '1.1.0', { b: '*' }));
    write(root, 'node_modules/a/lib/x.js', 'one\nneedle in a\nneedle that 1.1 brought\n');
    commit(root, 'v2');
    const engine = await engineAt(root, store);
    const now = await engine.grepRange('needle', 'v1', 'v2', { deps: [] });
    expect(now.lines.map(({ side, path, text, package: name, version }) => [side, path, text, name, version])).toEqual([
      ['+', 'a@1.1.0/lib/x.js', 'needle that 1.1 brought', 'a', '1.1.0'],
    ]);
    expect((await engine.status()).repositories[0]!.packages).toMatchObject({ missing: ['m@3.0.0'], direct: 1 });
    // Nothing is installed any more: the store knows what the lock files name.
    rmSync(join(root, 'node_modules'), { recursive: true });
    const later = await engineAt(root, store);
    expect(shown((await later.grep('needle', { rev: 'v1', deps: ['a'] })).lines)).toEqual([
      'node_modules/a/lib/x.js:2:needle in a',
    ]);
    expect((await later.grepRange('needle', 'v1', 'v2', { deps: [] })).lines).toEqual(now.lines);
    await expect(later.grep('needle', { rev: 'v2', deps: ['m'] })).rejects.toMatchObject({ code: 'NO_DEPENDENCIES' });
    await expect((await engineAt(folderRepo())).grep('x', { deps: [] })).rejects.toMatchObject({
      code: 'NO_DEPENDENCIES',
    });
  });

  test('a second project stores what is new alone, and both are as in a store of their own', async () => {
    const one = project();
    const store = newStore();
    const first = await engineAt(one, store);
    await first.grep('needle', { deps: [] });
    const two = mkdtempSync(join(tmpdir(), 'coppice-deps-'));
    cpSync(one, two, { recursive: true });
    write(two, 'node_modules/c/package.json', pkg('c', '1.0.0'));
    write(two, 'node_modules/c/index.js', 'needle in c\n');
    const before = (await first.status()).chunks;
    const second = await engineAt(two, store);
    const shared = await second.grep('needle', { deps: [] });
    expect((await second.status()).chunks - before).toBe(2);
    const fresh = await (await engineAt(two)).grep('needle', { deps: [] });
    expect(shared.lines).toEqual(fresh.lines);
    const hits = async (engine: Engine): Promise<unknown> =>
      (await engine.search('needle', { deps: [], mode: 'lexical' })).hits.map(({ path, score }) => [path, score]);
    expect(await hits(second)).toEqual(await hits(await engineAt(two)));
  });

  test('gc keeps what a view used lately, and lets go of it a month later', async () => {
    const root = project();
    const store = newStore();
    const engine = await engineAt(root, store);
    await engine.grep('needle', { deps: [] });
    const { chunks } = await engine.status();
    await engine.gc();
    expect((await engine.status()).chunks).toBe(chunks);
    rmSync(join(root, 'node_modules'), { recursive: true });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31 * 24 * 3600 * 1000 });
    try {
      await engine.gc();
    } finally {
      vi.useRealTimers();
    }
    expect((await engine.status()).chunks).toBeLessThan(chunks);
    await expect((await engineAt(root, store)).grep('needle', { rev: 'v1', deps: [] })).rejects.toMatchObject({
      code: 'NO_DEPENDENCIES',
    });
  });

  test('what is missing is fetched on request, and only if its integrity is right', async () => {
    const archive = tarOf({ 'package/package.json': pkg('m', '3.0.0'), 'package/index.js': 'needle in m\n' });
    const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.url!} ${request.headers.authorization ?? '-'}`);
      response.end(archive);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const home = mkdtempSync(join(tmpdir(), 'coppice-home-'));
    vi.stubEnv('npm_config_registry', undefined);
    const at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const configure = (): void =>
      writeFileSync(join(home, '.npmrc'), `registry=http://${at}/npm/\n//${at}/npm/:_authToken=secret\n`);
    vi.stubEnv('HOME', home);
    try {
      const lockOf = (hash: string): string =>
        JSON.stringify({
          lockfileVersion: 3,
          packages: { '': { dependencies: { m: '3' } }, 'node_modules/m': { version: '3.0.0', integrity: hash } },
        });
      const root = folderOf({ 'package.json': '{}', 'package-lock.json': lockOf('sha512-AAAA') });
      git(root, 'init', '-q', '.');
      commit(root, 'bad');
      write(root, 'package-lock.json', lockOf(integrity));
      commit(root, 'good');
      const engine = await engineAt(root);
      await expect(engine.grep('needle', { rev: 'good', deps: [] })).rejects.toMatchObject({ code: 'NO_DEPENDENCIES' });
      const unconfigured = engine.grep('needle', { rev: 'good', deps: [], fetch: true });
      await expect(unconfigured).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      expect(asked).toEqual([]);
      configure();
      await expect(engine.grep('needle', { rev: 'bad', deps: [], fetch: true })).rejects.toMatchObject({
        code: 'FETCH_FAILED',
      });
      const { lines } = await engine.grep('needle', { rev: 'good', deps: [], fetch: true });
      expect(shown(lines)).toEqual(['node_modules/m/index.js:1:needle in m']);
      expect(asked).toEqual(Array<string>(2).fill('/npm/m/-/m-3.0.0.tgz Bearer secret'));
      expect(shown((await engine.grep('needle', { rev: 'good', deps: [] })).lines)).toEqual(shown(lines));
    } finally {
      vi.unstubAllEnvs();
      server.close();
    }
  });
});

function folderRepo(): string {
  const root = folderOf({ 'a.txt': 'x\n' });
  git(root, 'init', '-q', '.');
  commit(root, 'v1');
  return root;
}

function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, text]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
    header.write('0ustar\0', 156);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
    body.write(text);
    return [header, body];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}
