import { requestSchema } from './json-schema.js';
import { operationsByName } from './operations.js';
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

let described: object | undefined;

/** The HTTP API as an OpenAPI 3.1 document. */
export function describeApi(version: string): object {
  described ??= {
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
      [...operationsByName.values()].map((entry) => [`/v1/${entry.name}`, describePath(entry)]),
    ),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: {
        Error: { description: 'What went wrong', content: { 'application/json': { schema: errorSchema } } },
      },
    },
  };
  return described;
}

function describePath(operation: Operation): object {
  const { name, summary, description, effect } = operation;
  const streams = 'stream' in operation;
  const json = { 'application/json': { schema: { type: 'object' } } };
  const lines = {
    'application/x-ndjson': {
      schema: { type: 'object', description: 'a line: progress, note, item, result or error' },
    },
  };
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
