import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { sleep } from '../../src/base/index.js';
import { makeRepository } from '../support/git.js';
import { post, serve, token, type Served } from './support/served.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function served(limits: NonNullable<Parameters<typeof serve>[0]>['limits']): Promise<Served> {
  const made = await serve({ ...(limits && { limits }) });
  closers.push(() => made.close());
  return made;
}

/** A client that asks and then reads nothing. */
function askAndWait({ port }: Served, path: string, body: object, accept: string): Socket {
  const text = JSON.stringify(body);
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).pause();
  const head = [
    `POST /v1/${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    `authorization: Bearer ${token}`,
    `accept: ${accept}`,
  ];
  head.push('content-type: application/json', `content-length: ${Buffer.byteLength(text)}`);
  socket.write(`${head.join('\r\n')}\r\n\r\n${text}`);
  closers.push(() => Promise.resolve(socket.destroy()));
  return socket;
}

async function until(condition: () => boolean, ms = 20_000): Promise<void> {
  for (const end = performance.now() + ms; !condition();) {
    if (performance.now() > end) throw new Error('it did not come');
    await sleep(5);
  }
}

const files = Object.fromEntries(
  Array.from({ length: 6 }, (_, i) => [`file${i}.txt`, `${`line of file ${i}, and more of it\n`.repeat(9000)}`]),
);

describe('clients that do not read', () => {
  test('hold bounded memory, take no place from others, and are dropped after the stated time', async () => {
    const repository = makeRepository();
    repository.commit(files);
    const stalledMs = 3000;
    const target = await served({ totalBytes: 4 << 20, stalled: 8, stalledMs, pressedMs: 200 });
    const body = { repo: repository.path, pattern: '', rev: 'HEAD' };
    const small = { repo: repository.path, pattern: 'file 5,', rev: 'HEAD', maxCount: 3 };
    expect((await post(target, 'grep', small)).status).toBe(200);
    // More than may run at once, of either form.
    const clients = Array.from({ length: 66 }, (_, i) =>
      askAndWait(target, 'grep', body, i % 2 === 0 ? 'application/x-ndjson' : 'application/json'),
    );
    let held = 0;
    const watching = setInterval(() => (held = Math.max(held, target.handler.heldBytes)), 1);
    closers.push(() => Promise.resolve(clearInterval(watching)));
    await until(() => held > 1 << 20);
    expect((await post(target, 'grep', small)).json<{ lines: unknown[] }>().lines).toHaveLength(3);
    expect(held).toBeLessThanOrEqual(4 << 20);
    await until(() => target.handler.heldBytes === 0 && target.handler.limiter.inFlight === 0, 40_000);
    expect((await post(target, 'grep', small)).status).toBe(200);
    for (const client of clients) client.destroy();
  }, 120_000);

  test('a reader that is slow gets all of it', async () => {
    const repository = makeRepository();
    repository.commit(files);
    const target = await served({});
    const body = { repo: repository.path, pattern: '', rev: 'HEAD', maxCount: 40_000 };
    const socket = askAndWait(target, 'grep', body, 'application/x-ndjson');
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => {
      if (pieces.push(piece) % 7 !== 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), 20);
    });
    socket.resume();
    await until(() => pieces.slice(-3).some((piece) => piece.includes('{"result":')), 40_000);
    expect(Buffer.concat(pieces).toString().split('{"item":')).toHaveLength(40_001);
  }, 120_000);

  test('one answer in one piece has a bound, which the error names with the way out; a stream has none', async () => {
    const repository = makeRepository();
    repository.commit(files);
    const target = await served({ answerBytes: 1 << 20 });
    const body = { repo: repository.path, pattern: '', rev: 'HEAD' };
    const refused = await post(target, 'grep', body);
    expect(refused.status).toBe(413);
    expect(refused.json()).toMatchObject({ error: { code: 'TOO_LARGE', data: { limitBytes: 1 << 20 } } });
    expect(target.handler.heldBytes).toBe(0);
    const streamed = await post(target, 'grep', body, { accept: 'application/x-ndjson' });
    expect(streamed.lines()).toHaveLength(6 * 9000 + 1);
    expect((await post(target, 'grep-counts', body)).json<{ files: unknown[] }>().files).toHaveLength(6);
  }, 120_000);

  test('going away ends the search', async () => {
    const repository = makeRepository();
    repository.commit(files);
    const target = await served({});
    const body = { repo: repository.path, pattern: '', rev: 'HEAD' };
    const socket = askAndWait(target, 'grep', body, 'application/x-ndjson');
    socket.resume();
    await once(socket, 'data');
    socket.destroy();
    await until(() => target.handler.limiter.inFlight === 0);
    expect(target.handler.heldBytes).toBe(0);
  });
});
