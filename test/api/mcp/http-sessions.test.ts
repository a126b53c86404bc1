import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { asCoppiceError } from '../../../src/base/index.js';
import { sendError } from '../../../src/api/http/reply.js';
import { readJsonBody } from '../../../src/api/http/request-body.js';
import { createMcpHttpHandler, type McpHttpOptions } from '../../../src/api/mcp/serve-mcp.js';
import type { Engines } from '../../../src/engine/types.js';
import { makeRepository } from '../../support/git.js';
import { closeAfterTests, makeEngines, makeProject, makeSlowRepository, toAnswer, watchSearches } from './support.js';

interface Served {
  readonly url: string;
  /** Requests that have not ended. */
  running(): number;
}

/** The handler behind a server that does what the daemon's does: reads the body and sends errors. */
async function serve(engines: Engines, repo: string | null, options: Partial<McpHttpOptions> = {}): Promise<Served> {
  const handle = await createMcpHttpHandler({ engines, defaultRepo: repo, version: '0', ...options });
  let running = 0;
  const server = createServer((request, response) => {
    running++;
    response.on('close', () => running--);
    const body =
      request.method === 'POST' ? readJsonBody(request, 1024 * 1024, () => undefined) : Promise.resolve(undefined);
    body
      .then((read) => handle(request, response, read))
      .catch((error: unknown) => sendError(response, asCoppiceError(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAfterTests(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/mcp`, running: () => running };
}

async function connectTo({ url }: Served): Promise<{ client: Client; transport: StreamableHTTPClientTransport }> {
  const transport = new StreamableHTTPClientTransport(new URL(url));
  const client = new Client({ name: 'test', version: '0' });
  await client.connect(transport);
  closeAfterTests(() => client.close());
  return { client, transport };
}

const initialize = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '0' } },
};
const accept = 'application/json, text/event-stream';

interface PostOptions {
  readonly session?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** Sends a message (or what is none) as it is. */
function post({ url }: Served, body: unknown, { session, headers, signal }: PostOptions = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept,
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
      ...headers,
    },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
}

const open = async (served: Served): Promise<string> => {
  const response = await post(served, initialize);
  await response.text();
  return response.headers.get('mcp-session-id') ?? `none: ${response.status}`;
};

const toolCall = (id: number, name: string, args: object, meta = {}): object => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args, _meta: meta },
});
const ping = (id: number): object => ({ jsonrpc: '2.0', id, method: 'ping' });
const slowCall = toolCall(7, 'search', { query: 'handler' }, { progressToken: 1 });

test('clients of their own sessions search at the same time', async () => {
  const repository = makeProject();
  const served = await serve(await makeEngines(), repository.path);
  const [first, second] = await Promise.all([connectTo(served), connectTo(served)]);
  expect(first.transport.sessionId).not.toBe(second.transport.sessionId);
  const answers = await Promise.all(
    [first, second, first].map(({ client }) =>
      client.callTool({ name: 'grep', arguments: { pattern: 'retry', rev: 'main' } }),
    ),
  );
  for (const answer of answers) expect(toAnswer(answer as CallToolResult).text).toContain('4 lines in 3 files');
  expect((await first.client.listTools()).tools.length).toBeGreaterThan(8);
  await first.transport.terminateSession();
  await expect(first.client.ping()).rejects.toThrow();
  expect(await second.client.ping()).toEqual({});
});

test('progress is told, and cancelling reaches the engine', async () => {
  const { engines, outcomes } = watchSearches(await makeEngines());
  const served = await serve(engines, makeSlowRepository().path);
  const { client } = await connectTo(served);
  const cancel = new AbortController();
  const asked = client.callTool({ name: 'search', arguments: { query: 'handler' } }, undefined, {
    signal: cancel.signal,
    onprogress: () => cancel.abort(),
  });
  await expect(asked).rejects.toThrow();
  await vi.waitFor(() => expect(outcomes).toEqual(['ABORTED']), { timeout: 20_000 });
  expect(await client.ping()).toEqual({});
});

describe('what is under way', () => {
  test('ends with its connection', async () => {
    const { engines, outcomes } = watchSearches(await makeEngines());
    const served = await serve(engines, makeSlowRepository().path);
    const session = await open(served);
    const leave = new AbortController();
    const response = await post(served, slowCall, { session, signal: leave.signal });
    await response.body!.getReader().read();
    leave.abort();
    await vi.waitFor(() => expect(outcomes).toEqual(['ABORTED']), { timeout: 20_000 });
    // Its id can be used again.
    expect(await (await post(served, ping(7), { session })).text()).toContain('"result":{}');
  });

  test('ends its stream when it is cancelled', async () => {
    const served = await serve(await makeEngines(), makeSlowRepository().path);
    const session = await open(served);
    const response = await post(served, slowCall, { session });
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
    expect((await post(served, cancelled, { session })).status).toBe(202);
    expect(await response.text()).not.toContain('"id":7');
  });

  test('keeps its id to itself', async () => {
    const served = await serve(await makeEngines(), makeSlowRepository().path);
    const session = await open(served);
    const leave = new AbortController();
    const running = await post(served, slowCall, { session, signal: leave.signal });
    const refused = await post(served, ping(7), { session });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { code: -32600 } });
    expect((await post(served, [ping(8), ping(8)], { session })).status).toBe(400);
    leave.abort();
    await running.body!.cancel().catch(() => undefined);
  });
});

describe('a session', () => {
  test('begins with initialize, and is asked for by its id', async () => {
    const served = await serve({} as Engines, '/');
    expect((await post(served, ping(1))).status).toBe(400);
    expect((await fetch(served.url, { headers: { accept } })).status).toBe(400);
    const session = await open(served);
    expect(await (await post(served, ping(1), { session })).text()).toContain('"result":{}');
    const wrong = await post(served, ping(1), { session: 'a'.repeat(36) });
    expect(wrong.status).toBe(404);
    expect(await wrong.json()).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32001, message: 'Session not found' },
    });
    expect((await post(served, initialize, { session })).status).toBe(400);
    expect((await fetch(served.url, { method: 'PUT', headers: { accept, 'mcp-session-id': session } })).status).toBe(
      405,
    );
    const headers = { 'mcp-session-id': session, accept };
    expect((await fetch(served.url, { method: 'DELETE', headers })).status).toBe(200);
    expect((await post(served, ping(1), { session })).status).toBe(404);
  });

  test('that could not begin leaves nothing', async () => {
    const served = await serve({} as Engines, '/', { sessionsMax: 1 });
    const session = await open(served);
    expect((await post(served, initialize, { headers: { accept: 'text/plain' } })).status).toBe(406);
    // It made no room for itself by ending the other one.
    expect((await post(served, ping(1), { session })).status).toBe(200);
  });

  test('has a stream of its own, one', async () => {
    const served = await serve({} as Engines, '/');
    const session = await open(served);
    const leave = new AbortController();
    const headers = { accept: 'text/event-stream', 'mcp-session-id': session };
    const stream = await fetch(served.url, { headers, signal: leave.signal });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    expect((await fetch(served.url, { headers })).status).toBe(409);
    leave.abort();
    await vi.waitFor(async () =>
      expect((await fetch(served.url, { headers, signal: AbortSignal.timeout(500) })).status).toBe(200),
    );
  });

  test('that nobody is connected to makes room for a new one', async () => {
    const served = await serve({} as Engines, '/', { sessionsMax: 2 });
    const [first, second] = [await open(served), await open(served)];
    await (await post(served, ping(1), { session: first })).text();
    await sleep(20);
    const third = await open(served);
    const statuses = await Promise.all(
      [first, second, third].map(async (session) => (await post(served, ping(2), { session })).status),
    );
    expect(statuses).toEqual([200, 404, 200]);
  });

  test('is refused when all are in use', async () => {
    const served = await serve({} as Engines, '/', { sessionsMax: 2 });
    const leave = new AbortController();
    for (let i = 0; i < 2; i++) {
      const headers = { accept: 'text/event-stream', 'mcp-session-id': await open(served) };
      await fetch(served.url, { headers, signal: leave.signal });
    }
    const refused = await post(served, initialize);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('10');
    expect(await refused.json()).toMatchObject({ error: { message: 'all 2 sessions are in use' } });
    leave.abort();
    await vi.waitFor(async () => expect(await open(served)).toMatch(/^[0-9a-f-]{36}$/));
  });

  test('ends when it is idle, not while a client is connected', async () => {
    const served = await serve({} as Engines, '/', { sessionIdleMs: 60 });
    const [idle, busy] = [await open(served), await open(served)];
    const leave = new AbortController();
    await fetch(served.url, { headers: { accept: 'text/event-stream', 'mcp-session-id': busy }, signal: leave.signal });
    await sleep(300);
    expect((await post(served, ping(1), { session: idle })).status).toBe(404);
    expect((await post(served, ping(1), { session: busy })).status).toBe(200);
    leave.abort();
  });
});

test('thousands of broken requests change nothing', { timeout: 120_000 }, async () => {
  const repository = makeRepository({ bare: true });
  repository.commit({ 'a.ts': 'needle\n' });
  const served = await serve(await makeEngines(), repository.path);
  const session = await open(served);
  const refused: number[] = [];
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(brokenRequest, { minLength: 32, maxLength: 32 }), async (requests) => {
      await Promise.all(
        requests.map(async ({ body, headers, own }) => {
          const response = await post(served, body, { session: own ? session : undefined, headers });
          const text = await response.text();
          sent++;
          expect(response.status).toBeLessThan(500);
          if (response.status >= 400) {
            refused.push(response.status);
            const { error } = JSON.parse(text) as { error: { code: unknown; message: unknown } };
            expect([typeof error.code, typeof error.message]).toEqual([
              expect.stringMatching(/number|string/),
              'string',
            ]);
          }
        }),
      );
    }),
    { numRuns: 100 },
  );
  expect(sent).toBeGreaterThanOrEqual(3000);
  expect(new Set(refused)).toEqual(new Set([400, 404, 406, 413, 415]));
  const answer = await post(served, toolCall(1, 'grep', { pattern: 'needle' }), { session });
  expect(await answer.text()).toContain('1 line in 1 file');
  await vi.waitFor(() => expect(served.running()).toBe(0));
});

const json = fc.json({ maxDepth: 3 });
const method = fc.constantFrom('tools/call', 'tools/list', 'ping', 'notifications/cancelled', 'nope', 'resources/list');
/** Ids are not used twice, else most were refused for that alone. */
let nextId = 100;

const body = fc.oneof(
  { weight: 2, arbitrary: fc.string({ maxLength: 200 }) },
  { weight: 2, arbitrary: json },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(method, json)
      .map(([name, params]) => `{"jsonrpc":"2.0","id":${nextId++},"method":"${name}","params":${params}}`),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom('grep', 'search', 'read', 'nope'),
        fc.dictionary(fc.constantFrom('pattern', 'query', 'rev', 'path', 'offset'), fc.jsonValue({ maxDepth: 1 })),
      )
      .map(([name, args]) => JSON.stringify(toolCall(nextId++, name, args))),
  },
  { weight: 1, arbitrary: fc.array(json, { maxLength: 150 }).map((parts) => `[${parts.join(',')}]`) },
  {
    weight: 1,
    arbitrary: fc
      .constant(0)
      .map(() => `{"jsonrpc":"2.0","id":${nextId++},"method":"ping","params":{"x":"${'a'.repeat(1_100_000)}"}}`),
  },
);

const brokenRequest = fc.record({
  body,
  own: fc.boolean(),
  headers: fc.oneof(
    { weight: 6, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Record<string, string>>(
        { accept: '*/*' },
        { 'content-type': 'text/plain' },
        { 'mcp-session-id': '../../x' },
        { 'mcp-protocol-version': '1999-01-01' },
        { 'last-event-id': 'x' },
      ),
    },
  ),
});
