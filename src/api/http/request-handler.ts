import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CoppiceError, asCoppiceError, elapsedMs, type Batches } from '../../base/index.js';
import { allRepositories } from '../../model/index.js';
import type { Progress } from '../../engine/index.js';
import { aboutToEnd } from '../about-to-end.js';
import { noteListener } from '../notes.js';
import { failable } from '../request-scope.js';
import type { Operation, OperationContext, OperationHost, ParameterTable, ParameterValues } from '../operation.js';
import { operationsByName } from '../operations.js';
import { describeApi } from '../openapi.js';
import { checkPlace } from '../place.js';
import { checkRequest } from '../validate.js';
import { auditing, checkAllowed, checkOwnFiles, checkVisitor, visiting, type Audit } from '../visitors.js';
import { AnswerMemory, answerLimits, type AnswerLimits } from './answer-memory.js';
import { ByteBudget } from './byte-budget.js';
import { checkOrigin, checkToken, type TcpAccess } from './guard.js';
import { Limiter } from './limiter.js';
import { Metrics } from './metrics.js';
import type { PageFiles } from './page-files.js';
import { JsonReply, NdjsonReply, sendError, sendJson, toWireError, type WaitAside } from './reply.js';
import { readJsonBody } from './request-body.js';

export type McpHandler = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>;

export interface RequestHandlerOptions {
  readonly host: OperationHost;
  readonly version: string;
  readonly page: PageFiles;
  /** Made when first asked. */
  readonly mcp: () => Promise<McpHandler>;
  /** Others than usual. */
  readonly limits?: Partial<AnswerLimits>;
}

