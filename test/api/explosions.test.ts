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

test('each ends at its deadline whatever it is asked through', async () => {
  const ended: { ms: number; code: string; what: string }[] = [];
  const run = async (operation: string, body: object): Promise<void> => {
    const started = performance.now();
    const answer = await post(served, operation, { repo, deadlineMs, ...body }, { accept: 'application/x-ndjson' });
    const code = /"code":"(\w+)"/.exec(answer.text)?.[1] ?? 'ok';
    ended.push({ ms: performance.now() - started, code, what: `${operation} ${JSON.stringify(body)}` });
  };
  const all = bombs.flatMap(({ source }) => [
    run('grep', { pattern: source, rev: 'HEAD' }),
    run('grep-counts', { pattern: source, rev: 'HEAD' }),
    run('grep-range', { pattern: source, from: 'HEAD~1', to: 'HEAD' }),
    run('log', { pattern: source }),
    run('log-commits', { pattern: source }),
    run('search', { query: `/${source}/`, rev: 'HEAD' }),
  ]);
  await Promise.all(all);
  for (const { code, what } of ended) expect(['ok', 'PATTERN_TIMEOUT'], what).toContain(code);
  // The machine that tests run on is busy: the bench has the real bounds.
  expect(Math.max(...ended.map(({ ms }) => ms))).toBeLessThan(deadlineMs + 15_000);
  expect(served.handler.limiter.inFlight).toBe(0);
}, 60_000);

test('other requests do not wait for them, nor does a process that is about to end', async () => {
  const started = performance.now();
  const all = [...bombs, ...bombs, ...bombs].map(({ source }) =>
    post(served, 'grep', { repo, pattern: source, rev: 'HEAD', deadlineMs: 60_000 }),
  );
  for (let n = 0; n < 5; n++) {
    const quiet = await post(served, 'grep', { repo, pattern: 'quie.*=', rev: 'HEAD' });
    expect(quiet.json<{ lines: object[] }>().lines).toHaveLength(1);
  }
  expect(served.handler.limiter.inFlight).toBeGreaterThan(0);
  served.handler.endSearches();
  const answers = await Promise.all(all);
  for (const answer of answers) {
    if (answer.status !== 200) expect(answer.json()).toMatchObject({ error: { code: 'SERVER_BUSY' } });
  }
  expect(answers.filter(({ status }) => status !== 200)).not.toEqual([]);
  expect(performance.now() - started).toBeLessThan(30_000);
  expect(served.handler.limiter.inFlight).toBe(0);
}, 60_000);
