import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { ErrorCode, JSONRPCMessageSchema, isJSONRPCRequest, type RequestId } from '@modelcontextprotocol/sdk/types.js';
import { IdleTimer, elapsedMs } from '../../../base/index.js';
import { sendRpcError } from './rpc-error.js';

interface HttpSessionOptions {
  readonly server: Server;
  /** Closes itself after so long without a request. */
  readonly idleMs: number;
  readonly onOpen: (id: string) => void;
  readonly onClose: (id: string | undefined) => void;
}

/** One client over streamable HTTP: the SDK's transport, and what it leaves open when clients cancel or go away. */
export class HttpSession {
  private readonly transport: StreamableHTTPServerTransport;
  private readonly idle: IdleTimer;
  /** Requests that have no answer yet, by their id, and where it goes. */
  private readonly running = new Map<RequestId, ServerResponse>();
  private connections = 0;
  private usedMs = elapsedMs();

  constructor(private readonly options: HttpSessionOptions) {
    const { server, idleMs, onOpen, onClose } = options;
    this.transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: onOpen,
    });
    this.idle = new IdleTimer(idleMs, () => (this.isBusy ? this.idle.touch() : void this.close()));
    server.onclose = () => {
      this.idle.stop();
      onClose(this.transport.sessionId);
    };
  }

  /** Whether a client is connected to it. */
  get isBusy(): boolean {
    return this.connections > 0;
  }

  /** When it was last used, by `elapsedMs`. */
  get lastUsedMs(): number {
    return this.usedMs;
  }

  async connect(): Promise<void> {
    await this.options.server.connect(this.transport);
  }

  async handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const { requests, cancelled } = readMessages(body);
    if (new Set([...requests, ...this.running.keys()]).size < requests.length + this.running.size) {
      sendRpcError(response, 400, ErrorCode.InvalidRequest, 'a request of this id is not answered yet');
      return;
    }
    for (const id of requests) this.running.set(id, response);
    this.connections++;
    this.touch();
    response.on('close', () => {
      this.connections--;
      this.touch();
      // Nothing is kept for a client that comes back: what it asked for would be computed for nobody.
      if (!response.writableFinished) for (const id of requests) this.cancel(id);
      for (const id of requests) this.running.delete(id);
    });
    await this.transport.handleRequest(request, response, body);
    for (const id of cancelled) this.cancel(id);
  }

  close(): Promise<void> {
    return this.options.server.close();
  }

  private touch(): void {
    this.usedMs = elapsedMs();
    this.idle.touch();
  }

  /** Ends a request without an answer. The SDK would keep its stream, and what it knows of it, for ever. */
  private cancel(id: RequestId): void {
    const response = this.running.get(id);
    if (response === undefined) return;
    this.running.delete(id);
    this.transport.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
    // Others of a batch still need the stream.
    if (![...this.running.values()].includes(response)) this.transport.closeSSEStream(id);
    const error = { code: ErrorCode.ConnectionClosed, message: 'cancelled' };
    this.transport.send({ jsonrpc: '2.0', id, error }).catch(() => undefined); // nobody is there to read it: that is the point
  }
}

/** Ids of the requests in a body, and of those that it cancels. What is no message is for the transport to refuse. */
function readMessages(body: unknown): { requests: RequestId[]; cancelled: RequestId[] } {
  const requests: RequestId[] = [];
  const cancelled: RequestId[] = [];
  for (const value of Array.isArray(body) ? (body as unknown[]) : [body]) {
    const { data: message } = JSONRPCMessageSchema.safeParse(value);
    if (message === undefined || !('method' in message)) continue;
    if (isJSONRPCRequest(message)) requests.push(message.id);
    else if (message.method === 'notifications/cancelled') cancelled.push(message.params?.['requestId'] as RequestId);
  }
  return { requests, cancelled };
}
