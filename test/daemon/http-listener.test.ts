import { request, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createHttpServer, listen } from '../../src/daemon/http-listener.js';

const opened: { server: Server; sockets: Socket[] }[] = [];

afterEach(() => {
  for (const { server, sockets } of opened.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  }
});

async function serve(connectionsMax: number): Promise<{ port: number; sockets: Socket[] }> {
  const server = createHttpServer((_, response) => void response.end('ok'), connectionsMax);
  const sockets: Socket[] = [];
  opened.push({ server, sockets });
  await listen(server, { host: '127.0.0.1', port: 0 });
  return { port: (server.address() as AddressInfo).port, sockets };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** Status and body, or the code of what went wrong with the connection. */
function ask(port: number, body: string): Promise<string> {
  return new Promise((resolve) => {
    const headers = { 'content-length': Buffer.byteLength(body) };
    const asked = request({ port, host: '127.0.0.1', method: 'POST', agent: false, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
      response.on('error', (error) => resolve(error.message));
    });
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end(body);
  });
}

test.each([
  ['a short question', 'x'],
  ['a long question', 'x'.repeat(300_000)],
])('connections beyond the limit are told so, all of them: %s', async (_, body) => {
  const { port, sockets } = await serve(8);
  for (let n = 0; n < 8; n++) sockets.push(await open(port));
  for (let round = 0; round < 12; round++) {
    const answers = await Promise.all(Array.from({ length: 7 }, () => ask(port, body)));
    for (const answer of answers) expect(answer).toMatch(/^503 .*"SERVER_BUSY".*"limit":8/);
  }
  sockets.pop()!.destroy();
  await expect.poll(() => ask(port, body)).toBe('200 ok');
});

test('who never reads that it is refused is gone after a second', async () => {
  const { port, sockets } = await serve(1);
  sockets.push(await open(port));
  const silent = await open(port);
  silent.pause();
  sockets.push(silent);
  const closed = new Promise((resolve) => silent.once('close', resolve));
  setTimeout(() => silent.resume(), 1200);
  await closed;
});
