import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
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
/** For how long a connection that is refused may take to read why. */
const refusedMs = 1000;

/**
 * A server that answers what is no HTTP with a coded error, times out who does not finish a request, and refuses connections beyond
 * `connectionsMax` with `SERVER_BUSY`. By default the rest of what may be open is for the store, git and watching.
 */
export function createHttpServer(
  listener: RequestListener,
  connectionsMax = Math.max(8, Math.min(connectionsUsual, Math.floor(openFilesMax() / 4))),
): Server {
  /** Connections that are too many: they were told so, whatever they ask. */
  const surplus = new WeakSet<Socket>();
  const server = createServer(serverOptions, (request, response) => {
    if (surplus.has(request.socket)) request.resume();
    else listener(request, response);
  });
  let connections = 0;
  server.on('connection', (socket) => {
    socket.once('close', () => connections--);
    if (++connections <= connectionsMax) return;
    surplus.add(socket);
    refuse(socket, connectionsMax);
  });
  // Beyond this many node closes a connection without a word; those that are refused are gone within `refusedMs`.
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
    socket.once('finish', () => socket.destroy());
    answerRaw(socket, status, { code, message: `not a request that can be answered: ${error.message}` });
  });
  return server;
}

/**
 * Tells a connection at once that it is one too many, without waiting for its request: what is refused holds its descriptor for no longer
 * than its client needs to read the answer. It is not closed before, since closing with unread bytes would take the answer back.
 */
function refuse(socket: Socket, limit: number): void {
  const message = `${limit} connections are open already, the limit`;
  socket.on('error', () => undefined);
  answerRaw(
    socket,
    '503 Service Unavailable',
    { code: 'SERVER_BUSY', message, hint: 'use connections again, or close them', data: { limit } },
    { 'retry-after': '1' },
  );
  setTimeout(() => socket.destroy(), refusedMs).unref();
}

function answerRaw(
  socket: Duplex,
  status: string,
  error: { code: string; message: string; hint?: string; data?: object },
  more: Readonly<Record<string, string>> = {},
): void {
  const body = JSON.stringify({ error });
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    connection: 'close',
    'content-length': Buffer.byteLength(body),
    ...more,
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${head.join('')}\r\n${body}`);
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
