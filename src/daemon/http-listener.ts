import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { CoppiceError, systemErrorCode } from '../base/index.js';

const serverOptions: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
};
const connectionsMax = 512;

/** A server that answers what is no HTTP with a coded error, and times out who does not finish a request. */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(serverOptions, listener);
  server.maxConnections = connectionsMax;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || socket.destroyed || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const status = statusOfClientError[error.code ?? ''] ?? '400 Bad Request';
    const code = status.startsWith('400') ? 'USAGE' : status.startsWith('408') ? 'ABORTED' : 'REQUEST_TOO_LARGE';
    const body = JSON.stringify({ error: { code, message: `not a request that can be answered: ${error.message}` } });
    const head = [`HTTP/1.1 ${status}`, 'content-type: application/json; charset=utf-8', 'connection: close'];
    socket.end(`${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () =>
      socket.destroy(),
    );
  });
  return server;
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
