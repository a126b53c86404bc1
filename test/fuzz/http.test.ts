import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operationsByName } from '../../src/api/index.js';
import { Daemon } from '../../src/daemon/daemon.js';
import { placesOf } from '../../src/daemon/client/places.js';
import { makeFolder, makeRepository } from '../support/git.js';
import { parseResponses, type RawResponse } from './support/raw-responses.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const seed = Number(process.env['COPPICE_SEED'] ?? Date.now() % 1e9);
const requestsEach = 20;
const requestsMin = 10_000;
/** Connections at a time. */
const atOnce = 16;

let daemon: Daemon;
let port = 0;
let token = '';
let repo = '';

beforeAll(async () => {
  const made = makeRepository();
  made.commit({ 'a.ts': 'export function alpha() {\n  return beta;\n}\n', 'b.txt': 'beta\n' });
  made.tag('v1');
  made.commit({ 'b.txt': 'beta\ngamma\n' });
  made.git('reset', '-q', '--hard');
  repo = made.path;
  const storePath = join(makeFolder(), 'store');
  daemon = await Daemon.start({
    storePath,
    version: '1',
    onDemand: false,
    pageFolder: pathToFileURL(`${makeFolder()}/`),
    log: () => undefined,
    workers: 0,
  });
  port = Number(new URL((await daemon.listenHttp(0)).url).port);
  token = readFileSync(placesOf(storePath).token, 'utf8').trim();
});
afterAll(() => daemon.stop());

/** What a client does on one connection. */
interface Exchange {
  readonly bytes: Buffer;
  /** Goes away so long after it has sent, in milliseconds, whatever comes; null: it reads to the end. */
  readonly leavesMs: number | null;
  /** Sends in so many pieces. */
  readonly pieces: number;
}

/** All that comes until the server closes; null for a client that did not wait. */
async function exchange(
  { bytes, leavesMs, pieces }: Exchange,
  waitMs = quietMs,
): Promise<readonly RawResponse[] | null> {
  const socket = connect({ host: '127.0.0.1', port });
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.on('error', () => undefined); // the server need not read what it has refused
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.on('connect', resolve).on('close', resolve));
  const size = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size));
    if (pieces > 1) await pause(1);
  }
  // A server that waits for the rest of a request is left after a while.
  if (leavesMs === null) await untilQuiet(socket, closed, waitMs);
  else await pause(leavesMs);
  socket.destroy();
  await closed;
  return leavesMs === null ? parseResponses(Buffer.concat(parts)) : null;
}

const quietMs = 400;

/** Waits until the server closes, or has sent nothing for a while. */
async function untilQuiet(socket: Socket, closed: Promise<unknown>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const quiet = new Promise<void>((resolve) => {
    const restart = (): void => {
      clearTimeout(timer);
      timer = setTimeout(resolve, waitMs);
    };
    socket.on('data', restart);
    restart();
  });
  await Promise.race([quiet, closed]);
  clearTimeout(timer);
}

