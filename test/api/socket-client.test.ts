import { createServer, type Server, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { SocketClient, connectSocket } from '../../src/api/index.js';
import { CoppiceError } from '../../src/base/index.js';

const folder = mkdtempSync(join(tmpdir(), 'coppice-socket-client-'));
const path = join(folder, 'socket');
let server: Server | undefined;

afterEach(async () => {
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
});
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Answers each connection by `answer` once its request is whole; gives what was asked. */
async function serve(answer: (socket: Socket) => void): Promise<string[]> {
  const asked: string[] = [];
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (part) => {
      text += part.toString();
      const [head, body] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/.exec(head!)?.[1] ?? 0);
      if (body === undefined || Buffer.byteLength(body) < length) return;
      asked.push(text);
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => server!.listen(path, resolve));
  return asked;
}

const client = async (): Promise<SocketClient> => new SocketClient(path, await connectSocket(path));
const ndjsonHead = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson; charset=utf-8\r\nConnection: close\r\n\r\n';
const jsonHead = (status: number, length: number): string =>
  `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

async function all(
  of: SocketClient,
  signal?: AbortSignal,
): Promise<{ items: unknown[]; rest: object; heard: unknown[] }> {
  const items: unknown[] = [];
  const heard: unknown[] = [];
  const batches = of.batches(
    'grep',
    { pattern: 'ä' },
    {
      ...(signal && { signal }),
      onNote: (note) => heard.push(note),
      onProgress: (progress) => heard.push(progress),
    },
  );
  for (;;) {
    const next = await batches.next();
    if (next.done === true) return { items, rest: next.value, heard };
    items.push(...next.value);
  }
}

const codeOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'answered',
    (error: unknown) => (error instanceof CoppiceError ? [error.code, error.data['sent']] : error),
  );

test('an answer is the same, wherever it is cut', async () => {
  const items = ['a', 'b\u2028 ü', '😀\ud800', '\n', '}{,'].map((text, line) => ({ text, line }));
  const lines = [
    { note: 'n' },
    { items: items.slice(0, 2) },
    { items: items.slice(2) },
    { progress: { done: 1 } },
    { result: { truncated: false } },
  ];
  const bytes = Buffer.from(ndjsonHead + lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 4 }), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const asked = await serve((socket) => {
        void (async () => {
          for (let i = 1; i < at.length; i++) {
            socket.write(bytes.subarray(at[i - 1], at[i]));
            await new Promise((resolve) => setImmediate(resolve));
          }
          socket.end();
        })();
      });
      expect(await all(await client())).toEqual({
        items,
        rest: { truncated: false },
        heard: ['n', { done: 1 }],
      });
      expect(asked[0]).toMatch(/^POST \/v1\/grep HTTP\/1\.0\r\n/);
      await new Promise((resolve) => server!.close(resolve));
    }),
    { numRuns: 40 },
  );
});

test('one document, and each further request over a connection of its own', async () => {
  const asked = await serve((socket) => socket.end(`${jsonHead(200, 9)}{"a":"b"}`));
  const one = await client();
  expect(await one.ask('resolve', {}, undefined, {})).toEqual({ a: 'b' });
  expect(await one.ask('resolve', {}, undefined, {})).toEqual({ a: 'b' });
  expect(asked).toHaveLength(2);
});

test.each([
  [
    'an error of the operation',
    `${jsonHead(404, 60)}{"error":{"code":"REV_NOT_FOUND","message":"no","data":{}}}`,
    ['REV_NOT_FOUND', undefined],
  ],
  [
    'an error after the first lines',
    `${ndjsonHead}{"items":[1]}\n{"error":{"code":"PATTERN_TIMEOUT","message":"long"}}\n`,
    ['PATTERN_TIMEOUT', undefined],
  ],
  [
    'an error of a code that is not known',
    `${jsonHead(500, 46)}{"error":{"code":"NEVER_SEEN","message":"new"}}`,
    ['INTERNAL', undefined],
  ],
  ['something that is not ours', 'HTTP/1.1 502 Bad\r\n\r\n<html>', ['DAEMON_UNREACHABLE', true]],
  ['no answer', '', ['DAEMON_UNREACHABLE', true]],
  ['half a head', 'HTTP/1.1 200 O', ['DAEMON_UNREACHABLE', true]],
  ['a list that ends early', `${ndjsonHead}{"items":[1]}\n`, ['DAEMON_UNREACHABLE', true]],
  ['a list that ends within a line', `${ndjsonHead}{"items":[1]}\n{"resu`, ['DAEMON_UNREACHABLE', true]],
])('%s', async (_, text, expected) => {
  await serve((socket) => socket.end(text));
  expect(await codeOf(all(await client()))).toEqual(expected);
});

test('a document that ends early', async () => {
  await serve((socket) => socket.end(`${jsonHead(200, 20)}{"a":"b"}`));
  expect(await codeOf((await client()).ask('show', {}, undefined, {}))).toEqual(['DAEMON_UNREACHABLE', true]);
});

test('nobody there', async () => {
  expect(await connectSocket(path)).toBeNull();
  expect(await codeOf(all(new SocketClient(path, null)))).toEqual(['DAEMON_UNREACHABLE', false]);
});

test('cancelling ends the connection, before an answer and in the middle of one', async () => {
  for (const begin of ['', `${ndjsonHead}{"items":[1]}\n`]) {
    const abort = new AbortController();
    const closed = new Promise((resolve) => {
      void serve((socket) => {
        socket.on('close', resolve);
        socket.write(begin);
        setTimeout(() => abort.abort(), 20);
      });
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await codeOf(all(await client(), abort.signal))).toEqual(['ABORTED', undefined]);
    await closed;
    await new Promise((resolve) => server!.close(resolve));
  }
});