const bodyBytesMax = 16 * 1024 * 1024;
/** Of all requests that have no answer yet. */
const bodiesBytesMax = 64 * 1024 * 1024;
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
  private readonly answers: AnswerMemory;
  private readonly bodies = new ByteBudget(bodiesBytesMax, 'requests under way');
  private readonly metrics: Metrics;
  /** Responses that have not ended, by connection. */
  private readonly open = new WeakMap<Socket, Set<ServerResponse>>();
  /** What runs patterns, which may take until its deadline for nothing. */
  private readonly searches = new Set<AbortController>();
  private isEnding = false;
  private answered = 0;
  private latestMs = elapsedMs();

  constructor(private readonly options: RequestHandlerOptions) {
    this.answers = new AnswerMemory({ ...answerLimits, ...options.limits });
    this.metrics = new Metrics(() => options.host.describe(), {
      inFlight: () => this.limiter.inFlight,
      answerBytes: () => this.answers.bytes,
      bodyBytes: () => this.bodies.bytes,
    });
  }

  /** Bytes of answers that clients have not taken yet. */
  get heldBytes(): number {
    return this.answers.bytes;
  }

  /** Requests answered so far. */
  get requests(): number {
    return this.answered;
  }

  /** When a request last began or ended, by `elapsedMs`. */
  get lastActiveMs(): number {
    return this.limiter.inFlight > 0 ? elapsedMs() : this.latestMs;
  }

  /** The process is about to end: searches are answered with SERVER_BUSY, as they lose nothing by it. */
  endSearches(): void {
    this.isEnding = true;
    for (const search of this.searches) search.abort();
  }

  /** For a server: `tcp` unless it listens on the store's socket. */
  listener(tcp: TcpAccess | null): RequestListener {
    return (request, response) => {
      const startMs = elapsedMs();
      let outcome = 'ok';
      const path = pathOf(request);
      response.on('error', () => undefined); // the client went; `close` tells
      this.closeWithSocket(response);
      const audit: Audit = { user: null, repo: null, tool: null };
      failable(() => this.handle(request, response, path, tcp, audit))
        .catch((error: unknown) => {
          const known = asCoppiceError(error);
          outcome = known.code;
          sendError(response, known);
        })
        .finally(() => {
          this.answered++;
          this.latestMs = elapsedMs();
          this.metrics.count(labelOf(path), outcome, elapsedMs() - startMs);
          const tookMs = Math.round(elapsedMs() - startMs);
          const users = tcp?.users;
          if (users === undefined) return;
          const tell = (): void => users.audit({ ...audit, what: labelOf(path), outcome, tookMs });
          // What a tool of MCP does goes on until its answer is out.
          if (response.closed) tell();
          else response.once('close', tell);
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
    audit: Audit,
  ): Promise<void> {
    const { options } = this;
    response.setHeader('x-content-type-options', 'nosniff');
    if (tcp !== null) checkOrigin(request, tcp);
    const isGet = request.method === 'GET' || request.method === 'HEAD';
    if (isGet && path === '/healthz') return sendJson(response, 200, { status: 'ok', version: options.version });
    if (isGet && path === '/openapi.json') return sendJson(response, 200, describeApi(options.version));
    if (isGet && options.page.send(path, request.headers['if-none-match'], response)) return;
    const users = tcp?.users;
    if (users !== undefined) {
      const visitor = checkVisitor(request, (token) => users.find(token));
      audit.user = visitor.name;
      const route = (): Promise<void> => this.route(request, response, path, isGet, audit);
      return auditing.run(audit, () => visiting.run(visitor, route));
    }
    if (tcp !== null) checkToken(request, tcp);
    return this.route(request, response, path, isGet, audit);
  }

  /** Answers who has been let in. */
  private async route(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    isGet: boolean,
    audit: Audit,
  ): Promise<void> {
    const { options } = this;
    response.setHeader('cache-control', 'no-store');
    if (isGet && path === '/metrics') {
      if (visiting.getStore()?.maySeeMetrics === false) {
        throw new CoppiceError('FORBIDDEN', 'metrics are of all repositories together', {
          hint: 'who runs this server allows them with "metrics": true',
        });
      }
      response.writeHead(200, { 'content-type': this.metrics.contentType }).end(await this.metrics.text());
      return;
    }
    if (path === '/mcp') {
      const body = request.method === 'POST' ? await this.readBody(request, response) : undefined;
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
    checkAllowed(operation);
    await this.serve(operation, request, response, audit);
  }

  private async serve(
    operation: Operation,
    request: IncomingMessage,
    response: ServerResponse,
    audit: Audit,
  ): Promise<void> {
    const body = checkRequest(operation, await this.readBody(request, response));
    if (typeof body['repo'] === 'string') audit.repo = body['repo'];
    checkOwnFiles(body);
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const ndjson = /\bapplication\/x-ndjson\b([^,]*)/.exec(request.headers.accept ?? '');
    const streamed = ndjson !== null;
    const held = this.answers.hold(() => response.destroy());
    response.once('close', () => held.release());
    // Listening to events takes no place from those who wait for an answer.
    const inLine = operation.name !== 'events';
    const aside: WaitAside = (wait) => (inLine ? this.limiter.outside(wait) : wait());
    const reply =
      streamed || 'stream' in operation
        ? new NdjsonReply(response, held, aside, /;\s*lines=items\b/.test(ndjson?.[1] ?? ''))
        : new JsonReply(response, held, aside);
    const hint =
      streamed && reply instanceof NdjsonReply ? (value: object) => reply.hint(value) : (): void => undefined;
    const { repo, ...input } = body;
    let hasProgressed = false;
    const onProgress = throttled((progress) => {
      hasProgressed = true;
      hint({ progress });
      if (typeof repo === 'string') this.options.host.progress(repo, operation.name, progress);
    });
    const context = this.context(repo, { signal: gone.signal, onProgress });
    const answer = (): Promise<void> => answerOperation(operation, context, input, reply);
    const run = (): Promise<void> => noteListener.run((note) => hint({ note }), answer);
    if (Object.hasOwn(operation.parameters, 'deadlineMs')) this.searches.add(gone);
    try {
      await (inLine ? this.limiter.run(() => failable(run), patienceOf(input)) : run());
    } catch (thrown) {
      const error = this.isEnding && gone.signal.aborted ? aboutToEnd() : thrown;
      if (!(reply instanceof NdjsonReply) || !reply.started || response.destroyed) throw error;
      await reply.end({ error: toWireError(asCoppiceError(error)) });
    } finally {
      this.searches.delete(gone);
      if (hasProgressed && typeof repo === 'string') this.options.host.progress(repo, operation.name, null);
    }
  }

  /** The body counts as held until the answer is out: what it holds may be needed so long. */
  private readBody(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const { bodies } = this;
    let held = 0;
    response.once('close', () => {
      bodies.give(held);
      held = -Infinity;
    });
    return readJsonBody(request, bodyBytesMax, (bytes) => {
      if (held < 0) throw new CoppiceError('ABORTED', 'the client went away while it was sending');
      bodies.take(bytes);
      held += bytes;
    });
  }

  private context(repo: unknown, call: OperationContext['call']): OperationContext {
    const { host } = this.options;
    const named = (): string =>
      checkPlace(
        repo,
        'name a work tree, a bare repository, a known repository by its name, or view:NAME',
        host.hasNames,
      );
    const { engines } = host;
    return {
      engine: () => engines.open(named()),
      repo: named,
      anywhere: () => engines.open(allRepositories),
      host,
      call,
    };
  }
}

/** What runs a pattern has a deadline, and waits for its turn no longer than that. */
const patienceOf = ({ deadlineMs }: Record<string, unknown>): number =>
  typeof deadlineMs === 'number' ? deadlineMs : Infinity;

async function answerOperation(
  operation: Operation,
  context: OperationContext,
  input: Record<string, unknown>,
  reply: JsonReply | NdjsonReply,
): Promise<void> {
  const checked = input as ParameterValues<ParameterTable>;
  if ('stream' in operation) {
    for await (const item of operation.stream(context, checked)) await reply.items([item]);
    return endReply(reply, {});
  }
  const { list } = operation;
  if ('batches' in operation) {
    const rest = await sendBatches(operation.batches(context, checked), reply);
    return endReply(reply, rest, list);
  }
  const result = await operation.run(context, checked);
  if (list === undefined) return endReply(reply, result);
  const { [list]: items, ...rest } = result as Record<string, unknown>;
  await reply.items(items as readonly unknown[]);
  return endReply(reply, rest, list);
}

const endReply = (reply: JsonReply | NdjsonReply, rest: object, list?: string): Promise<void> =>
  reply instanceof JsonReply ? reply.end(rest, list) : reply.end({ result: rest });

/** Sends a list as it is found; nothing is searched while the client is behind. */
async function sendBatches<R>(batches: Batches<unknown, R>, reply: JsonReply | NdjsonReply): Promise<R> {
  try {
    for (;;) {
      const next = await batches.next();
      if (next.done === true) return next.value;
      await reply.items(next.value);
    }
  } finally {
    await batches.return(undefined as R);
  }
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
