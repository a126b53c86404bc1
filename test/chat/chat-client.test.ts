import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { ChatClient, costOf, estimateTokens, parseChatConfig } from '../../src/chat/index.js';
import { ChatServer } from './support/chat-server.js';
import type { ChatFault } from './support/chat-server.js';

const key = 'sk-this-is-never-told';
const keyVariable = 'COPPICE_TEST_CHAT_KEY';
let server: ChatServer;
const opened: ChatClient[] = [];

beforeAll(async () => {
  server = await ChatServer.start();
  process.env[keyVariable] = key;
});
beforeEach(() => server.reset());
afterEach(() => {
  for (const client of opened.splice(0)) client.close();
});
afterAll(() => server.stop());

function open(settings: object = {}): ChatClient {
  const given = { endpoint: server.endpoint, model: 'm', apiKeyEnv: keyVariable, timeoutMs: 200, ...settings };
  const client = new ChatClient(parseChatConfig(given, '/store/config.json'), { setting: 'chat', backoffMs: 1 });
  opened.push(client);
  return client;
}

const schema = { name: 's', schema: { type: 'object' } };
const asked = { system: 'be brief', user: 'is it so?', maxTokens: 5, schema };

test('what is sent is what requestOf says, with the key in the header alone', async () => {
  const client = open({ options: { reasoning_effort: 'low' } });
  const { url, body, tokens } = client.requestOf(asked);
  const answer = await client.ask(asked);
  expect(answer).toMatchObject({ text: 'yes', tokens: { input: 100, output: 7 } });
  const [received] = server.received;
  expect(url).toBe(`${server.endpoint}/chat/completions`);
  expect(received!.text).toBe(JSON.stringify(body));
  expect(received!.body).toMatchObject({ model: 'm', temperature: 0, max_tokens: 5, reasoning_effort: 'low' });
  expect(received!.headers.authorization).toBe(`Bearer ${key}`);
  expect(JSON.stringify(body) + JSON.stringify(client)).not.toContain(key);
  expect(tokens.input).toBe(estimateTokens('be brief', 'is it so?'));
  expect(costOf({ input: 2_000_000, output: 100 }, { inputPrice: 3, outputPrice: 10_000 })).toBe(7);
});

test.each<[string, string, readonly string[]]>([
  ['a schema', '{"error":{"message":"response_format is not known"}}', ['response_format']],
  ['a temperature', '{"error":"unsupported value: temperature"}', ['temperature']],
  ['max_tokens', '{"message":"use max_completion_tokens"}', ['max_tokens']],
])('a server that does not know %s gets the next requests without', async (_, body, gone) => {
  const client = open();
  server.model = ({ body: { response_format: format, ...rest } }) =>
    gone.some((name) => name in rest) || (gone.includes('response_format') && format !== undefined)
      ? { status: 400, body }
      : 'yes';
  expect((await client.ask(asked)).text).toBe('yes');
  const count = server.received.length;
  expect((await client.ask(asked)).text).toBe('yes');
  expect(server.received.length).toBe(count + 1);
});

test.each<[string, string]>([
  ['parts of a text', '{"choices":[{"message":{"content":[{"type":"text","text":"ye"},{"text":"s"}]}}]}'],
  [
    'a stream',
    'data: {"choices":[{"delta":{"content":"ye"}}]}\n\ndata: {"choices":[{"delta":{"content":"s"}}]}\n\ndata: [DONE]\n',
  ],
  ['an old completion', '{"choices":[{"text":"yes"}]}'],
  ['no counts', '{"choices":[{"message":{"content":"yes"}}],"usage":null}'],
])('an answer as %s is read', async (_, raw) => {
  server.model = () => ({ raw });
  expect((await open().ask(asked)).text).toBe('yes');
});

describe('what fails is a coded error in time, without the key', () => {
  test.each<[string, ChatFault, string]>([
    ['stalls', 'stall', 'MODEL_UNAVAILABLE'],
    ['drops connections', 'drop', 'MODEL_UNAVAILABLE'],
    ['breaks off', 'cut', 'MODEL_UNAVAILABLE'],
    ['never ends', 'endless', 'MODEL_INVALID'],
    ['is overloaded', { status: 503, body: key }, 'MODEL_UNAVAILABLE'],
    ['throttles for a minute', { status: 429, headers: { 'retry-after': '60' } }, 'MODEL_UNAVAILABLE'],
    ['does not take the key', { status: 401, body: key }, 'MODEL_REFUSED'],
    ['has no such model', { status: 404, body: `{"error":"${key}"}` }, 'MODEL_REFUSED'],
    ['redirects', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'MODEL_REFUSED'],
    ['answers with a page', { raw: '<html>' }, 'MODEL_INVALID'],
    ['streams garbage', { raw: 'data: {nonsense\n\n' }, 'MODEL_INVALID'],
    ['says nothing', { raw: '{"choices":[]}' }, 'MODEL_INVALID'],
    ['says null', { raw: 'null' }, 'MODEL_INVALID'],
    ['says an empty text', { raw: '{"choices":[{"message":{"content":" "}}]}' }, 'MODEL_INVALID'],
  ])('%s', async (_, fault, code) => {
    server.model = () => fault;
    const startMs = performance.now();
    const failure: unknown = await open()
      // What never ends is to be refused for its length, however slow a busy machine is to send it.
      .ask({ ...asked, schema: undefined }, { timeoutMs: fault === 'endless' ? 1500 : 100, patienceMs: 150 })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(`${String(failure)} ${JSON.stringify(failure)}`).not.toContain(key);
  });
});

test('what may pass is tried again, no sooner than the server asks', async () => {
  server.faults = [{ status: 429, headers: { 'retry-after': '1' } }, { status: 500 }, 'drop'];
  const startMs = performance.now();
  expect((await open().ask(asked, { patienceMs: 5000 })).text).toBe('yes');
  expect(performance.now() - startMs).toBeGreaterThan(990);
  expect(server.received.length).toBe(4);
});

test('where nobody has ever answered is no place to wait long; where somebody has, is', async () => {
  const gone = await ChatServer.start();
  const { endpoint } = gone;
  const known = open({ endpoint });
  expect((await known.ask(asked)).text).toBe('yes');
  await gone.stop();
  const startMs = performance.now();
  await expect(open({ endpoint }).ask(asked, { patienceMs: 60_000 })).rejects.toMatchObject({
    code: 'MODEL_UNAVAILABLE',
    message: expect.stringContaining('ECONNREFUSED') as string,
  });
  expect(performance.now() - startMs).toBeLessThan(10_000);
  let failures = 0;
  await expect(known.ask(asked, { patienceMs: 500, onFailure: () => failures++ })).rejects.toMatchObject({
    code: 'MODEL_UNAVAILABLE',
  });
  expect(failures).toBeGreaterThan(5);
});

test('no more requests than allowed run at a time, and who cancels does not wait', async () => {
  server.delayMs = () => 20;
  const client = open({ concurrency: 2 });
  await Promise.all(Array.from({ length: 6 }, () => client.ask(asked)));
  expect(server.concurrentMax).toBe(2);
  server.model = () => 'stall';
  const controller = new AbortController();
  const waiting = expect(client.ask(asked, { signal: controller.signal, timeoutMs: 60_000 })).rejects.toMatchObject({
    code: 'ABORTED',
  });
  setTimeout(() => controller.abort(), 20);
  await waiting;
});

test('a minute has so many tokens', async () => {
  const client = open({ tokensPerMinute: 100 });
  await client.ask(asked);
  await client.ask(asked);
  await client.ask(asked);
  await expect(client.ask(asked)).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  expect(server.received.length).toBe(3);
});
