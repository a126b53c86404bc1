import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Readable, Writable } from 'node:stream';
import type { ToolCallerOptions } from './tool-caller.js';

// The SDK takes a tenth of a second to load: it is loaded when first needed.

export interface McpServerOptions extends ToolCallerOptions {
  readonly version: string;
}

export interface McpHttpOptions extends McpServerOptions {
  /** Clients at the same time. Default 100. */
  readonly sessionsMax?: number;
  /** A session ends after so long without a request. Default 30 minutes. */
  readonly sessionIdleMs?: number;
}

/** A server for one client, to be connected to a transport. It does not close the engines. */
export async function createMcpServer(options: McpServerOptions): Promise<Server> {
  const [{ makeMcpServer }, { ToolCaller }] = await Promise.all([
    import('./mcp-server.js'),
    import('./tool-caller.js'),
  ]);
  return makeMcpServer(new ToolCaller(options), options.version);
}

/** Serves standard input and output until the client closes them or the signal aborts. */
export async function serveMcpStdio(
  server: Server,
  signal?: AbortSignal,
  { input, output }: { input: Readable; output: Writable } = { input: process.stdin, output: process.stdout },
): Promise<void> {
  const { StdioTransport } = await import('./transport/stdio-transport.js');
  const transport = new StdioTransport(input, output);
  const stop = (): void => void transport.close();
  signal?.addEventListener('abort', stop, { once: true });
  await server.connect(transport);
  if (signal?.aborted) stop();
  await transport.closed;
  signal?.removeEventListener('abort', stop);
}

/**
 * Serves MCP over streamable HTTP. What is in front of it has read the body (as JSON, of a POST) and checked who asks.
 */
export async function createMcpHttpHandler(
  options: McpHttpOptions,
): Promise<(request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>> {
  const [{ makeMcpServer }, { ToolCaller }, { HttpSessions }] = await Promise.all([
    import('./mcp-server.js'),
    import('./tool-caller.js'),
    import('./transport/http-sessions.js'),
  ]);
  const caller = new ToolCaller(options);
  const sessions = new HttpSessions({
    makeServer: () => makeMcpServer(caller, options.version),
    sessionsMax: options.sessionsMax ?? 100,
    idleMs: options.sessionIdleMs ?? 30 * 60_000,
  });
  return (request, response, body) => sessions.handle(request, response, body);
}
