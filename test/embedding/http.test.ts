import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { parseEmbeddingConfig } from '../../src/embedding/config.js';
import type { HttpEmbedderConfig } from '../../src/embedding/config.js';
import { HttpEmbedder } from '../../src/embedding/http-embedder.js';
import type { HttpEmbedderOptions } from '../../src/embedding/http-embedder.js';
import { chunk, describeEmbedder, words } from './support/contract.js';
import { EmbeddingServer, serverDimension } from './support/embedding-server.js';
import type { Answer, Fault } from './support/embedding-server.js';

const key = 'sk-this-is-never-told';
const keyVariable = 'COPPICE_TEST_EMBEDDING_KEY';
let server: EmbeddingServer;
/** Answers in base64 and in another order. */
let other: EmbeddingServer;
const opened: HttpEmbedder[] = [];

beforeAll(async () => {
  server = await EmbeddingServer.start();
  other = await EmbeddingServer.start();
  other.rule = () => ({
    change: ({ data }) => ({
      data: data.toReversed().map(({ index, embedding }) => ({
        index,
        embedding: Buffer.from(Float32Array.from(embedding as number[]).buffer).toString('base64'),
      })),
    }),
  });
  process.env[keyVariable] = ` ${key}\n`;
});
beforeEach(() => server.reset());
afterEach(async () => {
  for (const embedder of opened.splice(0)) await embedder.close();
});
afterAll(async () => {
  await server.stop();
  await other.stop();
});

function configOf(settings: object = {}): HttpEmbedderConfig {
  const given = { provider: 'openai', endpoint: server.endpoint, model: 'words', apiKeyEnv: keyVariable, ...settings };
  return parseEmbeddingConfig(given, '/store/config.json') as HttpEmbedderConfig;
}

async function open(settings: object = {}, options: HttpEmbedderOptions = {}): Promise<HttpEmbedder> {
  const embedder = await HttpEmbedder.open(configOf(settings), { backoffMs: 1, ...options });
  opened.push(embedder);
  return embedder;
}

/** An error as a program or a person may see it, which never has the key. */
async function failureOf(promise: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).not.toBeNull();
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(key);
  expect(JSON.stringify(error)).not.toContain(key);
  return error as { code: string; message: string; hint: string };
}

const chunks = Array.from({ length: 40 }, (_, i) => chunk(`${words[i % words.length]!} ${words[i % 3]!}\n`));

describeEmbedder('HTTP', { open: () => HttpEmbedder.open(configOf({ batchSize: 7 })) });

describeEmbedder('HTTP, in base64 and out of order', {
  open: () => HttpEmbedder.open(configOf({ endpoint: other.endpoint, dimensions: serverDimension })),
});

