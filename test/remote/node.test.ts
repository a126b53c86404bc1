import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PublishedDirectory } from '../../src/daemon/directory.js';
import { readUsers, runDaemon, type RunningDaemon } from '../../src/daemon/index.js';
import { openEngines, shrinkStore } from '../../src/engine/index.js';
import { distMain, ensureDist } from '../cli/dist.js';
import { Balancer, askTwice } from '../support/balancer.js';
import { makeFolder, type TestRepository } from '../support/git.js';
import { makeHistory, withEngine, withPublisher } from './support.js';

let repository: TestRepository;
let remote: string;
let own: string;
let node: RunningDaemon;
let users: string;
const logged: string[] = [];
const sha = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const write = (entries: object[]): void => writeFileSync(users, JSON.stringify({ users: entries }));

beforeAll(async () => {
  repository = makeHistory();
  own = makeFolder();
  remote = `file:${makeFolder()}/remote`;
  await withPublisher(repository.path, own, (publisher) => publisher.push(remote, [], { all: true, history: true }));
  const other = makeHistory(4, 'letters');
  other.commit({ 'secret.txt': 'the secret parcel\n' }, { parents: [], replace: true });
  await withPublisher(other.path, own, (publisher) => publisher.push(remote, ['main']));
  const cache = makeFolder();
  users = join(makeFolder(), 'users.json');
  write([
    { name: 'ada', tokens: [sha('ada-token')], repositories: ['repo'], forks: true },
    { name: 'bob', tokens: [sha('bob-token')], repositories: ['*'], metrics: true },
  ]);
  node = await runDaemon({
    storePath: join(cache, 'store'),
    version: '0',
    onDemand: false,
    port: 0,
    log: (message) => logged.push(message),
    node: { remote, folder: join(cache, 'repositories'), cacheBytes: 2 ** 30 },
    users: readUsers(users, undefined, (message) => logged.push(message)),
  });
}, 60_000);
afterAll(() => node.stop());

/** What answers have in them, each some of it. */
interface Answer {
  readonly hits: readonly { path: string; startLine: number; score: number; text: string }[];
  readonly lines?: readonly unknown[];
  readonly symbols: readonly unknown[];
  readonly repositories: readonly { name: string }[];
  readonly commit: string;
}

