import type { ServerResponse } from 'node:http';

/** Refuses an HTTP request as the SDK's transport does: a JSON-RPC error that belongs to no request. */
export function sendRpcError(response: ServerResponse, status: number, code: number, message: string): void {
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null });
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
