import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { operationsByName } from '../../src/api/index.js';
import { requestSchema } from '../../src/api/json-schema.js';

test.each([...operationsByName.values()].map((operation) => [operation.name, operation] as const))(
  'what %s takes is told by a schema that is one itself',
  (_, operation) => {
    const ajv = new Ajv({ strict: true });
    expect(ajv.validateSchema(requestSchema(operation)), ajv.errorsText()).toBe(true);
  },
);
