/** The operation table and its transports; the only place that knows wire JSON. */
export type {
  Operation,
  ParameterSpec,
  OperationHost,
  HostDescription,
  HostEvent,
  HttpAccess,
  WatchDescription,
} from './operation.js';
export { parseUsers, visiting } from './visitors.js';
export type { Visitor } from './visitors.js';
export type { AuditLine, Users } from './http/guard.js';
export { aboutToEnd, isAboutToEnd } from './about-to-end.js';
export { operations, operationsByName } from './operations.js';
export { filterParameters, packageParameters, patternParameters, revParameter } from './parameters.js';
export { noteListener } from './notes.js';
export { failRequest } from './request-scope.js';
export { loadServer } from './load-server.js';
export type { McpHandler, RequestHandler } from './http/request-handler.js';
export { createMcpHttpHandler, createMcpServer, serveMcpStdio } from './mcp/serve-mcp.js';
export { HttpClient } from './client/http-client.js';
export type { DaemonAddress } from './client/http-client.js';
export { SocketClient, connectSocket } from './client/socket-client.js';
export type { ClientCall } from './client/wire-answer.js';
export { RemoteEngines } from './client/remote-engines.js';
export type { Transport } from './client/remote-engine.js';