interface RequestParts {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function encode({ method, path, headers, body }: RequestParts): Buffer {
  const all = { host: `127.0.0.1:${port}`, 'content-length': String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

const junk = fc.jsonValue({ maxDepth: 3 });

/** Of an operation: mostly what it takes, or nearly. */
function parameters(): fc.Arbitrary<object> {
  const or = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: junk });
  const rev = fc.constantFrom(
    'HEAD',
    'v1',
    '@worktree',
    'nope',
    'v1..HEAD',
    'fork:f',
    'lease:x',
    'overlay:o',
    '--help',
  );
  const step = fc.record(
    { kind: or(fc.constantFrom('put', 'remove', 'patch', 'commit')), path: or(fc.string()), text: or(fc.string()) },
    { requiredKeys: ['kind'] },
  );
  return fc.record(
    {
      repo: or(fc.constant(repo)),
      pattern: or(fc.oneof(fc.constantFrom('beta', '(', 'a{99999}', '(a+)+$'), fc.string())),
      query: or(fc.oneof(fc.constantFrom('alpha', '"beta', 'rev:v1 beta', '/(/'), fc.string())),
      name: or(fc.constantFrom('f', 'alpha', '..', '')),
      rev: or(rev),
      from: or(rev),
      to: or(rev),
      path: or(fc.constantFrom('a.ts', 'b.txt', '../a', '/etc/passwd', 'a\0b')),
      revs: or(fc.array(rev, { maxLength: 2 })),
      id: or(fc.constantFrom('o', '../o')),
      files: or(fc.array(fc.record({ path: or(fc.string()), text: or(fc.string()) }), { maxLength: 2 })),
      steps: or(fc.array(or(step), { maxLength: 3 })),
      lease: or(fc.constant('lease:x')),
      limit: or(fc.integer()),
      ttlMs: or(fc.integer({ min: 1, max: 5000 })),
      allowStale: or(fc.boolean()),
    },
    { requiredKeys: ['repo'] },
  );
}

/** That end the daemon, or never an answer. */
const notAsked = ['shut-down', 'events'];

/** A whole request, right or not. */
function request(): fc.Arbitrary<Buffer> {
  const names = [...operationsByName.keys()].filter((name) => !notAsked.includes(name));
  const json = fc.oneof(
    { weight: 8, arbitrary: parameters().map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: junk.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.string() },
  );
  const mcp = fc
    .record({
      jsonrpc: fc.constant('2.0'),
      id: junk,
      method: fc.constantFrom('tools/call', 'initialize', 'x'),
      params: junk,
    })
    .map((value) => JSON.stringify(value));
  const headers = fc
    .record({
      authorization: fc.oneof(
        { weight: 12, arbitrary: fc.constant(`Bearer ${token}`) },
        { weight: 1, arbitrary: fc.constant('Bearer x') },
      ),
      'content-type': fc.oneof(
        { weight: 12, arbitrary: fc.constant('application/json') },
        { weight: 1, arbitrary: fc.constant('text/plain') },
      ),
      accept: fc.constantFrom('application/json', 'application/x-ndjson', 'application/json, text/event-stream'),
      origin: fc.option(fc.constantFrom('null', 'http://evil.example', `http://127.0.0.1:${port}`), {
        freq: 15,
        nil: '',
      }),
    })
    .map(({ origin, ...others }) => (origin === '' ? others : { ...others, origin }));
  const operation = fc.record({
    method: fc.oneof(
      { weight: 12, arbitrary: fc.constant('POST') },
      { weight: 1, arbitrary: fc.constantFrom('PUT', 'GET', 'OPTIONS') },
    ),
    path: fc.constantFrom(...names).map((name) => `/v1/${name}`),
    headers,
    body: json,
  });
  const other = fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'DELETE', 'POST'),
    path: fc.oneof(
      fc.constantFrom(
        '/healthz',
        '/metrics',
        '/openapi.json',
        '/',
        '/v1/',
        '/v1/none',
        '/../x',
        '/%00',
        '/%',
        '//x',
        '*',
      ),
      fc.webPath(),
    ),
    headers,
    body: fc.constant(''),
  });
  const toMcp = fc.record({
    method: fc.constantFrom('POST', 'POST', 'GET'),
    path: fc.constant('/mcp'),
    headers,
    body: mcp,
  });
  return fc
    .oneof({ weight: 12, arbitrary: operation }, { weight: 3, arbitrary: other }, { weight: 1, arbitrary: toMcp })
    .map(encode);
}

/** A request with some of its bytes changed, doubled or left out. */
const broken = (): fc.Arbitrary<Buffer> =>
  fc
    .tuple(request(), fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.nat(255)), { minLength: 1, maxLength: 4 }))
    .map(([bytes, edits]) =>
      edits.reduce((now, [where, how, byte]) => {
        const at = where % Math.max(1, now.length);
        const [before, after] = [now.subarray(0, at), now.subarray(at)];
        if (how === 0) return Buffer.concat([before, Buffer.from([byte]), after]);
        if (how === 1) return Buffer.concat([before, after.subarray(1 + (byte % 40))]);
        if (how === 2) return Buffer.concat([before, after.subarray(0, byte), after]);
        return Buffer.concat([before, Buffer.from([byte]), after.subarray(1)]);
      }, bytes),
    );

/** What no server has to take. */
const noise = (): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ minLength: 1 }).map((text) => Buffer.from(`${text}\r\n\r\n`)),
    fc
      .constantFrom(
        'GET\r\n\r\n',
        'GET / HTTP/9.9\r\n\r\n',
        'GET / HTTP/1.1\r\n\r\n',
        'GET / HTTP/1.1\r\nhost\r\n\r\n',
        'POST /v1/grep HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
        'POST /v1/grep HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
        'POST /v1/grep HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
        'CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n',
        'GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        '\u0016\u0003\u0001\u0002',
      )
      .map((text) => Buffer.from(text, 'latin1')),
  );

function anyExchange(): fc.Arbitrary<Exchange> {
  const one = fc.oneof(
    { weight: 7, arbitrary: request() },
    { weight: 2, arbitrary: broken() },
    { weight: 1, arbitrary: noise() },
  );
  return fc.record({
    bytes: fc.array(one, { minLength: requestsEach, maxLength: requestsEach }).map((all) => Buffer.concat(all)),
    leavesMs: fc.option(fc.nat(8), { freq: 4 }).map((ms) => ms),
    pieces: fc.constantFrom(1, 1, 1, 3),
  });
}

