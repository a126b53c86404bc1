import type { Operation } from './operation.js';
import * as evaluation from './operations/evaluation.js';
import * as forks from './operations/forks.js';
import * as process from './operations/process.js';
import * as read from './operations/read.js';
import * as search from './operations/search.js';
import * as store from './operations/store.js';

/** Everything that can be asked, by name. HTTP, MCP, OpenAPI and the client are made from this table. */
export const operations = { ...search, ...read, ...forks, ...store, ...evaluation, ...process };

export type Operations = typeof operations;

// Sound because what a handler gets was checked against its own parameters.
const table = Object.values(operations) as unknown as readonly Operation[];

export const operationsByName: ReadonlyMap<string, Operation> = new Map(
  table.map((operation) => [operation.name, operation]),
);
