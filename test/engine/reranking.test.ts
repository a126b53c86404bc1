import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { openEngine } from '../../src/engine/index.js';
import type { Engine, Hit } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';

/** Prefers texts with the word "gamma", and remembers what it was asked. */
let server: Server;
let asked: { query: string; documents: string[] }[] = [];
/** Bodies of chat requests. */
let chatted: string[] = [];
let isBroken = false;
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => {
      if (request.url === '/v1/chat/completions') {
        chatted.push(body);
        const { messages } = JSON.parse(body) as { messages: { content: string }[] };
        const results = messages[1]!.content.split(/^(?=\[\d+\] )/m).slice(1);
        const order = results.map((text, i) => [text.includes('gamma') ? 0 : 1, i + 1] as const);
        const content = JSON.stringify({ order: order.sort((a, b) => a[0] - b[0]).map(([, number]) => number) });
        const usage = { prompt_tokens: 1000, completion_tokens: 10 };
        response.writeHead(200).end(JSON.stringify({ choices: [{ message: { content } }], usage }));
        return;
      }
      const given = JSON.parse(body) as (typeof asked)[number];
      asked.push(given);
      if (isBroken) {
        response.writeHead(500).end('out of order');
        return;
      }
      const results = given.documents.map((text, index) => ({
        index,
        relevance_score: text.includes('gamma') ? 1 : 0,
      }));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ results }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

let engine: Engine | null = null;
afterEach(async () => {
  await engine?.close();
  asked = [];
  chatted = [];
  isBroken = false;
});

const repository = makeRepository();
repository.commit({
  'a.ts': 'export function retry(): void {\n  retry(); retry();\n}\n',
  'b.ts': 'export function again(): void {\n  retry(); // gamma\n}\n',
  'c.ts': 'export function other(): void {\n  retry();\n}\n',
  '.env': 'retry=gamma\n',
});

async function open(rerank: object | null): Promise<{ engine: Engine; notes: string[] }> {
  const store = makeFolder();
  mkdirSync(store, { recursive: true });
  if (rerank !== null) writeFileSync(join(store, 'config.json'), JSON.stringify({ rerank }));
  const notes: string[] = [];
  engine = await openEngine({ repo: repository.path, store, workers: 0, onNote: (note) => notes.push(note) });
  return { engine, notes };
}

const settings = (topN: number): object => {
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}/v1`, model: 'judge', topN };
};
const paths = (hits: readonly Hit[]): string[] => hits.map(({ path }) => path);

test('the best hits come in the order of the endpoint, and say so', async () => {
  const { hits: plain } = await (await open(null)).engine.search('retry');
  await engine!.close();
  expect(paths(plain)[0]).toBe('a.ts');
  const { hits } = await (await open(settings(10))).engine.search('retry');
  expect(paths(hits).filter((path) => path !== '.env')[0]).toBe('b.ts');
  expect(paths(hits).sort()).toEqual(paths(plain).sort());
  expect(hits.find(({ path }) => path === 'b.ts')!.signals['rerank']).toBe(1);
});

test('files that look like secrets are not sent, and stay where they are', async () => {
  const { hits: plain } = await (await open(null)).engine.search('retry');
  await engine!.close();
  const { hits } = await (await open(settings(10))).engine.search('retry');
  expect(asked.map(({ query }) => query)).toEqual(['retry']);
  expect(asked[0]!.documents.some((text) => text.includes('retry=gamma'))).toBe(false);
  expect(paths(hits).indexOf('.env')).toBe(paths(plain).indexOf('.env'));
});

test('it looks at more hits than are asked for', async () => {
  const { hits } = await (await open(settings(10))).engine.search('retry', { limit: 1 });
  expect(paths(hits)).toEqual(['b.ts']);
});

test('when it fails the order stays, and the answer says why', async () => {
  isBroken = true;
  const { hits: plain } = await (await open(null)).engine.search('retry');
  await engine!.close();
  const { engine: asking } = await open(settings(10));
  for (let i = 0; i < 2; i++) {
    const { hits, rerank } = await asking.search('retry');
    expect(paths(hits)).toEqual(paths(plain));
    expect(rerank).toMatchObject({ ordered: 0, reason: expect.stringContaining('out of order') as string });
  }
});

test('filters alone are not sent', async () => {
  await (await open(settings(10))).engine.search('lang:typescript');
  expect(asked).toEqual([]);
});

test('a chat model puts hits in order, says what that took, and is sent what a dry run says', async () => {
  const { port } = server.address() as AddressInfo;
  const store = makeFolder();
  mkdirSync(store, { recursive: true });
  const chat = { endpoint: `http://127.0.0.1:${port}/v1`, model: 'm', inputPrice: 2 };
  writeFileSync(join(store, 'config.json'), JSON.stringify({ chat, rerank: { provider: 'chat' } }));
  engine = await openEngine({ repo: repository.path, store, workers: 0 });
  const dry = await engine.search('retry', { dryRun: true });
  expect(chatted).toEqual([]);
  expect(dry.planned!.requests).toHaveLength(1);
  expect(dry.planned!.cost).toBeGreaterThan(0);
  const { hits, rerank } = await engine.search('retry');
  expect(chatted).toEqual(dry.planned!.requests.map(({ body }) => JSON.stringify(body)));
  expect(chatted.join()).not.toContain('retry=gamma');
  expect(hits.find(({ path }) => path !== '.env')).toMatchObject({ path: 'b.ts', signals: { rerank: 1 } });
  expect(rerank).toMatchObject({ model: 'm', requests: 1, inputTokens: 1000, outputTokens: 10, cost: 0.002 });
  expect((await engine.search('retry')).rerank).toMatchObject({ requests: 0, fromCache: 1, cost: 0 });
  const fast = await engine.search('retry', { effort: 'fast' });
  expect(fast.rerank).toBe(undefined);
  expect(paths(fast.hits)).toEqual(paths(dry.hits));
  expect(chatted.length).toBe(1);
});
