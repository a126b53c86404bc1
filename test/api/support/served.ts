import { request, type IncomingMessage, type OutgoingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import type { AnswerLimits } from '../../../src/api/http/answer-memory.js';
import { PageFiles } from '../../../src/api/http/page-files.js';
import { RequestHandler } from '../../../src/api/http/request-handler.js';
import type { HostEvent, McpHandler, OperationHost } from '../../../src/api/index.js';
import { createHttpServer, listen } from '../../../src/daemon/http-listener.js';
import { openEngines, type LocalEngines } from '../../../src/engine/index.js';
import { makeFolder } from '../../support/git.js';

export const token = 'a-token-for-tests';

export interface Served {
  readonly url: string;
  readonly port: number;
  readonly engines: LocalEngines;
  readonly handler: RequestHandler;
  readonly server: Server;
  close(): Promise<void>;
}

/** The request handler behind a real server on loopback, over real engines. */
export async function serve(
  more: { page?: string; mcp?: (engines: LocalEngines) => McpHandler; limits?: Partial<AnswerLimits> } = {},
): Promise<Served> {
  const engines = await openEngines({ store: `${makeFolder()}/store`, workers: 0 });
  const host: OperationHost = {
    engines,
    async *events(): AsyncGenerator<HostEvent> {
      yield { kind: 'listening' };
      await Promise.resolve();
    },
    progress: () => undefined,
    sweep: () => Promise.resolve(),
    describe: () => ({
      pid: process.pid,
      version: '0.0.0',
      startedMs: 0,
      rssBytes: process.memoryUsage.rss(),
      http: null,
      repositories: [],
      worktrees: [],
      requests: 0,
    }),
    listenHttp: () => Promise.reject(new Error('it listens')),
    shutDown: () => undefined,
  };
  const handler = new RequestHandler({
    host,
    version: '0.0.0',
    page: new PageFiles(pathToFileURL(`${more.page ?? makeFolder()}/`)),
    ...(more.limits && { limits: more.limits }),
    mcp: () => (more.mcp ? Promise.resolve(more.mcp(engines)) : Promise.reject(new Error('no MCP here'))),
  });
  const tcp = { token, port: 0 };
  const server = createHttpServer((incoming, outgoing) => handler.listener(tcp)(incoming, outgoing));
  await listen(server, { host: '127.0.0.1', port: 0 });
  tcp.port = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${tcp.port}`,
    port: tcp.port,
    engines,
    handler,
    server,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await engines.close();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  json<T = Record<string, unknown>>(): T;
  lines<T = Record<string, unknown>>(): T[];
}

export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** One request as it is given, with nothing added but the token unless `authorization` is given. */
export function ask({ port }: Pick<Served, 'port'>, { method = 'POST', path, headers, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = { authorization: `Bearer ${token}`, ...headers };
    const sent = request({ host: '127.0.0.1', port, method, path, headers: all, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text,
          json: <T>() => JSON.parse(text) as T,
          lines: <T>() =>
            text
              .split('\n')
              .filter(Boolean)
              .map((line) => JSON.parse(line) as T),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** An operation with a JSON body. */
export function post(
  served: Pick<Served, 'port'>,
  operation: string,
  body: unknown,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  return ask(served, {
    path: `/v1/${operation}`,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}
