import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { CoppiceError } from '../base/index.js';
import { requestSchema } from './json-schema.js';
import type { Operation } from './operation.js';

// The schemas are ours, and tested: to check them as well takes most of the time of a daemon's first answer.
const ajv = new Ajv({ useDefaults: true, strict: true, meta: false, validateSchema: false });
const validators = new Map<string, ValidateFunction>();

/** Fills in defaults. USAGE names the parameter that is wrong and what it should be. */
export function checkRequest(operation: Operation, body: unknown): Record<string, unknown> {
  let validate = validators.get(operation.name);
  if (validate === undefined) {
    validate = ajv.compile(requestSchema(operation));
    validators.set(operation.name, validate);
  }
  if (!validate(body)) throw describe(operation, validate.errors?.[0]);
  return body as Record<string, unknown>;
}

function describe({ name, parameters, repo }: Operation, error: ErrorObject | undefined): CoppiceError {
  const taken = [...(repo === 'none' ? [] : ['repo']), ...Object.keys(parameters)].join(', ') || 'nothing';
  const where = error?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  const detail = error?.params as Record<string, unknown> | undefined;
  const hint = `${name} takes: ${taken}`;
  const said = (message: string): CoppiceError =>
    new CoppiceError('USAGE', message, { hint, data: { operation: name, parameter: where } });
  switch (error?.keyword) {
    case 'additionalProperties':
      return said(`unknown parameter ${JSON.stringify(detail?.['additionalProperty'])}${where && ` in ${where}`}`);
    case 'required':
      return said(`${where && `${where}: `}the parameter ${String(detail?.['missingProperty'])} is missing`);
    case 'enum':
      return said(`${where} must be one of ${(detail?.['allowedValues'] as string[]).join(', ')}`);
    default:
      return said(where === '' ? 'a request is one JSON object' : `${where} ${error?.message ?? 'is wrong'}`);
  }
}
