import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { CoppiceError } from '../../base/index.js';
import { parametersSchema, type JsonSchema } from '../json-schema.js';
import type { ParameterSpec, ParameterTable, ParameterValues } from '../operation.js';
import { repoArgument, type Tool } from './tool.js';

/** What a model is told that a tool takes. */
export function argumentsSchema({ parameters }: Tool): JsonSchema {
  return parametersSchema({ ...parameters, ...repoArgument });
}

export interface CheckedArguments {
  readonly repo: string | undefined;
  readonly input: ParameterValues<ParameterTable>;
}

// Models write "5" for 5, and one path where a list is asked for: there is no doubt about what they mean.
const ajv = new Ajv({
  useDefaults: true,
  coerceTypes: 'array',
  strict: true,
  allErrors: true,
  // The schemas are ours, and tested.
  meta: false,
  validateSchema: false,
});
const validators = new Map<Tool, ValidateFunction>();

/** Fills in defaults; null is taken for not given. USAGE names the argument that is wrong and what it should be. */
export function checkArguments(tool: Tool, given: Readonly<Record<string, unknown>> = {}): CheckedArguments {
  let validate = validators.get(tool);
  if (validate === undefined) {
    validate = ajv.compile(argumentsSchema(tool));
    validators.set(tool, validate);
  }
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  if (!validate(present)) throw describeError(tool, validate.errors ?? []);
  const { repo, ...input } = present;
  return { repo: repo as string | undefined, input: input as ParameterValues<ParameterTable> };
}

function describeError({ name, parameters }: Tool, errors: readonly ErrorObject[]): CoppiceError {
  // A name that is not known tells more than that another is missing.
  const error = errors.find(({ keyword }) => keyword === 'additionalProperties') ?? errors[0];
  const where = error?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  const { additionalProperty, missingProperty, allowedValues } = (error?.params ?? {}) as Record<string, unknown>;
  const within = where === '' ? '' : ` in ${where}`;
  const messages: Readonly<Record<string, string>> = {
    additionalProperties: `there is no argument ${JSON.stringify(additionalProperty)}${within}`,
    required: `the argument ${String(missingProperty)} is missing${within}`,
    enum: `${where} must be one of ${String(allowedValues)}`,
  };
  const message = messages[error?.keyword ?? ''] ?? `${where} ${error?.message ?? 'is wrong'}`;
  const taken = Object.entries<ParameterSpec>({ ...parameters, ...repoArgument });
  const needed = taken.map(([name, spec]) => (spec.required === true ? `${name} (required)` : name));
  return new CoppiceError('USAGE', message, { hint: `${name} takes ${needed.join(', ')}` });
}
