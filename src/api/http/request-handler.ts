import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CoppiceError, asCoppiceError, elapsedMs } from '../../base/index.js';
import type { Progress } from '../../engine/index.js';
import { noteListener } from '../notes.js';
import type { Operation, OperationContext, OperationHost, ParameterTable, ParameterValues } from '../operation.js';
import { operationsByName } from '../operations.js';
import { describeApi } from '../openapi.js';
import { checkRepoPath } from '../repo-path.js';
import { checkRequest } from '../validate.js';
import { checkOrigin, checkToken, type TcpAccess } from './guard.js';
import { Limiter } from './limiter.js';
import { Metrics } from './metrics.js';
import type { PageFiles } from './page-files.js';
import { NdjsonReply, sendError, sendJson, toWireError } from './reply.js';
import { readJsonBody } from './request-body.js';

export type McpHandler = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>;

export interface RequestHandlerOptions {
  readonly host: OperationHost;
  readonly version: string;
  readonly page: PageFiles;
  /** Made when first asked. */
  readonly mcp: () => Promise<McpHandler>;
}

const bodyBytesMax = 16 * 1024 * 1024;
const runningMax = 64;
const waitingMax = 1024;
const progressIntervalMs = 100;

/**
 * Answers HTTP requests. One instance serves the socket of the store, where the file system has decided who may connect,
 * and loopback, where `TcpAccess` decides.
 *
 *     POST /v1/OPERATION    an operation of the table; JSON in, JSON (or NDJSON, if accepted) out
 *     /mcp                  MCP over streamable HTTP
 *     GET  /metrics /healthz /openapi.json, and the page
 */
export class RequestHandler {
  readonly limiter = new Limiter(runningMax, waitingMax);
  private readonly metrics: Metrics;
  /** Responses that have not ended, by connection. */
  private readonly open = new WeakMap<Socket, Set<ServerResponse>>();
  private answered = 0;
  private latestMs = elapsedMs();

  constructor(private readonly options: RequestHandlerOptions) {
    this.metrics = new Metrics(
      () => options.host.describe(),
      () => this.limiter.inFlight,
    );
  }

  /** Requests answered so far. */
  get requests(): number {
    return this.answered;
  }

  /** When a request last began or ended, by `elapsedMs`. */
  get lastActiveMs(): number {
    return this.limiter.inFlight > 0 ? elapsedMs() : this.latestMs;
  }

  /** For a server: `tcp` unless it listens on the store's socket. */
  listener(tcp: TcpAccess | null): RequestListener {
    return (request, response) => {
      const startMs = elapsedMs();
      let outcome = 'ok';
      const path = pathOf(request);
      response.on('error', () => undefined); // the client went; `close` tells
      this.closeWithSocket(response);
      this.handle(request, response, path, tcp)
        .catch((error: unknown) => {
          const known = asCoppiceError(error);
          outcome = known.code;
          sendError(response, known);
        })
        .finally(() => {
          this.answered++;
          this.latestMs = elapsedMs();
          this.metrics.count(labelOf(path), outcome, elapsedMs() - startMs);
        });
    };
  }

  /** Has a response close with its connection, also while it waits for one before it on that: Node has it wait for ever. */
  private closeWithSocket(response: ServerResponse): void {
    const { socket } = response.req;
    let open = this.open.get(socket);
    if (open === undefined) {
      const responses = new Set<ServerResponse>();
      this.open.set(socket, (open = responses));
      socket.once('close', () => {
        for (const waiting of responses) waiting.destroy().emit('close');
      });
    }
    const responses = open.add(response);
    response.once('close', () => responses.delete(response));
  }