describe('what is sent', () => {
  test('is what the API asks for, with the key', async () => {
    const embedder = await open({ queryPrefix: 'query: ', documentPrefix: 'passage: ' });
    server.received.length = 0;
    await embedder.embedQuery('lock');
    await embedder.embedChunks([chunk('file', ['Store', 'open'])]);
    expect(server.received.map(({ path, body }) => ({ path, body }))).toEqual([
      { path: '/v1/embeddings', body: { model: 'words', input: ['query: lock'], encoding_format: 'float' } },
      {
        path: '/v1/embeddings',
        body: { model: 'words', input: ['passage: Store open\nfile'], encoding_format: 'float' },
      },
    ]);
    expect(server.received[0]!.headers).toMatchObject({
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
    });
  });

  test('is nothing before it has to, when the number of components is known', async () => {
    const embedder = await open({ dimensions: serverDimension, apiKeyEnv: undefined });
    expect(server.received).toEqual([]);
    await embedder.embedQuery('lock');
    expect(server.received[0]!.body).toMatchObject({ dimensions: serverDimension });
    expect(server.received[0]!.headers.authorization).toBeUndefined();
  });

  test('keeps the query of the address', async () => {
    await open({ endpoint: `${server.endpoint}/?api-version=1` });
    expect(server.received[0]!.path).toBe('/v1/embeddings?api-version=1');
  });

  test('is told once, before the first chunk', async () => {
    const notes: string[] = [];
    const embedder = await open({}, { onNote: (note) => notes.push(note) });
    await embedder.embedQuery('lock');
    expect(notes).toEqual([]);
    await embedder.embedChunks(chunks);
    await embedder.embedChunks(chunks);
    expect(notes).toEqual([expect.stringContaining(`sent to ${server.endpoint}`)]);
  });

  test('has at most so many texts and so many bytes in a request, and so many requests at a time', async () => {
    const embedder = await open({ batchSize: 3, concurrency: 2, maxChars: 100_000 });
    server.reset();
    server.delayMs = 10;
    await Promise.all([embedder.embedChunks(chunks), embedder.embedChunks(chunks)]);
    expect(Math.max(...server.received.map(({ body }) => body.input.length))).toBe(3);
    expect(server.received.length).toBe(2 * Math.ceil(chunks.length / 3));
    expect(server.concurrentMax).toBe(2);
    server.reset();
    await embedder.embedChunks(Array.from({ length: 3 }, () => chunk('lock '.repeat(20_000))));
    expect(server.received.map(({ body }) => body.input.length).sort((a, b) => a - b)).toEqual([1, 2]);
  });

  test('is cut off at a number of characters, never amidst one, and is valid text', async () => {
    const embedder = await open({ maxChars: 256 });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 600 }), async (text) => {
        if (text.trim() === '') return;
        server.received.length = 0;
        await embedder.embedChunks([chunk(text)]);
        const [sent] = server.received[0]!.body.input;
        expect(sent!.length).toBeLessThanOrEqual(256);
        expect(sent!.length).toBeGreaterThanOrEqual(Math.min(255, text.length));
        expect(Buffer.from(sent!).toString()).toBe(sent);
      }),
      { numRuns: 50 },
    );
  });

  test('is shortened when the server finds it too long, and no other text with it', async () => {
    const embedder = await open({});
    const long = chunk('lock '.repeat(1000));
    const whole = await embedder.embedChunks(chunks);
    server.reset();
    server.rule = ({ body }) =>
      body.input.some((text) => text.length > 2000) ? { status: 413, body: '{"error":"too long"}' } : null;
    const [lock] = await embedder.embedChunks([chunk('lock')]);
    expect(await embedder.embedChunks([...chunks.slice(0, 9), long, ...chunks.slice(9)])).toEqual([
      ...whole.slice(0, 9),
      lock,
      ...whole.slice(9),
    ]);
  });

  test('belongs to a space of what makes the vectors', async () => {
    const spaces = [];
    for (const settings of [
      {},
      { model: 'other' },
      { revision: '2' },
      { documentPrefix: 'passage: ' },
      { maxChars: 1000 },
    ])
      spaces.push(JSON.stringify((await open(settings)).space));
    expect(new Set(spaces).size).toBe(spaces.length);
    for (const settings of [{ queryPrefix: 'query: ' }, { batchSize: 3 }, { timeoutMs: 500 }])
      expect(JSON.stringify((await open(settings)).space)).toBe(spaces[0]);
  });
});

