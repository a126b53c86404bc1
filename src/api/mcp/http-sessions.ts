import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { HttpSession } from './http-session.js';
import { sendRpcError } from './rpc-error.js';

export interface HttpSessionsOptions {
  readonly makeServer: () => Server;
  readonly sessionsMax: number;
  readonly idleMs: number;
}

// Codes as the SDK's transport uses them.
const badRequest = -32000;
const sessionNotFound = -32001;

/** Finds the session that a request belongs to. There are only so many: one that nobody is connected to makes room for a new one. */
export class HttpSessions {
  private readonly sessions = new Map<string, HttpSession>();

  constructor(private readonly options: HttpSessionsOptions) {}

  async handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const id = request.headers['mcp-session-id'];
    if (typeof id === 'string') {
      const session = this.sessions.get(id);
      if (session !== undefined) return session.handle(request, response, body);
      // The client is to begin anew: that is what this status means to it.
      return sendRpcError(response, 404, sessionNotFound, 'Session not found');
    }
    const begins = request.method === 'POST' && (Array.isArray(body) ? body : [body]).some(isInitializeRequest);
    if (!begins) return sendRpcError(response, 400, badRequest, 'begin with initialize, then send Mcp-Session-Id');
    if (this.isFull && this.longestUnused() === undefined) {
      response.setHeader('retry-after', '10');
      return sendRpcError(response, 503, badRequest, `all ${this.options.sessionsMax} sessions are in use`);
    }
    await this.begin(request, response, body);
  }

  private async begin(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    let opened = false;
    const session = new HttpSession({
      server: this.options.makeServer(),
      idleMs: this.options.idleMs,
      onOpen: (id) => {
        opened = true;
        if (this.isFull) void this.longestUnused()?.close();
        this.sessions.set(id, session);
      },
      onClose: (id) => this.sessions.delete(id ?? ''),
    });
    await session.connect();
    await session.handle(request, response, body);
    if (!opened) await session.close();
  }

  private get isFull(): boolean {
    return this.sessions.size >= this.options.sessionsMax;
  }

  private longestUnused(): HttpSession | undefined {
    const unused = [...this.sessions.values()].filter(({ isBusy }) => !isBusy);
    return unused.sort((a, b) => a.lastUsedMs - b.lastUsedMs)[0];
  }
}
