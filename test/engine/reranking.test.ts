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
let isBroken = false;
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => {
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

test('when it fails the order stays, and that is told once', async () => {
  isBroken = true;
  const { hits: plain } = await (await open(null)).engine.search('retry');
  await engine!.close();
  const { engine: asking, notes } = await open(settings(10));
  for (let i = 0; i < 2; i++) expect(paths((await asking.search('retry')).hits)).toEqual(paths(plain));
  expect(notes.filter((note) => note.startsWith('hits are not reranked'))).toHaveLength(1);
});

test('filters alone are not sent', async () => {
  await (await open(settings(10))).engine.search('lang:typescript');
  expect(asked).toEqual([]);
});
