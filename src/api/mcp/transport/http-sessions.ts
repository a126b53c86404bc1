import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { visiting } from '../../visitors.js';
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

/** The user who asks, where there are users. */
const asker = (): string | null => visiting.getStore()?.name ?? null;

/** Finds the session that a request belongs to. There are only so many: one that nobody is connected to makes room for a new one. */
export class HttpSessions {
  private readonly sessions = new Map<string, { readonly session: HttpSession; readonly owner: string | null }>();

  constructor(private readonly options: HttpSessionsOptions) {}

  async handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const id = request.headers['mcp-session-id'];
    if (typeof id === 'string') {
      const known = this.sessions.get(id);
      // Another's does not exist, whoever may have told its id.
      if (known !== undefined && known.owner === asker()) return known.session.handle(request, response, body);
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
    const owner = asker();
    const session = new HttpSession({
      server: this.options.makeServer(),
      idleMs: this.options.idleMs,
      onOpen: (id) => {
        opened = true;
        if (this.isFull) void this.longestUnused()?.close();
        this.sessions.set(id, { session, owner });
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
    const unused = Array.from(this.sessions.values(), ({ session }) => session).filter(({ isBusy }) => !isBusy);
    return unused.sort((a, b) => a.lastUsedMs - b.lastUsedMs)[0];
  }
}
