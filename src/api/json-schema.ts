import type { Operation, ParameterSpec, ParameterTable } from './operation.js';

/** As much of JSON Schema (draft 2020-12) as parameters need. */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly anyOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
}

export const maxLengthDefault = 10_000;
export const maxItemsDefault = 1000;

const repoSchema: JsonSchema = {
  description:
    'where to look: a repository by an absolute path (a work tree or a folder in it, a bare repository, a .git folder), a folder that is in ' +
    'none, a repository by the name that the store knows, `view:NAME`, or a name with `*` for all that have such names; a list is all of them together, ' +
    'each perhaps with `@REV` behind',
  anyOf: [
    { type: 'string', maxLength: 4096 },
    { type: 'array', items: { type: 'string', maxLength: 4096 }, minItems: 1, maxItems: maxItemsDefault },
  ],
};

/** What a request's body may hold. */
export function requestSchema({ parameters, repo }: Operation): JsonSchema {
  const schema = parametersSchema(parameters);
  if (repo === 'none') return schema;
  return { ...schema, properties: { repo: repoSchema, ...schema.properties }, required: ['repo', ...schema.required!] };
}

export function parametersSchema(table: ParameterTable): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(table).map(([name, spec]) => [name, parameterSchema(spec)])),
    required: Object.keys(table).filter((name) => table[name]!.required === true),
    additionalProperties: false,
  };
}

function parameterSchema(spec: ParameterSpec): JsonSchema {
  const { help: description, default: value, choices, min, max } = spec;
  const common = { description, ...(value === undefined ? {} : { default: value }) };
  const text: JsonSchema = {
    type: 'string',
    maxLength: spec.maxLength ?? maxLengthDefault,
    ...(choices === undefined ? {} : { enum: choices }),
  };
  const maxItems = spec.maxItems ?? maxItemsDefault;
  switch (spec.type) {
    case 'string':
      return { ...text, ...common };
    case 'boolean':
      return { type: 'boolean', ...common };
    case 'integer':
      return {
        type: 'integer',
        ...common,
        ...(min === undefined ? {} : { minimum: min }),
        ...(max === undefined ? {} : { maximum: max }),
      };
    case 'strings':
      return { type: 'array', items: text, maxItems, ...common };
    case 'objects':
      return { type: 'array', items: parametersSchema(spec.fields ?? {}), maxItems, ...common };
  }
}