async function ask(
  token: string,
  operation: string,
  body: object = {},
): Promise<{ status: number; body: Answer; text: string }> {
  const response = await fetch(`${node.http!.url}/v1/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as Answer, text };
}

test('answers of any published commit as a store that indexed it, with log, files and outlines', async () => {
  for (const rev of ['main', 'side', 'v1', 'main~3']) {
    const mine = await withEngine(repository.path, own, (engine) => engine.search('weight of the parcel', { rev }));
    const { body } = await ask('ada-token', 'search', { repo: 'repo', query: 'weight of the parcel', rev });
    const plain = (hits: Answer['hits']) =>
      hits.map(({ path, startLine, score, text }) => ({ path, startLine, score, text }));
    expect(plain(body.hits)).toEqual(plain(mine.hits));
    expect(body.hits[0]).toMatchObject({ repo: 'repo' });
    const lines = await withEngine(repository.path, own, (engine) => engine.grep('parcel', { rev }));
    expect((await ask('ada-token', 'grep', { repo: 'repo', pattern: 'parcel', rev })).body.lines).toHaveLength(
      lines.lines.length,
    );
  }
  expect(
    (await ask('ada-token', 'outline', { repo: 'repo', path: 'src/weight.ts' })).body.symbols.length,
  ).toBeGreaterThan(1);
  expect((await ask('ada-token', 'show', { repo: 'repo', path: 'docs/guide.md' })).status).toBe(200);
  const log = await fetch(`${node.http!.url}/v1/log`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer ada-token' },
    body: JSON.stringify({ repo: 'repo', pattern: 'Version', revs: ['main'] }),
  });
  expect((await log.text()).split('\n').length).toBeGreaterThan(5);
});

test('packs are read once, however many of their commits are asked for', async () => {
  const rev = 'main~4';
  expect((await ask('ada-token', 'show', { repo: 'repo', path: 'docs/guide.md', rev: 'main~3' })).status).toBe(200);
  const packs = join(remote.slice('file:'.length), 'packs');
  renameSync(packs, `${packs}-away`);
  try {
    const mine = await withEngine(repository.path, own, (engine) => engine.grep('parcel', { rev }));
    const { status, body } = await ask('ada-token', 'grep', { repo: 'repo', pattern: 'parcel', rev });
    expect([status, body.lines!.length]).toEqual([200, mine.lines.length]);
  } finally {
    renameSync(`${packs}-away`, packs);
  }
});

test('what one may not see does not exist', async () => {
  const missing = await ask('ada-token', 'grep', { repo: 'no-such', pattern: 'secret' });
  const hidden = await ask('ada-token', 'grep', { repo: 'repo-2', pattern: 'secret' });
  expect(hidden.status).toBe(missing.status);
  expect(hidden.text.replaceAll('repo-2', 'no-such')).toBe(missing.text);
  expect((await ask('ada-token', 'repositories')).body.repositories.map(({ name }) => name)).toEqual(['repo']);
  expect((await ask('bob-token', 'repositories')).body.repositories.map(({ name }) => name)).toEqual([
    'repo',
    'repo-2',
  ]);
  expect((await ask('bob-token', 'grep', { repo: 'repo-2', pattern: 'secret' })).body.lines).toHaveLength(1);
  for (const operation of ['status', 'gc', 'doctor', 'daemon', 'shut-down', 'listen-http'])
    expect((await ask('bob-token', operation, operation === 'listen-http' ? { port: 0 } : {})).status).toBe(403);
  expect((await ask('ada-token', 'grep', { repo: repository.path, pattern: 'x' })).status).toBe(missing.status);
  expect((await ask('wrong', 'grep', { repo: 'repo', pattern: 'x' })).status).toBe(401);
  const metrics = (token: string) =>
    fetch(`${node.http!.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect((await metrics('ada-token')).status).toBe(403);
  expect((await metrics('bob-token')).status).toBe(200);
});

test('forks are for who may write them, and each request leaves a line', async () => {
  expect((await ask('bob-token', 'fork', { repo: 'repo', name: 'x' })).status).toBe(403);
  expect((await ask('ada-token', 'fork', { repo: 'repo', name: 'x', from: 'main' })).status).toBe(200);
  expect(
    logged.some(
      (line) => line.includes('"user":"bob"') && line.includes('"what":"fork"') && line.includes('FORBIDDEN'),
    ),
  ).toBe(true);
  expect(logged.some((line) => line.includes('bob-token'))).toBe(false);
});

test('tokens are rotated without a restart', async () => {
  write([
    { name: 'ada', tokens: [sha('ada-new')], repositories: ['repo'], forks: true },
    { name: 'bob', tokens: [sha('bob-token')], repositories: ['*'] },
  ]);
  expect((await ask('ada-token', 'repositories')).status).toBe(401);
  expect((await ask('ada-new', 'repositories')).status).toBe(200);
  writeFileSync(users, 'no json');
  expect((await ask('ada-new', 'repositories')).status).toBe(200);
});

test('of two behind one name one is killed: nobody who asks twice gets a wrong answer, or none', async () => {
  ensureDist();
  const cache = makeFolder();
  const others = join(makeFolder(), 'users.json');
  writeFileSync(others, JSON.stringify({ users: [{ name: 'bob', tokens: [sha('bob-token')], repositories: ['*'] }] }));
  const args = ['serve', '--http', '--json', '--remote', remote, '--cache', cache, '--users', others];
  const child = spawn(process.execPath, [distMain, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const { http } = await new Promise<{ http: string }>((resolve) =>
    child.stdout.once('data', (text: Buffer) => resolve(JSON.parse(text.toString()) as { http: string })),
  );
  const balancer = await Balancer.start([node.http!.url, http]);
  const revs = ['main', 'side', 'v1', 'main~3'];
  const expected = new Map<string, unknown>();
  for (const rev of revs)
    expected.set(rev, (await ask('bob-token', 'grep', { repo: 'repo', pattern: 'parcel', rev })).body.lines);
  let retries = 0;
  try {
    for (let i = 0; i < 40; i++) {
      if (i === 14) child.kill('SIGKILL');
      const rev = revs[i % revs.length]!;
      const asked = { repo: 'repo', pattern: 'parcel', rev };
      const answer = await askTwice(balancer.url, 'grep', asked, 'bob-token');
      if (answer === null) throw new Error(`request ${i} failed twice`);
      if (answer.retried) retries++;
      expect((JSON.parse(answer.text) as Answer).lines).toEqual(expected.get(rev));
    }
    expect(retries).toBeGreaterThan(0);
  } finally {
    child.kill('SIGKILL');
    await balancer.stop();
  }
});

test('a cache that is too large lets go of what was used longest ago, and what is asked for comes again', async () => {
  const cache = makeFolder();
  const engines = await openEngines({ store: join(cache, 'store'), remote });
  const place = { remote, folder: join(cache, 'repositories'), cacheBytes: 2 ** 30 };
  const directory = new PublishedDirectory(place, engines, () => undefined);
  await directory.start();
  try {
    const engine = engines.open(directory.require('repo'));
    const revs = ['main', 'main~2', 'main~4', 'main~6', 'side'];
    const answers = async (): Promise<unknown> => {
      const all = [];
      for (const rev of revs) {
        const { hits } = await engine.search('weight of the parcel', { rev });
        all.push(hits.map((hit) => ({ ...hit, firstSeen: null })));
      }
      return all;
    };
    const before = await answers();
    await engine.fork('kept', { from: 'main~2' });
    const { sizeBytes } = await engine.status();
    await shrinkStore(engines, sizeBytes - 1);
    expect((await engine.status()).sizeBytes).toBeLessThan(sizeBytes);
    await shrinkStore(engines, 1);
    const { sizeBytes: least, chunks } = await engine.status();
    expect(least).toBeLessThan(sizeBytes);
    expect(await answers()).toEqual(before);
    expect((await engine.status()).chunks).toBeGreaterThan(chunks);
    expect((await engine.grep('parcel', { rev: 'fork:kept' })).lines.length).toBeGreaterThan(0);
  } finally {
    directory.stop();
    await engines.close();
  }
});

test('commits that were published without a name and without those before them are found by their sha', async () => {
  const folder = makeFolder();
  const nameless = `file:${makeFolder()}/remote`;
  const [older, newer] = [repository.revParse('main~3'), repository.revParse('main~2')];
  for (const commit of [older, newer])
    await withPublisher(repository.path, own, (publisher) => publisher.push(nameless, [commit]));
  const engines = await openEngines({ store: join(folder, 'store'), remote: nameless });
  const place = { remote: nameless, folder: join(folder, 'repositories'), cacheBytes: 2 ** 30 };
  const directory = new PublishedDirectory(place, engines, () => undefined);
  await directory.start();
  try {
    const engine = engines.open(directory.require('repo'));
    for (const rev of [older, newer]) {
      const { lines } = await engine.grep('parcel', { rev });
      expect(lines).toEqual(
        await withEngine(repository.path, own, async (mine) => (await mine.grep('parcel', { rev })).lines),
      );
    }
  } finally {
    directory.stop();
    await engines.close();
  }
});

test('a new push is seen within seconds', async () => {
  const oid = repository.commit({ 'src/fresh.ts': 'export const justPublished = 1;\n' });
  await withPublisher(repository.path, own, (publisher) => publisher.push(remote, ['main']));
  const endMs = Date.now() + 8000;
  for (;;) {
    const { body } = await ask('bob-token', 'grep', { repo: 'repo', pattern: 'justPublished', rev: 'main' });
    if (body.lines?.length === 1) break;
    if (Date.now() > endMs) throw new Error(JSON.stringify(body));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect((await ask('bob-token', 'resolve', { repo: 'repo', rev: 'main' })).body.commit).toBe(oid);
  expect(existsSync(repository.path)).toBe(true);
});
