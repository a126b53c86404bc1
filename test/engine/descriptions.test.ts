import { appendFileSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { openEngine, openEngines } from '../../src/engine/index.js';
import type { Engine, PlannedDescription, SearchResult } from '../../src/engine/types.js';
import { ChatServer } from '../chat/support/chat-server.js';
import { makeFolder, makeRepository } from '../support/git.js';

let server: ChatServer;
beforeAll(async () => (server = await ChatServer.start()));
beforeEach(() => {
  server.reset();
  server.model = ({ user }) =>
    user.includes('takeLock') ? 'Waits for exclusive ownership, politely.' : 'Colours a wall.';
});
const engines: Pick<Engine, 'close'>[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});
afterAll(() => server.stop());

const files = {
  'src/lock.ts': 'export function acquire(): void {\n  takeLock();\n}\n',
  'src/paint.ts': 'export function paint(): void {\n  brush();\n}\n',
  'copy/paint.ts': 'export function paint(): void {\n  brush();\n}\n',
  'test/paint.test.ts': 'test("paint", () => {\n  paint();\n});\n',
  'README.md': '# Walls\n\nHow to paint them.\n',
  '.env': 'SECRET=1\n',
  'secrets.ts': 'export const password = "hunter2";\n',
};

function makePlace(more: Record<string, string> = {}) {
  const repository = makeRepository();
  repository.commits([{ branch: 'main', files: { ...files, ...more } }]);
  const store = join(makeFolder(), 'store');
  return { repo: repository.path, store, repository };
}

async function open({ repo, store }: { repo: string; store: string }, settings: object = {}): Promise<Engine> {
  mkdirSync(store, { recursive: true });
  const chat = { endpoint: server.endpoint, model: 'm', timeoutMs: 2000, inputPrice: 1 };
  writeFileSync(join(store, 'config.json'), JSON.stringify({ chat, describe: settings }));
  const engine = await openEngine({ repo, store, workers: 0 });
  engines.push(engine);
  return engine;
}

async function planOf(engine: Engine): Promise<PlannedDescription[]> {
  const all: PlannedDescription[] = [];
  for await (const planned of engine.describePlan()) all.push(planned);
  return all;
}

const answerOf = ({ hits, coverage }: SearchResult): unknown => ({
  coverage,
  hits: hits.map(({ path, startLine, score, signals, description }) => [path, startLine, score, signals, description]),
});

test('each distinct chunk of code is described once, and what is sent is what the plan says', async () => {
  const place = makePlace();
  const engine = await open(place);
  const plan = await planOf(engine);
  expect(plan.map(({ path }) => path)).toEqual(['copy/paint.ts', 'src/lock.ts', 'test/paint.test.ts']);
  expect(server.received).toEqual([]);
  expect(await engine.describe()).toMatchObject({ described: 3, failed: 0, left: 0, inputTokens: 300, cost: 0.0003 });
  expect(server.received.map(({ text }) => text).sort()).toEqual(plan.map(({ body }) => JSON.stringify(body)).sort());
  expect(server.received.map(({ text }) => text).join()).not.toMatch(/hunter2|SECRET/);
  expect(await engine.describe()).toMatchObject({ described: 0, left: 0 });
  place.repository.commits([
    { branch: 'main', parents: ['main'], files: { 'src/new.ts': 'export const fresh = make();\n' } },
  ]);
  await engine.fork('f');
  await engine.gc();
  expect(await engine.describe(['main', 'f'])).toMatchObject({ described: 1 });
  await engine.close();
  // A second clone, and a store that was opened anew.
  const clone = makeRepository();
  clone.commits([{ branch: 'main', files }]);
  expect(await (await open({ repo: clone.path, store: place.store })).describe()).toMatchObject({ described: 0 });
  expect(server.received.length).toBe(4);
});

test('code is found by what is said of it, which is shown; names and exact search are as they were', async () => {
  const place = makePlace();
  const engine = await open(place);
  const before = { name: await engine.search('paint'), grep: await engine.grep('politely') };
  expect((await engine.search('exclusive ownership', { mode: 'lexical' })).hits).toEqual([]);
  await engine.describe();
  for (const mode of ['lexical', 'hybrid'] as const) {
    const { hits } = await engine.search('exclusive ownership', { mode, explain: true });
    expect(hits[0]).toMatchObject({ path: 'src/lock.ts', description: 'Waits for exclusive ownership, politely.' });
    expect(hits[0]!.signals['description']).toBe(1);
    expect(hits[0]!.explanation!.points.description).toBeGreaterThan(0);
  }
  const scores = ({ hits }: SearchResult): unknown => hits.map(({ path, score }) => [path, score]);
  expect(scores(await engine.search('paint'))).toEqual(scores(before.name));
  expect((await engine.grep('politely')).lines).toEqual(before.grep.lines);
});

