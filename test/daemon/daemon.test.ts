import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpClient, RemoteEngines, type HostEvent } from '../../src/api/index.js';
import { CoppiceError } from '../../src/base/index.js';
import { Daemon } from '../../src/daemon/daemon.js';
import { connectEngines } from '../../src/daemon/client/connect-engines.js';
import { DaemonTransport } from '../../src/daemon/client/daemon-transport.js';
import { findDaemon } from '../../src/daemon/client/find-daemon.js';
import { placesOf } from '../../src/daemon/client/places.js';
import { openEngine, type Engine } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

const running: Daemon[] = [];
const clients: HttpClient[] = [];

async function start(storePath = join(makeFolder(), 'store'), onDemand = false): Promise<Daemon> {
  const daemon = await Daemon.start({
    storePath,
    version: '1',
    onDemand,
    pageFolder: pathToFileURL(makeFolder() + '/'),
    log: () => undefined,
    workers: 0,
  });
  running.push(daemon);
  return daemon;
}

function clientOf(storePath: string): HttpClient {
  const client = new HttpClient({ socketPath: findDaemon(storePath)!.socket });
  clients.push(client);
  return client;
}

function engineOf(daemon: Daemon, repo: string): Engine {
  const { storePath } = daemon.engines;
  return new RemoteEngines({ storePath, transport: clientOf(storePath) }).open(repo);
}

async function codeOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return 'no error';
  } catch (error) {
    return error instanceof CoppiceError ? error.code : String(error);
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not come');
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(running.splice(0).map((daemon) => daemon.stop()));
});

