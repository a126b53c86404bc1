import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { openReranker, parseRerankConfig } from '../../src/reranking/index.js';
import type { Passage, Reranker } from '../../src/reranking/index.js';
import { ChatServer } from '../chat/support/chat-server.js';
import type { ChatFault } from '../chat/support/chat-server.js';

let server: ChatServer;
let notes: string[];
const opened: Reranker[] = [];
beforeAll(async () => (server = await ChatServer.start()));
beforeEach(() => {
  server.reset();
  notes = [];
  server.model = ({ user }) => JSON.stringify({ order: bestFirst(user).slice(0, wantedOf(user)) });
});
afterEach(() => {
  for (const reranker of opened.splice(0)) reranker.close();
});
afterAll(() => server.stop());

/** The model's opinion: the higher the value in the text, the better. */
function bestFirst(user: string): number[] {
  const results = Array.from(
    user.matchAll(/^\[(\d+)\][^]*?value = (\d+);/gm),
    ([, number, value]) => [Number(number), Number(value)] as const,
  );
  return results.sort((a, b) => b[1] - a[1]).map(([number]) => number);
}
const wantedOf = (user: string): number => Number(/Name the (\d+) best/.exec(user)![1]);

const passages = (values: readonly number[]): Passage[] =>
  values.map((value, i) => ({
    path: `src/${String(i)}.ts`,
    startLine: 1,
    endLine: 3,
    symbol: `function f${String(i)}`,
    description: '',
    text: `function f${String(i)}() {\n  value = ${String(value)};\n}\n`,
    matching: [1],
  }));
const shuffled = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 37 + 11) % 101);

function open(settings: object = {}): Reranker {
  const given = { provider: 'chat', endpoint: server.endpoint, model: 'judge', timeoutMs: 60_000, ...settings };
  const reranker = openReranker(parseRerankConfig(given, undefined, '/store/config.json'), {
    onNote: (note) => notes.push(note),
  });
  opened.push(reranker);
  return reranker;
}

test.each([
  [5, {}],
  [30, {}],
  [60, {}],
  [100, { window: 12 }],
  [60, { topN: 40, window: 20 }],
  [17, { contextTokens: 1024 }],
])('the %i best come first, however many windows that takes: %j', async (count, settings) => {
  const values = shuffled(count);
  const reranker = open(settings);
  const { order, ordered, reason } = await reranker.rerank('which?', passages(values));
  expect(reason).toBe(null);
  const best = [...values].sort((a, b) => b - a).slice(0, Math.min(5, ordered));
  expect(order!.slice(0, best.length).map((i) => values[i])).toEqual(best);
  expect([...order!].sort((a, b) => a - b)).toEqual(values.map((_, i) => i));
});

test('windows go side by side, and a question that was asked is not asked again', async () => {
  server.delayMs = () => 30;
  const reranker = open();
  const first = await reranker.rerank('which?', passages(shuffled(60)));
  expect(first).toMatchObject({ requests: 3, fromCache: 0, tokens: { input: 300, output: 21 } });
  expect(server.concurrentMax).toBe(2);
  expect(await reranker.rerank('which?', passages(shuffled(60)))).toMatchObject({
    order: first.order,
    requests: 0,
    fromCache: 3,
  });
  expect(await reranker.rerank('what else?', passages(shuffled(60)))).toMatchObject({ requests: 3 });
});

test('what would be sent is what is sent', async () => {
  const reranker = open();
  const { requests, last } = reranker.requests('which?', passages(shuffled(60)));
  expect(server.received.length).toBe(0);
  await reranker.rerank('which?', passages(shuffled(60)));
  const bodies = server.received.map(({ text }) => text);
  expect(bodies.slice(0, 2).sort()).toEqual(requests.map(({ body }) => JSON.stringify(body)).sort());
  expect(bodies.length).toBe(3);
  // The last one has nothing that the others do not have.
  for (const [shown] of server.received[2]!.user.matchAll(/^function f[^]*?^\}/gm))
    expect(bodies.slice(0, 2).join()).toContain(JSON.stringify(shown).slice(1, -1));
  expect(last!.input).toBeGreaterThan(100);
});

test.each<[string, string | ChatFault, RegExp]>([
  ['stalls', 'stall', /no order within 400 ms/],
  ['is not there', { status: 502, body: '{"error":"loading"}' }, /answers 502: loading/],
  ['drops connections', 'drop', /cannot be reached|no order within/],
  ['never ends', 'endless', /longer than|no order within/],
  ['is overloaded', { status: 503 }, /answers 503|no order within/],
  ['throttles', { status: 429, headers: { 'retry-after': '30' } }, /answers 429|asks for no requests/],
  ['does not take the key', { status: 401, body: 'no' }, /answers 401/],
  [
    'chats',
    'I think the second result is the best one!',
    /does not answer with an order, but with "I think the second result is the best one!"$/,
  ],
  ['streams garbage', { raw: 'data: {"choi' }, /not JSON/],
  ['returns the wrong count', '{"order": [1]}', /does not answer with an order/],
  ['names what is not there', '{"order": [61, 1, 2, 3, 4, 5, 6]}', /does not answer with an order/],
])('a model that %s leaves the order as it is, in time, and the answer says why', async (_, said, reason) => {
  const reranker = open({ timeoutMs: 400 });
  server.model = () => said;
  for (let i = 0; i < 2; i++) {
    const startMs = performance.now();
    const reranking = await reranker.rerank('which?', passages(shuffled(60)));
    expect(reranking).toMatchObject({ order: null, ordered: 0 });
    expect(reranking.reason).toMatch(reason);
    expect(performance.now() - startMs).toBeLessThan(10_000);
  }
});

test('one window that fails keeps its order, and the others are put in theirs', async () => {
  server.faults = [{ raw: 'nonsense' }];
  const values = shuffled(60);
  const { order, reason } = await open().rerank('which?', passages(values));
  expect(reason).toBe(null);
  const odd = values.filter((_, i) => i % 2 === 1);
  expect(order!.slice(0, 10).map((i) => values[i])).toContain(Math.max(...odd));
});

test('a request that is much slower than the others is sent once more', async () => {
  const reranker = open();
  for (const count of [3, 4, 5]) await reranker.rerank('which?', passages(shuffled(count)));
  const before = server.received.length;
  server.delayMs = (number) => (number === before ? 4000 : 0);
  const startMs = performance.now();
  expect(await reranker.rerank('which?', passages(shuffled(6)))).toMatchObject({ requests: 2, ordered: 6 });
  expect(performance.now() - startMs).toBeLessThan(1500);
});

test('who cancels does not wait', async () => {
  server.model = () => 'stall';
  const controller = new AbortController();
  const cancelled = expect(open().rerank('which?', passages(shuffled(4)), controller.signal)).rejects.toMatchObject({
    code: 'ABORTED',
  });
  setTimeout(() => controller.abort(), 20);
  await cancelled;
});