  private async handle(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    tcp: TcpAccess | null,
  ): Promise<void> {
    const { options } = this;
    response.setHeader('x-content-type-options', 'nosniff');
    if (tcp !== null) checkOrigin(request, tcp);
    const isGet = request.method === 'GET' || request.method === 'HEAD';
    if (isGet && path === '/healthz') return sendJson(response, 200, { status: 'ok', version: options.version });
    if (isGet && path === '/openapi.json') return sendJson(response, 200, describeApi(options.version));
    if (isGet && options.page.send(path, request.headers['if-none-match'], response)) return;
    if (tcp !== null) checkToken(request, tcp);
    response.setHeader('cache-control', 'no-store');
    if (isGet && path === '/metrics') {
      response.writeHead(200, { 'content-type': this.metrics.contentType }).end(await this.metrics.text());
      return;
    }
    if (path === '/mcp') {
      const body = request.method === 'POST' ? await readJsonBody(request, bodyBytesMax) : undefined;
      return (await options.mcp())(request, response, body);
    }
    const operation = operationsByName.get(/^\/v1\/([a-z-]+)$/.exec(path)?.[1] ?? '');
    if (operation === undefined) {
      throw new CoppiceError('ROUTE_NOT_FOUND', `there is nothing at ${path.slice(0, 200)}`, {
        hint: 'GET /openapi.json lists what can be asked',
      });
    }
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      throw new CoppiceError('USAGE', `${path} is asked with POST, not ${request.method ?? 'that'}`);
    }
    await this.serve(operation, request, response);
  }

  private async serve(operation: Operation, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = checkRequest(operation, await readJsonBody(request, bodyBytesMax));
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const streamed = /\bapplication\/x-ndjson\b/.test(request.headers.accept ?? '');
    const reply = streamed || 'stream' in operation ? new NdjsonReply(response) : null;
    const { repo, ...input } = body;
    let hasProgressed = false;
    const onProgress = throttled((progress) => {
      hasProgressed = true;
      if (streamed) reply?.hint({ progress });
      if (typeof repo === 'string') this.options.host.progress(repo, operation.name, progress);
    });
    const context = this.context(repo, { signal: gone.signal, onProgress });
    const answer = (): Promise<void> => answerOperation(operation, context, input, response, reply);
    const run = (): Promise<void> => noteListener.run((note) => (streamed ? reply?.hint({ note }) : undefined), answer);
    try {
      // Listening to events takes no place from those who wait for an answer.
      await (operation.name === 'events' ? run() : this.limiter.run(run));
    } catch (error) {
      if (reply === null || !reply.started || response.destroyed) throw error;
      await reply.end({ error: toWireError(asCoppiceError(error)) });
    } finally {
      if (hasProgressed && typeof repo === 'string') this.options.host.progress(repo, operation.name, null);
    }
  }

  private context(repo: unknown, call: OperationContext['call']): OperationContext {
    const { host } = this.options;
    const named = (): string => checkRepoPath(repo, 'name a work tree, a bare repository or a .git folder');
    return { engine: () => host.engines.open(named()), repo: named, host, call };
  }
}

async function answerOperation(
  operation: Operation,
  context: OperationContext,
  input: Record<string, unknown>,
  response: ServerResponse,
  reply: NdjsonReply | null,
): Promise<void> {
  const checked = input as ParameterValues<ParameterTable>;
  if ('stream' in operation) {
    for await (const item of operation.stream(context, checked)) {
      await reply!.line({ item });
      await reply!.flush();
    }
    return reply!.end({ result: {} });
  }
  const result = await operation.run(context, checked);
  if (response.destroyed) return;
  if (reply === null) return sendJson(response, 200, result);
  const { list } = operation;
  if (list === undefined) return reply.end({ result });
  const { [list]: items, ...rest } = result as Record<string, unknown>;
  for (const item of items as readonly unknown[]) await reply.line({ item });
  return reply.end({ result: rest });
}

/** Not more often than anybody can look, except for the last step. */
function throttled(tell: (progress: Progress) => void): (progress: Progress) => void {
  let nextMs = 0;
  return (progress) => {
    const nowMs = elapsedMs();
    if (nowMs < nextMs && progress.done !== progress.total) return;
    nextMs = nowMs + progressIntervalMs;
    tell(progress);
  };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

/** Few names, whatever is asked for. */
function labelOf(path: string): string {
  const name = /^\/v1\/([a-z-]+)$/.exec(path)?.[1];
  if (name !== undefined && operationsByName.has(name)) return name;
  return ['/mcp', '/metrics', '/healthz', '/openapi.json'].includes(path) ? path.slice(1) : 'other';
}
