import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureDist } from '../cli/dist.js';
import { explosions } from '../pattern/support/explosions.js';
import { makeRepository } from '../support/git.js';
import { post, serve, type Served } from './support/served.js';

// A share of `npm run bench -- explosions`, which runs all of them over every surface.

const deadlineMs = 400;
const bombs = explosions.filter((_, i) => i % 5 === 3);
let served: Served;
let repo = '';

beforeAll(async () => {
  ensureDist();
  served = await serve();
  const repository = makeRepository();
  const texts = bombs.map(({ text }, i) => [`${i}.txt`, `x\n${text}`] as const);
  repository.commit({ 'quiet.ts': 'export const quiet = 1;\n' });
  repository.commit(Object.fromEntries(texts));
  repo = repository.path;
  expect((await post(served, 'index', { repo, revs: ['HEAD'], history: true })).status).toBe(200);
}, 240_000);
afterAll(() => served.close());

test('each ends at its deadline whatever it is asked through, and other requests do not wait for it', async () => {
  const ended: { ms: number; code: string; what: string }[] = [];
  const run = async (operation: string, body: object): Promise<void> => {
    const started = performance.now();
    const answer = await post(served, operation, { repo, deadlineMs, ...body }, { accept: 'application/x-ndjson' });
    const code = /"code":"(\w+)"/.exec(answer.text)?.[1] ?? 'ok';
    ended.push({ ms: performance.now() - started, code, what: `${operation} ${JSON.stringify(body)}` });
  };
  const all = bombs.flatMap(({ source }) => [
    run('grep', { pattern: source }),
    run('grep-counts', { pattern: source }),
    run('grep-range', { pattern: source, from: 'HEAD~1', to: 'HEAD' }),
    run('log', { pattern: source }),
    run('log-commits', { pattern: source }),
    run('search', { query: `/${source}/` }),
  ]);
  let isOver = false;
  void Promise.all(all).then(() => (isOver = true));
  const times: number[] = [];
  while (!isOver) {
    const started = performance.now();
    expect((await post(served, 'grep', { repo, pattern: 'quie.*=' })).json<{ lines: object[] }>().lines).toHaveLength(
      1,
    );
    times.push(performance.now() - started);
  }
  await Promise.all(all);
  for (const { code, what } of ended) expect(['ok', 'PATTERN_TIMEOUT'], what).toContain(code);
  // The machine that tests run on is busy: the bench has the real bounds.
  expect(Math.max(...ended.map(({ ms }) => ms))).toBeLessThan(deadlineMs + 15_000);
  expect(times.sort((a, b) => a - b)[Math.floor(times.length / 2)]).toBeLessThan(3000);
  expect(served.handler.limiter.inFlight).toBe(0);
}, 60_000);

test('a process that is about to end does not wait for them', async () => {
  const started = performance.now();
  const all = bombs
    .filter(({ source }) => source.includes('\\1') || source.includes('(?'))
    .map(({ source }) => post(served, 'grep', { repo, pattern: source, deadlineMs: 60_000 }));
  await new Promise((resolve) => setTimeout(resolve, 300));
  served.handler.endSearches();
  for (const answer of await Promise.all(all)) {
    if (answer.status !== 200) expect(answer.json()).toMatchObject({ error: { code: 'SERVER_BUSY' } });
  }
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(served.handler.limiter.inFlight).toBe(0);
}, 60_000);
