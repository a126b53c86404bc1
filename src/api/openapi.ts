import { readFileSync } from 'node:fs';
import { requestSchema } from './json-schema.js';
import { operations, operationsByName } from './operations.js';
import type { Operation } from './operation.js';

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', description: 'stable; to be matched on' },
        message: { type: 'string' },
        hint: { type: 'string', description: 'the way out' },
        data: { type: 'object', description: 'facts for programs' },
      },
    },
  },
};

/**
 * What operations answer, by their names in the table. Made from the types when the package is built; from sources alone
 * they are not described.
 */
function readResultSchemas(): ReadonlyMap<string, object> {
  let byKey: Readonly<Record<string, object>> = {};
  try {
    byKey = JSON.parse(readFileSync(new URL('./result-schemas.json', import.meta.url), 'utf8')) as typeof byKey;
  } catch {
    // Not built.
  }
  return new Map(Object.entries(operations).map(([key, { name }]) => [name, byKey[key] ?? { type: 'object' }]));
}

let described: object | undefined;

/** The HTTP API as an OpenAPI 3.1 document. */
export function describeApi(version: string): object {
  return (described ??= describe(version, readResultSchemas()));
}

function describe(version: string, results: ReadonlyMap<string, object>): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Coppice',
      version,
      summary: 'Versioned code search: every branch, tag, commit, fork and work tree of a repository',
      description:
        'Every operation is a POST with a JSON object. Sent with `Accept: application/x-ndjson`, the answer is a stream of lines: ' +
        '`{"progress":…}` and `{"note":…}` while it works, an `{"item":…}` for each element of its list, and last ' +
        '`{"result":…}` without that list, or `{"error":…}`. Closing the connection cancels.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths: Object.fromEntries(
      [...operationsByName.values()].map((entry) => [
        `/v1/${entry.name}`,
        describePath(entry, results.get(entry.name)!),
      ]),
    ),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: {
        Error: { description: 'What went wrong', content: { 'application/json': { schema: errorSchema } } },
      },
    },
  };
}

function describePath(operation: Operation, result: object): object {
  const { name, summary, description, effect } = operation;
  const streams = 'stream' in operation;
  const json = { 'application/json': { schema: result } };
  const line = {
    type: 'object',
    description: 'a line: progress, note, item, result or error',
    ...(streams ? { properties: { item: result } } : {}),
  };
  const lines = { 'application/x-ndjson': { schema: line } };
  return {
    post: {
      operationId: name,
      summary,
      ...(description === undefined ? {} : { description }),
      'x-effect': effect,
      requestBody: {
        required: true,
        content: { 'application/json': { schema: requestSchema(operation) } },
      },
      responses: {
        200: { description: 'The answer', content: streams ? lines : { ...json, ...lines } },
        '4XX': { $ref: '#/components/responses/Error' },
        '5XX': { $ref: '#/components/responses/Error' },
      },
    },
  };
}