describe('one daemon', () => {
  test('of several that are started at once one serves, the others say who', async () => {
    const store = join(makeFolder(), 'store');
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => start(store)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'DAEMON_RUNNING' });
    }
    expect(findDaemon(store)).toMatchObject({ pid: process.pid, version: '1', onDemand: false });
    expect(await codeOf(start(store))).toBe('DAEMON_RUNNING');
  });

  test('the next waits for one that is about to end', async () => {
    const store = join(makeFolder(), 'store');
    const ending = (await start(store)).stop();
    const next = await start(store);
    await ending;
    expect(await clientOf(store).ask('daemon', {}, undefined, {})).toMatchObject({ pid: process.pid });
    expect(next.describe().version).toBe('1');
  });

  test('what one that was killed left is set aside', async () => {
    const store = join(makeFolder(), 'store');
    const { folder, descriptor, socket, lock } = placesOf(store);
    await (await start(store)).stop();
    mkdirSync(folder, { recursive: true });
    const dead = { pid: 999_999_999, host: (await import('node:os')).hostname(), command: 'coppice', sinceMs: 1 };
    writeFileSync(lock, JSON.stringify(dead));
    writeFileSync(socket, 'not a socket');
    writeFileSync(descriptor, JSON.stringify({ ...dead, socket, version: '1' }));
    const daemon = await start(store);
    expect(await clientOf(store).ask('daemon', {}, undefined, {})).toMatchObject({ pid: process.pid });
    expect(daemon.describe().requests).toBeGreaterThanOrEqual(0);
  });

  test('it leaves nothing but its token and log behind, and the store usable', async () => {
    const repository = makeRepository();
    repository.commit({ 'a.ts': 'alpha\n' });
    const daemon = await start();
    const store = daemon.engines.storePath;
    await engineOf(daemon, repository.path).grep('alpha');
    await clientOf(store).ask('shut-down', {}, undefined, {});
    await daemon.wait();
    const { descriptor, socket, lock } = placesOf(store);
    expect([descriptor, socket, lock].filter((path) => existsSync(path))).toEqual([]);
    const engine = await openEngine({ repo: repository.path, store, workers: 0 });
    expect((await engine.doctor()).problems).toEqual([]);
    await engine.close();
  });

  test('only its user can open its socket and read its token', async () => {
    const daemon = await start();
    const { folder, socket, token, descriptor } = placesOf(daemon.engines.storePath);
    const access = await daemon.listenHttp(0);
    expect(await daemon.listenHttp(0)).toEqual(access);
    expect(access.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const path of [socket, token, descriptor]) expect(statSync(path).mode & 0o777, path).toBe(0o600);
    const store = daemon.engines.storePath;
    await daemon.stop();
    // Clients that were told the token need not be told again.
    expect((await (await start(store)).listenHttp(0)).token).toBe(access.token);
  });

  test('a port that is taken is an error that says so, and can be tried again', async () => {
    const [first, second] = [await start(), await start()];
    const port = Number(new URL((await first.listenHttp(0)).url).port);
    expect(await codeOf(second.listenHttp(port))).toBe('CANNOT_LISTEN');
    expect((await second.listenHttp(0)).url).toMatch(/^http:/);
  });

  test('it ends when the settings of the store change, rather than answer by the old ones', async () => {
    const repository = makeRepository();
    repository.commit({ 'a.ts': 'alpha\n' });
    const daemon = await start();
    const engine = engineOf(daemon, repository.path);
    expect((await engine.grep('alpha')).lines).toHaveLength(1);
    writeFileSync(join(daemon.engines.storePath, 'config.json'), '{"maxFileBytes": 2, "maxExactBytes": 2}');
    expect(await codeOf(engine.grep('alpha'))).toBe('SERVER_BUSY');
    await daemon.wait();
    const next = await start(daemon.engines.storePath);
    expect((await engineOf(next, repository.path).grep('alpha')).lines).toHaveLength(0);
  });

  test('who begins, or was there before, once the settings have changed asks another one', async () => {
    const repository = makeRepository();
    repository.commit({ 'a.ts': 'alpha\n' });
    const daemon = await start();
    const { storePath } = daemon.engines;
    const options = { storePath, version: '1', script: join(makeFolder(), 'none.js') };
    const lasting = new RemoteEngines({ storePath, transport: new DaemonTransport(options) });
    const alpha = async (): Promise<number> => (await lasting.open(repository.path).grep('alpha')).lines.length;
    expect(await alpha()).toBe(1);
    const began = await connectEngines(options);
    expect(began).not.toBe(null);
    await began!.close();
    writeFileSync(join(storePath, 'config.json'), '{"maxFileBytes": 2, "maxExactBytes": 2}');
    expect(await connectEngines(options)).toBe(null);
    await daemon.wait();
    const next = await start(storePath);
    writeFileSync(join(storePath, 'config.json'), '{}');
    const [found, last] = await Promise.all([alpha(), next.wait().then(() => start(storePath))]);
    expect(found).toBe(1);
    await lasting.close();
    await last.stop();
  });

  test('a request that is under way when it is told to end is answered', async () => {
    const repository = makeRepository();
    repository.commit(
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}.ts`, `export const a${i} = 1;\n`])),
    );
    const daemon = await start();
    const answer = engineOf(daemon, repository.path).index(['HEAD']);
    await until(() => daemon.describe().repositories.length > 0);
    const stopped = daemon.stop();
    expect((await answer).newFiles).toBe(20);
    await stopped;
  });
});

test('agents reach it over HTTP, with the token, in a session of several calls', async () => {
  const repository = makeRepository();
  repository.commit({ 'a.ts': 'alpha\n' });
  const { url, token } = await (await start()).listenHttp(0);
  const client = new Client({ name: 'test', version: '1' });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }));
  for (let i = 0; i < 3; i++) {
    const result = await client.callTool({ name: 'grep', arguments: { pattern: 'alpha', repo: repository.path } });
    expect(JSON.stringify(result.content)).toContain('alpha');
  }
  await client.close();
  const stranger = new Client({ name: 'test', version: '1' });
  const connecting = stranger.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  await expect(connecting).rejects.toThrow(/401|UNAUTHORIZED/);
});

describe('the work tree', () => {
  test('what is saved is in the next answer, without waiting', async () => {
    const repository = makeRepository();
    repository.commit({ 'a.ts': 'alpha\n', 'sub/b.ts': 'beta\n' });
    const daemon = await start();
    const engine = engineOf(daemon, repository.path);
    const lines = async (): Promise<string[]> => {
      const { lines: found, freshness } = await engine.grep('alpha|beta|gamma', { rev: '@worktree' });
      expect(freshness).toBe('live');
      return found.map(({ path, text }) => `${path}:${text}`);
    };
    expect(await lines()).toEqual(['a.ts:alpha', 'sub/b.ts:beta']);
    for (let i = 0; i < 40; i++) {
      writeFileSync(join(repository.path, 'sub/b.ts'), `gamma${i}\n`);
      expect(await lines()).toEqual(['a.ts:alpha', `sub/b.ts:gamma${i}`]);
    }
    repository.git('stash');
    expect(await lines()).toEqual(['a.ts:alpha', 'sub/b.ts:beta']);
    await until(() => daemon.describe().worktrees[0]?.state !== 'starting');
    expect(daemon.describe().worktrees).toMatchObject([{ workTree: repository.path, state: 'watching' }]);
  });

  test('what changed is told to who listens, and indexed before it is asked for', async () => {
    const repository = makeRepository();
    repository.commit({ 'a.ts': 'alpha\n' });
    const daemon = await start();
    const seen: HostEvent[] = [];
    const cancel = new AbortController();
    const listening = (async () => {
      const events = clientOf(daemon.engines.storePath).batches(
        'events',
        { repo: repository.path },
        { signal: cancel.signal },
      );
      for await (const batch of events) seen.push(...(batch as HostEvent[]));
    })();
    await until(() => seen.length > 0 && daemon.describe().worktrees[0]?.state === 'watching');
    writeFileSync(join(repository.path, 'a.ts'), 'delta\n');
    await until(() => seen.some((event) => event.kind === 'changed' && event.what === 'worktree'));
    await until(() => seen.some((event) => event.kind === 'progress' && event.progress === null));
    const told = seen.length;
    const { lines } = await engineOf(daemon, repository.path).grep('delta', { rev: '@worktree' });
    expect(lines).toHaveLength(1);
    expect(seen.slice(told).filter(({ kind }) => kind === 'progress')).toEqual([]);
    cancel.abort();
    expect(await codeOf(listening)).toBe('ABORTED');
  });

  test('a repository that is deleted and made again is another one', async () => {
    const repository = makeRepository();
    repository.commit({ 'a.ts': 'alpha\n' });
    const daemon = await start();
    const engine = engineOf(daemon, repository.path);
    const grep = async (): Promise<number> => (await engine.grep('alpha|omega', { rev: '@worktree' })).lines.length;
    expect(await grep()).toBe(1);
    rmSync(repository.path, { recursive: true });
    expect(await codeOf(grep())).toBe('NOT_A_REPOSITORY');
    mkdirSync(repository.path);
    const { execFileSync } = await import('node:child_process');
    const git = (...args: string[]): Buffer =>
      execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], { cwd: repository.path });
    git('init', '-q');
    writeFileSync(join(repository.path, 'z.ts'), 'omega\nomega\n');
    git('add', '.');
    git('commit', '-qm', 'z');
    expect(await grep()).toBe(2);
    writeFileSync(join(repository.path, 'z.ts'), 'omega\n');
    expect(await grep()).toBe(1);
  });
});

test('an unused daemon that was started on demand, and one whose store is gone, end by themselves', async () => {
  const daemon = await start(undefined, true);
  rmSync(daemon.engines.storePath, { recursive: true });
  daemon.keepHouse();
  await daemon.wait();
});
