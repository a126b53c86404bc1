import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CoppiceError, systemErrorCode } from '../base/index.js';
import { openFilesMax } from '../git/index.js';

const serverOptions: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
};
const connectionsUsual = 512;

/** A server that answers what is no HTTP with a coded error, and times out who does not finish a request. */
export function createHttpServer(listener: RequestListener): Server {
  /** Connections that are too many: whatever they ask, they are told so. */
  const surplus = new WeakSet<Socket>();
  const server = createServer(serverOptions, (request, response) => {
    if (surplus.has(request.socket)) refuse(response, connectionsMax);
    else listener(request, response);
  });
  // The rest of what may be open is for the store, git and watching.
  const connectionsMax = Math.max(8, Math.min(connectionsUsual, Math.floor(openFilesMax() / 4)));
  let connections = 0;
  server.on('connection', (socket) => {
    socket.once('close', () => connections--);
    if (++connections > connectionsMax) surplus.add(socket);
  });
  server.maxConnections = 2 * connectionsMax;
  // Connections that could not be accepted (no descriptors left) are told here, one by one; who listens is told by `listen`.
  server.on('error', () => undefined);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || socket.destroyed || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const status = statusOfClientError[error.code ?? ''] ?? '400 Bad Request';
    const code = status.startsWith('400') ? 'USAGE' : status.startsWith('408') ? 'ABORTED' : 'REQUEST_TOO_LARGE';
    answerRaw(socket, status, { code, message: `not a request that can be answered: ${error.message}` });
  });
  return server;
}

function refuse(response: ServerResponse, limit: number): void {
  const message = `${limit} connections are open already, the limit`;
  const body = JSON.stringify({
    error: { code: 'SERVER_BUSY', message, hint: 'use connections again, or close them', data: { limit } },
  });
  const headers = { 'content-type': 'application/json; charset=utf-8', connection: 'close', 'retry-after': '1' };
  response.on('error', () => undefined);
  response.writeHead(503, headers).end(body);
}

function answerRaw(socket: Duplex, status: string, error: { code: string; message: string; data?: object }): void {
  const body = JSON.stringify({ error });
  const head = [`HTTP/1.1 ${status}`, 'content-type: application/json; charset=utf-8', 'connection: close'];
  socket.end(`${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () =>
    socket.destroy(),
  );
}

const statusOfClientError: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

export function listen(server: Server, where: string | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenFailed(error, where)));
    server.listen(where, resolve);
  });
}

function listenFailed(error: Error, where: string | { host: string; port: number }): CoppiceError {
  const place = typeof where === 'string' ? where : `port ${where.port}`;
  const hint = systemErrorCode(error) === 'EADDRINUSE' ? 'choose another port, or 0 for any free one' : undefined;
  return new CoppiceError('CANNOT_LISTEN', `cannot listen on ${place}: ${error.message}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/** Stays the same over restarts, so that clients that were told it go on working. Delete the file for a new one. */
export function readOrMakeToken(path: string): string {
  try {
    const known = readFileSync(path, 'utf8').trim();
    if (/^[\w-]{43}$/.test(known)) {
      chmodSync(path, 0o600);
      return known;
    }
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  const token = randomBytes(32).toString('base64url');
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  chmodSync(path, 0o600); // a file that was there keeps its mode
  return token;
}