test('a fork and a fresh store with the same tree answer alike, whatever else the store has', async () => {
  const edit = { 'src/lock.ts': 'export function acquire(): void {\n  takeLock(2);\n}\n' };
  const place = makePlace();
  const engine = await open(place);
  await engine.describe();
  await engine.fork('f');
  await engine.apply('f', [{ kind: 'put', path: 'src/lock.ts', content: Buffer.from(edit['src/lock.ts']) }]);
  await engine.describe(['f']);
  const fresh = makePlace(edit);
  const other = await open(fresh);
  await other.describe();
  for (const query of ['exclusive ownership', 'wall colours', 'paint', 'who waits politely?'])
    for (const mode of ['lexical', 'semantic', 'hybrid'] as const)
      expect(answerOf(await engine.search(query, { mode, rev: 'f' }))).toEqual(
        answerOf(await other.search(query, { mode })),
      );
});

test('it stops before its budget is spent, and goes on from there', async () => {
  const engine = await open(makePlace());
  const plan = await planOf(engine);
  const most = plan[0]!.inputTokens + plan[0]!.outputTokens;
  expect(await engine.describe([], { budgetTokens: most })).toMatchObject({ described: 1, left: 2 });
  expect(await engine.describe([], { limit: 1 })).toMatchObject({ described: 1, left: 1 });
  expect(await engine.describe()).toMatchObject({ described: 1, left: 0 });
  expect(server.received.length).toBe(3);
});

test('what is done is kept when it fails or is cancelled; what is damaged is made again', async () => {
  const place = makePlace();
  const engine = await open(place, { concurrency: 1, timeoutMs: 200 });
  server.model = (_, number) => (number === 0 ? 'It paints.' : { status: 401 });
  await expect(engine.describe()).rejects.toMatchObject({ code: 'MODEL_REFUSED' });
  server.model = () => 'stall';
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await expect(engine.describe([], { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  server.model = () => ({ raw: '{"choices":[{"message":{"content":"<think>hm"}}]}' });
  expect(await engine.describe()).toMatchObject({ described: 0, failed: 2 });
  server.model = () => 'It does something.';
  expect(await engine.describe()).toMatchObject({ described: 2 });
  await engine.close();
  const folder = join(place.store, 'descriptions');
  const log = join(folder, readdirSync(folder)[0]!);
  truncateSync(log, readFileSync(log).length - 5); // cut short by a kill
  const again = await open(place);
  expect(await again.describe()).toMatchObject({ described: 1 });
  appendFileSync(log, 'nonsense\n00000000 ["a","b"]\n');
  expect(await again.describe()).toMatchObject({ described: 0 });
});

test('a process that stays describes in the background what searches see, if the settings say so', async () => {
  const place = makePlace();
  await (await open(place, { background: true })).close();
  const all = await openEngines({ store: place.store, workers: 0 });
  engines.push(all);
  const engine = all.open(place.repo);
  expect((await engine.search('exclusive ownership', { mode: 'lexical', rev: 'main' })).hits).toEqual([]);
  await expect
    .poll(async () => (await engine.search('exclusive ownership', { mode: 'lexical', rev: 'main' })).hits.length)
    .toBe(1);
  await expect.poll(() => server.received.length).toBe(3);
});

test('without a model it says how to name one', async () => {
  const place = makePlace();
  const engine = await openEngine({ repo: place.repo, store: place.store, workers: 0 });
  engines.push(engine);
  await expect(engine.describe()).rejects.toMatchObject({ code: 'MODEL_NOT_NAMED' });
  await expect(planOf(engine)).rejects.toMatchObject({ code: 'MODEL_NOT_NAMED' });
});

test('a model that is named for everything, as the hint says, describes too', async () => {
  const place = makePlace();
  mkdirSync(place.store, { recursive: true });
  const chat = { endpoint: server.endpoint, model: 'm' };
  writeFileSync(join(place.store, 'config.json'), JSON.stringify({ chat }));
  const engine = await openEngine({ repo: place.repo, store: place.store, workers: 0 });
  engines.push(engine);
  expect((await engine.describe()).described).toBeGreaterThan(0);
});
