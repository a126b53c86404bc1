import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readUsers, runDaemon, type RunningDaemon } from '../../src/daemon/index.js';
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
