import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { createMcpServer, serveMcpStdio } from '../../../src/api/mcp/serve-mcp.js';
import type { Engines } from '../../../src/engine/types.js';
import { makeRepository } from '../../support/git.js';
import { closeAfterTests, makeEngines, makeProject, makeSlowRepository, watchSearches } from './support.js';

interface Message {
  readonly id?: string | number | null;
  readonly method?: string;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

interface Session {
  readonly input: PassThrough;
  readonly output: PassThrough;
  readonly received: Message[];
  /** Resolves when the server has ended. */
  readonly ended: Promise<void>;
  write(line: string | Buffer): void;
  /** Sends a request and waits for its answer. */
  ask(method: string, params?: object): Promise<Message>;
}

let nextId = 1000;

async function start(engines: Engines, repo: string, signal?: AbortSignal): Promise<Session> {
  const input = new PassThrough();
  const output = new PassThrough();
  const received: Message[] = [];
  createInterface({ input: output }).on('line', (line) => received.push(JSON.parse(line) as Message));
  const server = await createMcpServer({ engines, defaultRepo: repo, version: '0' });
  const ended = serveMcpStdio(server, signal, { input, output });
  closeAfterTests(async () => {
    input.end();
    await ended;
  });
  const write = (line: string | Buffer): void => void input.write(typeof line === 'string' ? `${line}\n` : line);
  const ask = async (method: string, params?: object): Promise<Message> => {
    const id = nextId++;
    write(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return vi.waitFor(() => received.find((message) => message.id === id) ?? Promise.reject(new Error('no answer')), {
      timeout: 20_000,
      interval: 5,
    });
  };
  return { input, output, received, ended, write, ask };
}

const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '0' } };
const grepCall = { name: 'grep', arguments: { pattern: 'retry', rev: 'main' } };

test('a session by hand', async () => {
  const session = await start(await makeEngines(), makeProject().path);
  const begun = await session.ask('initialize', initialize);
  expect(begun.result).toMatchObject({
    protocolVersion: '2025-06-18',
    serverInfo: { name: 'coppice' },
    capabilities: { tools: {} },
  });
  session.write('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  const answer = await session.ask('tools/call', grepCall);
  expect(JSON.stringify(answer.result)).toContain('4 lines in 3 files');
  // Split anywhere, also inside a character, and several in one piece.
  const bytes = Buffer.from(
    '{"jsonrpc":"2.0","id":"é","method":"ping"}\r\n\n{"jsonrpc":"2.0","id":"b","method":"ping"}\n',
  );
  for (const byte of bytes) session.write(Buffer.from([byte]));
  await vi.waitFor(() =>
    expect(session.received.slice(-2)).toEqual(['é', 'b'].map((id) => ({ jsonrpc: '2.0', id, result: {} }))),
  );
});

describe('the end', () => {
  test('comes when the client closes, with the answers to what it had asked', async () => {
    const session = await start(await makeEngines(), makeProject().path);
    session.write(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize }));
    session.write(JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: grepCall }));
    session.input.end();
    await session.ended;
    await sleep(10);
    expect(session.received.map(({ id }) => id)).toEqual([1, 2]);
  });

  test('comes when a signal says so, and cancels what runs', async () => {
    const { engines, outcomes } = watchSearches(await makeEngines());
    const stop = new AbortController();
    const session = await start(engines, makeSlowRepository().path, stop.signal);
    const params = { name: 'search', arguments: { query: 'handler' }, _meta: { progressToken: 1 } };
    session.write(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
    await vi.waitFor(() => expect(session.received[0]?.method).toBe('notifications/progress'), { timeout: 20_000 });
    stop.abort();
    await session.ended;
    await vi.waitFor(() => expect(outcomes).toEqual(['ABORTED']), { timeout: 20_000 });
  });

  test('comes when nobody reads any more', async () => {
    const session = await start(await makeEngines(), makeProject().path);
    session.output.destroy();
    await session.ended;
  });
});