/** One request in place of many: what comes after the first broken one is never read. */
const oneOfThem = (): fc.Arbitrary<Exchange> =>
  fc.record({
    bytes: fc.oneof(request(), broken(), noise()),
    leavesMs: fc.constant(null),
    pieces: fc.constant(1),
  });

/** Success, or an error that says what it is. */
function check(responses: readonly RawResponse[]): void {
  for (const { status, body, isHead } of responses) {
    if (status < 400) continue;
    if (isHead && body === '') continue;
    expect({ status, body }).toMatchObject({ body: expect.stringMatching(/"code":"[A-Z_]+"|^$|"jsonrpc"/) as string });
    expect({ status, body }).not.toMatchObject({ body: expect.stringContaining('"INTERNAL"') as string });
    expect(status === 503 || status < 500, `${status} ${body}`).toBe(true);
  }
}

/** What the process holds that a request could have left behind. */
function held(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/TCP|HTTP/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

const onlyListening = { TCPServerWrap: 1 };

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

async function expectAnswer(): Promise<void> {
  const body = JSON.stringify({ repo, pattern: 'gamma' });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' };
  const bytes = encode({ method: 'POST', path: '/v1/grep', headers, body });
  const answers = await exchange({ bytes, leavesMs: null, pieces: 1 }, 20_000);
  expect(answers).toMatchObject([{ status: 200, body: expect.stringContaining('"gamma"') as string }]);
}

async function runAll(exchanges: readonly Exchange[]): Promise<void> {
  const left = [...exchanges];
  const client = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const responses = await exchange(next);
      try {
        check(responses ?? []);
      } catch (error) {
        throw new Error(`with COPPICE_SEED=${seed}, after ${JSON.stringify(next.bytes.toString('latin1'))}`, {
          cause: error,
        });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
}

test('10,000 requests of all kinds do no harm, and leave nothing behind', { timeout: 120_000 }, async () => {
  const sample = (count: number, offset: number): Exchange[] =>
    fc.sample(anyExchange(), { numRuns: count, seed: seed + offset });
  await runAll(sample(40, 1));
  await expectAnswer();
  const heap = heapBytes();
  const { requests } = daemon.describe();
  await runAll(fc.sample(oneOfThem(), { numRuns: 400, seed }));
  // Those that are no HTTP, or whose answers nobody took, come on top.
  for (let round = 2; daemon.describe().requests - requests < requestsMin; round++) await runAll(sample(50, round));
  await expectAnswer();
  await expect.poll(held, { timeout: 10_000 }).toEqual(onlyListening);
  expect(daemon.describe().worktrees.length).toBeLessThanOrEqual(1);
  expect(heapBytes() - heap).toBeLessThan(24 * 2 ** 20);
});

test('clients that trickle, never read, or send more than is taken hold nobody up', async () => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const whole = encode({ method: 'POST', path: '/v1/grep', headers, body: JSON.stringify({ repo, pattern: '.' }) });
  const slow = Array.from({ length: 60 }, (_, i) => {
    const socket = connect({ host: '127.0.0.1', port }).on('error', () => undefined);
    if (i % 2 === 0) socket.pause(); // asks again and again, and takes no answer
    let at = 0;
    const timer = setInterval(() => {
      if (i % 2 === 0) socket.write(whole);
      else socket.write(whole.subarray(at, ++at));
    }, 40);
    return () => (clearInterval(timer), socket.destroy());
  });
  for (let round = 0; round < 20; round++) await expectAnswer();
  for (const stop of slow) stop();

  const refused = async (bytes: Buffer): Promise<unknown> =>
    (await exchange({ bytes, leavesMs: null, pieces: 1 }))?.[0];
  const head = (extra: Record<string, string>): RequestParts => ({
    method: 'POST',
    path: '/v1/grep',
    headers: { ...headers, ...extra },
    body: '',
  });
  const declared = encode(head({ 'content-length': String(17 << 20) }));
  expect(await refused(declared)).toMatchObject({
    status: 413,
    body: expect.stringContaining('REQUEST_TOO_LARGE') as string,
  });
  const long = encode(head({ 'x-long': 'x'.repeat(20_000) }));
  expect(await refused(long)).toMatchObject({
    status: 431,
    body: expect.stringContaining('REQUEST_TOO_LARGE') as string,
  });
  const chunk = `${(1 << 20).toString(16)}\r\n${'x'.repeat(1 << 20)}\r\n`;
  const { 'content-length': _, ...chunked } = { 'content-length': '', ...headers, 'transfer-encoding': 'chunked' };
  const endless = Buffer.from(
    `POST /v1/grep HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${Object.entries(chunked)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n${chunk.repeat(18)}`,
  );
  expect([undefined, 413]).toContain(((await refused(endless)) as RawResponse | undefined)?.status);
  await expectAnswer();
  await expect.poll(held, { timeout: 10_000 }).toEqual(onlyListening);
});
