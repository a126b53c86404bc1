import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { openReranker, parseRerankConfig } from '../../src/reranking/index.js';
import type { Passage, Reranker } from '../../src/reranking/index.js';
import { EmbeddingServer } from '../embedding/support/embedding-server.js';
import type { Fault } from '../embedding/support/embedding-server.js';

const key = 'sk-this-is-never-told';
const keyVariable = 'COPPICE_TEST_RERANK_KEY';
const passages = ['the cache', 'the lock', 'the lock file'].map(passageOf);

function passageOf(text: string): Passage {
  return { path: 'a.ts', startLine: 1, endLine: 1, symbol: '', description: '', text, matching: [] };
}
let server: EmbeddingServer;
let notes: string[];
const opened: Reranker[] = [];

beforeAll(async () => {
  server = await EmbeddingServer.start();
  process.env[keyVariable] = key;
});
beforeEach(() => {
  server.reset();
  // Best first, as rerankers answer.
  server.rule = ({ body }) => {
    const scores = body.documents!.map((text, index) => ({
      index,
      relevance_score: body.query!.split(' ').filter((word) => text.includes(word)).length,
    }));
    const results = scores.sort((a, b) => b.relevance_score - a.relevance_score);
    return { raw: JSON.stringify({ model: body['model'], results }) };
  };
  notes = [];
});
afterEach(() => {
  for (const reranker of opened.splice(0)) reranker.close();
});
afterAll(() => server.stop());

function open(settings: object = {}): Reranker {
  const given = { endpoint: server.endpoint, model: 'judge', apiKeyEnv: keyVariable, topN: 3, ...settings };
  const reranker = openReranker(parseRerankConfig(given, undefined, '/store/config.json'), {
    onNote: (note) => notes.push(note),
  });
  opened.push(reranker);
  return reranker;
}

test('passages come in the order of their scores, and where text goes is told once', async () => {
  const reranker = open();
  expect(reranker.candidates).toBe(3);
  expect(await reranker.rerank('lock file', passages)).toMatchObject({ order: [2, 1, 0], ordered: 3, requests: 1 });
  expect((await reranker.rerank('cache', passages)).order).toEqual([0, 1, 2]);
  expect((await reranker.rerank('cache', [])).order).toBe(null);
  expect(server.received.length).toBe(2);
  expect(server.received[0]).toMatchObject({
    path: '/v1/rerank',
    headers: { authorization: `Bearer ${key}` },
    body: { model: 'judge', query: 'lock file', documents: passages.map(({ text }) => text), top_n: 3 },
  });
  expect(notes).toEqual([expect.stringContaining(`sent to ${server.endpoint}`)]);
});

test('long documents are cut off', async () => {
  await open().rerank('lock', [passageOf('lock '.repeat(10_000))]);
  expect(server.received[0]!.body.documents![0]!.length).toBe(4000);
});

test.each<[string, Fault, RegExp]>([
  ['stalls', 'stall', /did not answer within 100 ms/],
  ['drops connections', 'drop', /cannot be reached/],
  ['is overloaded', { status: 503 }, /answers 503/],
  ['does not take the key', { status: 401, body: key }, /answers 401: \*\*\*$/],
  ['has nothing to say', { raw: '{"results":[]}' }, /relevance_score/],
  [
    'leaves out one',
    { raw: '{"results":[{"index":0,"relevance_score":1},{"index":1,"relevance_score":1}]}' },
    /relevance_score/,
  ],
  [
    'says one twice',
    { raw: JSON.stringify({ results: [0, 1, 1].map((index) => ({ index, relevance_score: 1 })) }) },
    /relevance_score/,
  ],
  [
    'says no number',
    { raw: JSON.stringify({ results: [0, 1, 2].map((index) => ({ index, relevance_score: null })) }) },
    /relevance_score/,
  ],
  ['answers with a page', { raw: '<html>' }, /not JSON/],
])('a server that %s leaves the order as it is, and the answer says why', async (_, fault, reason) => {
  // A busy machine is not to be taken for a server that stalls.
  const reranker = open({ timeoutMs: fault === 'stall' ? 100 : 5000 });
  server.rule = () => fault;
  for (let i = 0; i < 2; i++) {
    const reranking = await reranker.rerank('lock', passages);
    expect(reranking.order).toBe(null);
    expect(reranking.reason).toMatch(reason);
    expect(reranking.reason).not.toContain(key);
  }
  expect(server.received.length).toBe(2);
  expect(notes).toEqual([expect.stringContaining('sent to')]);
  expect(notes.join()).not.toContain(key);
});

test('who cancels does not wait', async () => {
  const reranker = open({ timeoutMs: 60_000 });
  server.rule = () => 'stall';
  const controller = new AbortController();
  const cancelled = expect(reranker.rerank('lock', passages, controller.signal)).rejects.toMatchObject({
    code: 'ABORTED',
  });
  setTimeout(() => controller.abort(), 20);
  await cancelled;
  const waiting = reranker.rerank('lock', passages);
  reranker.close();
  expect((await waiting).order).toBe(null);
});