test('a client that does not read is not read from', async () => {
  const session = await start(await makeEngines(), makeProject().path);
  session.output.pause();
  const line = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })}\n`;
  for (let i = 0; i < 2000; i++) {
    session.input.write(line);
    if (i % 50 === 0) await sleep(1);
  }
  await sleep(50);
  // Most of the requests still lie in front of the server, not as answers behind it.
  expect(session.output.writableLength).toBeLessThan(5_000_000);
  session.output.resume();
  await vi.waitFor(() => expect(session.received.length).toBe(2000), { timeout: 20_000 });
});

describe('what is no message', () => {
  test.each([
    ['{', -32700, null],
    ['nonsense', -32700, null],
    ['{"jsonrpc":"2.0","id":7}', -32600, 7],
    ['{"jsonrpc":"1.0","id":"x","method":"ping"}', -32600, 'x'],
    ['[{"jsonrpc":"2.0","id":7,"method":"ping"}]', -32600, null],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, null],
    ['null', -32600, null],
  ])('%s is refused', async (line, code, id) => {
    const session = await start({} as Engines, '/');
    session.write(line);
    await vi.waitFor(() => expect(session.received).toMatchObject([{ id, error: { code } }]));
  });

  test('nor is one that is too long: it is refused once, and not kept', async () => {
    const session = await start({} as Engines, '/');
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < 40; i++) session.write(piece);
    session.write('');
    expect((await session.ask('ping')).result).toEqual({});
    expect(session.received).toHaveLength(2);
    expect(session.received[0]).toMatchObject({ id: null, error: { code: -32600 } });
  });

  test('thousands of them change nothing', { timeout: 120_000 }, async () => {
    // Bare, so that those that come out right take no reading of a work tree.
    const repository = makeRepository({ bare: true });
    repository.commit({ 'a.ts': 'retry\n' });
    const session = await start(await makeEngines(), repository.path);
    await session.ask('initialize', initialize);
    await session.ask('tools/call', grepCall);
    const heapBefore = heapAfterCollection();
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(brokenLine, { minLength: 20, maxLength: 60 }), async (lines) => {
        for (const line of lines) session.write(line);
        sent += lines.length;
        session.received.length = 0;
        expect((await session.ask('ping')).result).toEqual({});
        const errors = session.received.filter(({ error }) => error !== undefined);
        for (const { error } of errors) expect(error!.code).toBeLessThan(-32000);
      }),
      { numRuns: 100 },
    );
    expect(sent).toBeGreaterThan(3000);
    const answer = await session.ask('tools/call', grepCall);
    expect(JSON.stringify(answer.result)).toContain('1 line in 1 file');
    session.received.length = 0;
    expect(heapAfterCollection() - heapBefore).toBeLessThan(30e6);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const json = fc.json({ maxDepth: 4 });
const requestId = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.string(), json);
const method = fc.constantFrom(
  'tools/call',
  'tools/list',
  'initialize',
  'ping',
  'notifications/cancelled',
  'nope',
  'completion/complete',
  'resources/list',
);
const toolName = fc.constantFrom('grep', 'search', 'read', 'apply', 'lease', 'nope', '__proto__', 'constructor');

/** Lines from noise to nearly right ones. */
const brokenLine = fc.oneof(
  fc.string({ maxLength: 300 }).map((text) => text.replaceAll('\n', ' ')),
  json,
  fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => Buffer.concat([Buffer.from(bytes).map((byte) => (byte === 10 ? 32 : byte)), Buffer.from('\n')])),
  fc
    .tuple(requestId, method, json)
    .map(
      ([id, method, params]) => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"${method}","params":${params}}`,
    ),
  fc
    .tuple(fc.integer({ min: 0, max: 50 }), toolName, json)
    .map(
      ([id, name, args]) =>
        `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`,
    ),
  fc
    .tuple(
      fc.integer({ min: 0, max: 50 }),
      toolName,
      fc.dictionary(
        fc.constantFrom('pattern', 'query', 'rev', 'path', 'repo', 'max_tokens', 'offset', 'steps', 'name'),
        fc.jsonValue({ maxDepth: 2 }),
      ),
    )
    .map(([id, name, args]) =>
      JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } }),
    ),
  fc
    .integer({ min: 1, max: 50_000 })
    .map(
      (depth) =>
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"grep","arguments":{"pattern":${'['.repeat(depth)}${']'.repeat(depth)}}}}`,
    ),
  fc
    .integer({ min: 1, max: 100_000 })
    .map(
      (length) =>
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"grep","arguments":{"pattern":"${'a'.repeat(length)}"}}}`,
    ),
);

function heapAfterCollection(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