describe('a server that', () => {
  test.each<[string, Fault]>([
    ['is overloaded', { status: 503, body: 'loading model' }],
    ['throttles', { status: 429, headers: { 'retry-after': '0' } }],
    ['fails', { status: 500, body: '{"error":{"message":"out of memory"}}' }],
    ['drops connections', 'drop'],
    ['drops connections amidst an answer', 'cut'],
    ['stalls', 'stall'],
  ])('%s for a while is asked again', async (_, fault) => {
    const embedder = await open({ timeoutMs: 300 });
    const expected = await embedder.embedChunks(chunks);
    server.faults = [fault];
    expect(await embedder.embedChunks(chunks)).toEqual(expected);
  });

  test.each<[string, Fault, RegExp]>([
    ['is overloaded', { status: 503, body: 'loading model' }, /answers 503: loading model/],
    ['fails', { status: 500, body: '{"error":{"message":"out of memory"}}' }, /answers 500: out of memory/],
    ['drops connections', 'drop', /cannot be reached \(UND_ERR_SOCKET\)/],
    ['stalls', 'stall', /did not answer within 150 ms/],
    ['throttles for long', { status: 429, headers: { 'retry-after': '3600' } }, /answers 429/],
  ])('%s for good is unavailable', async (_, fault, message) => {
    const embedder = await open({ timeoutMs: 150 });
    server.rule = () => fault;
    const failure = await failureOf(embedder.embedChunks(chunks));
    expect(failure).toMatchObject({
      code: 'EMBEDDER_UNAVAILABLE',
      hint: expect.stringContaining('config.json') as string,
    });
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain(server.endpoint);
  });

  test('is not there is unavailable', async () => {
    const gone = await EmbeddingServer.start();
    const { endpoint } = gone;
    await gone.stop();
    const failure = await failureOf(open({ endpoint }));
    expect(failure).toMatchObject({
      code: 'EMBEDDER_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  test('asks to wait is not asked before, by any request', async () => {
    const embedder = await open({ concurrency: 1 });
    server.faults = [{ status: 429, headers: { 'retry-after': '1' } }];
    const beganMs = performance.now();
    await embedder.embedChunks(chunks);
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(990); // timers may be early by a millisecond
    // A query does not wait as long as it would have to.
    server.faults = [{ status: 429, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } }];
    await failureOf(embedder.embedQuery('lock'));
    server.received.length = 0;
    const failure = await failureOf(embedder.embedQuery('lock'));
    expect(failure).toMatchObject({
      code: 'EMBEDDER_UNAVAILABLE',
      message: expect.stringMatching(/no requests for \d+ s/) as string,
    });
    expect(server.received).toEqual([]);
  });

  test.each<[string, Fault, RegExp]>([
    [
      'does not take the key',
      { status: 401, body: `{"error":{"message":"wrong key: ${key}\\n"}}` },
      /401: wrong key: \*\*\*$/,
    ],
    ['has no such model', { status: 404, body: '{"error":"model not found"}' }, /404: model not found/],
    ['does not know how', { status: 501 }, /answers 501$/],
    ['answers with a page', { status: 400, body: '<html>' }, /answers 400$/],
    ['tells much', { status: 400, body: `{"detail":[{"msg":"${'no '.repeat(1000)}"}]}` }, /^.{220,260}…$/],
    [
      'redirects',
      { status: 307, headers: { location: 'http://example.com/v1/embeddings?x=y' } },
      /redirects to http:\/\/example\.com\/v1\/embeddings, which is not followed/,
    ],
  ])('%s refuses', async (_, fault, message) => {
    const embedder = await open();
    server.rule = () => fault;
    server.received.length = 0;
    const failure = await failureOf(embedder.embedQuery('lock'));
    expect(failure).toMatchObject({ code: 'EMBEDDER_REFUSED', hint: expect.stringContaining('config.json') as string });
    expect(failure.message).toMatch(message);
    expect(server.received.length).toBe(1);
    await failureOf(embedder.embedChunks(chunks));
  });

  const changed = (change: (row: Answer['data'][number], at: number) => object): Fault => ({
    change: ({ data }) => ({ data: data.map(change) }),
  });
  test.each<[string, Fault]>([
    ['answers with too few vectors', { change: ({ data }) => ({ data: data.slice(1) }) }],
    ['answers with too many vectors', { change: ({ data }) => ({ data: [...data, data[0]] }) }],
    ['answers with vectors of another size', changed(({ index }) => ({ index, embedding: [1, 2, 3] }))],
    ['answers with vectors of two sizes', changed((row, at) => (at === 1 ? { ...row, embedding: [1] } : row))],
    ['answers with no components', changed(({ index }) => ({ index, embedding: [] }))],
    [
      'answers with null for NaN',
      changed((row) => ({ ...row, embedding: (row.embedding as number[]).with(3, null as never) })),
    ],
    ['answers with NaN', { raw: '{"data":[{"index":0,"embedding":[NaN]}]}' }],
    [
      'answers with Infinity',
      { change: ({ data }) => ({ data: data.map((row) => ({ ...row, embedding: 'AACAfw==' })) }) },
    ],
    [
      'answers with text for numbers',
      changed((row) => ({ ...row, embedding: (row.embedding as number[]).map(String) })),
    ],
    ['answers with half a float', changed((row) => ({ ...row, embedding: 'AAAA' }))],
    ['answers with an index twice', changed((row) => ({ ...row, index: 0 }))],
    ['answers with an index that was not asked for', changed((row, at) => ({ ...row, index: at + 1 }))],
    ['answers with an index that is none', changed((row, at) => ({ ...row, index: `${at}` }))],
    ['answers with no rows', changed(() => null as never)],
    ['answers with something else', { raw: '{"ok":true}' }],
    ['answers with null', { raw: 'null' }],
    ['answers with a page', { raw: '<html></html>' }],
    ['answers with nothing', { raw: '' }],
    ['answers without end', 'endless'],
  ])('%s is invalid', async (_, fault) => {
    const embedder = await open();
    server.rule = () => fault;
    const failure = await failureOf(embedder.embedChunks(chunks));
    expect(failure).toMatchObject({ code: 'EMBEDDER_INVALID', hint: expect.stringContaining('config.json') as string });
  });

  test('makes components that are not finite is invalid, in any form', async () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const bytes = Buffer.from(Float32Array.from({ length: serverDimension }, (_, i) => (i === 5 ? value : 1)).buffer);
      server.rule = () => changed((row) => ({ ...row, embedding: bytes.toString('base64') }));
      expect(await failureOf(open({}))).toMatchObject({
        code: 'EMBEDDER_INVALID',
        message: expect.stringContaining('finite') as string,
      });
    }
  });

  test('fails on one batch is not asked for the others', async () => {
    const embedder = await open({ batchSize: 1, concurrency: 1 });
    server.received.length = 0;
    server.faults = [null, { status: 401 }];
    await failureOf(embedder.embedChunks(chunks));
    expect(server.received.length).toBe(2);
  });

  test('stalls does not hold up who cancels or closes', async () => {
    const embedder = await open({ concurrency: 1 });
    server.rule = () => 'stall';
    const controller = new AbortController();
    const cancelled = failureOf(embedder.embedChunks(chunks, controller.signal));
    const waiting = failureOf(embedder.embedChunks(chunks));
    setTimeout(() => controller.abort(), 20);
    expect(await cancelled).toMatchObject({ code: 'ABORTED' });
    await embedder.close();
    expect(await waiting).toMatchObject({ code: 'ABORTED' });
  });
});

describe('the key', () => {
  test('is in nothing that can be printed', async () => {
    const embedder = await open();
    expect(inspect(embedder, { depth: 10, showHidden: true })).not.toContain(key);
    expect(JSON.stringify(embedder)).not.toContain(key);
  });

  test.each([
    ['unset', undefined, /is not set/],
    ['empty', ' ', /is not set/],
    ['two lines', `${key}\n${key}`, /has characters that no key has/],
  ])('has to be one: %s', async (_, value, message) => {
    const variable = 'COPPICE_TEST_OTHER_KEY';
    if (value !== undefined) process.env[variable] = value;
    const failure = await failureOf(open({ apiKeyEnv: variable }));
    delete process.env[variable];
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain(variable); // a key may have been written there
  });
});
