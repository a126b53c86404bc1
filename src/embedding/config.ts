import { resolve } from 'node:path';

import { CoppiceError } from '../base/index.js';

/** What every embedder of a user's choice has. */
interface NamedModelConfig {
  /** What the user calls the model's version: another one makes another embedding space. */
  readonly revision: string;
  /** Put before a query, and before the text of a chunk: many models are trained with such words. Null: what the model says, or nothing. */
  readonly queryPrefix: string | null;
  readonly documentPrefix: string | null;
  /** Longer texts are cut off there, in characters (UTF-16 units). */
  readonly maxChars: number;
}

/** An endpoint that speaks OpenAI's embeddings API. */
export interface HttpEmbedderConfig extends NamedModelConfig {
  readonly provider: 'openai';
  /** What comes before `/embeddings`: `http://127.0.0.1:11434/v1`. */
  readonly endpoint: string;
  readonly model: string;
  /** Asks the endpoint for so many components; null: as many as the model makes. */
  readonly dimensions: number | null;
  /** Name of the environment variable that has the key; null: there is none. */
  readonly apiKeyEnv: string | null;
  /** Texts in a request, at most. */
  readonly batchSize: number;
  /** Requests for chunks at a time, at most. */
  readonly concurrency: number;
  /** How long a request for chunks may take. */
  readonly timeoutMs: number;
}

/** A folder with an ONNX model, as sentence-transformers exports it. */
export interface OnnxEmbedderConfig extends NamedModelConfig {
  readonly provider: 'onnx';
  /** Absolute. */
  readonly path: string;
  /** What the model is called; null: as its folder. */
  readonly model: string | null;
  /** The model's file below the folder. */
  readonly file: string;
}

/** An embedder of the user's choice, beside the one that comes with Coppice. */
export type EmbeddingConfig = HttpEmbedderConfig | OnnxEmbedderConfig;

/** An endpoint that orders texts by how well they answer a query. */
export interface RerankConfig {
  /** What comes before `/rerank`. */
  readonly endpoint: string;
  readonly model: string;
  /** How many of the best hits it is asked about. */
  readonly topN: number;
  /** How long a search waits for it. */
  readonly timeoutMs: number;
  readonly apiKeyEnv: string | null;
}

interface Field<T> {
  /** Completes "… must be". */
  readonly kind: string;
  readonly accepts: (value: unknown) => boolean;
  /** Undefined: it has to be given. */
  readonly fallback?: T;
}

type Fields<T> = { readonly [Name in keyof T]-?: Field<T[Name]> };

const isText = (value: unknown): value is string => typeof value === 'string';
const name: Field<string> = { kind: 'a text that is not empty', accepts: (value) => isText(value) && value !== '' };
const prefix: Field<string | null> = { kind: 'a text', accepts: isText, fallback: null };
const url: Field<string> = {
  kind: 'an http or https address without a user, password or fragment, as "http://127.0.0.1:11434/v1"',
  accepts: (value) => {
    if (!isText(value) || !URL.canParse(value)) return false;
    const { protocol, username, password, hash } = new URL(value);
    return ['http:', 'https:'].includes(protocol) && username === '' && password === '' && hash === '';
  },
};
const environmentVariable: Field<string | null> = {
  kind: 'the name of an environment variable; the key itself is never written here',
  accepts: (value) => isText(value) && /^[A-Za-z_]\w*$/.test(value),
  fallback: null,
};

const wholeNumber = <T extends number | null>(min: number, max: number, fallback: T): Field<T> => ({
  kind: `a whole number from ${min} to ${max}`,
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  fallback,
});

const provider = <Name extends string>(value: Name): Field<Name> => ({
  kind: `"${value}"`,
  accepts: (given) => given === value,
});

const namedModel: Fields<NamedModelConfig> = {
  revision: { kind: 'a text', accepts: isText, fallback: '' },
  queryPrefix: prefix,
  documentPrefix: prefix,
  maxChars: wholeNumber(256, 1_000_000, 8000),
};

const bundledFields: Fields<{ readonly provider: 'bundled' }> = { provider: provider('bundled') };

const httpFields: Fields<HttpEmbedderConfig> = {
  provider: provider('openai'),
  endpoint: url,
  model: name,
  dimensions: wholeNumber<number | null>(1, 16_384, null),
  apiKeyEnv: environmentVariable,
  ...namedModel,
  batchSize: wholeNumber(1, 256, 32),
  concurrency: wholeNumber(1, 32, 4),
  timeoutMs: wholeNumber(100, 600_000, 60_000),
};

const onnxFields: Fields<OnnxEmbedderConfig> = {
  provider: provider('onnx'),
  path: name,
  model: { ...name, fallback: null },
  file: {
    kind: 'the path of an .onnx file in that folder',
    accepts: (value) => isText(value) && /^(?!\/)(?!.*\.\.).+\.onnx$/.test(value),
    fallback: 'onnx/model.onnx',
  },
  ...namedModel,
};

const rerankFields: Fields<RerankConfig> = {
  endpoint: url,
  model: name,
  topN: wholeNumber(2, 200, 30),
  timeoutMs: wholeNumber(50, 60_000, 2000),
  apiKeyEnv: environmentVariable,
};

/**
 * Checks `embedding` of a `config.json`, of which the path is given: a model's path counts from its folder. Null: the bundled
 * embedder alone. CONFIG_INVALID names the field.
 */
export function parseEmbeddingConfig(given: unknown, configPath: string): EmbeddingConfig | null {
  const place = `${configPath}: "embedding`;
  const chosen = isObject(given) ? given['provider'] : undefined;
  switch (chosen) {
    case 'bundled':
      readFields(given, bundledFields, place);
      return null;
    case 'openai':
      return readFields(given, httpFields, place);
    case 'onnx': {
      const config = readFields(given, onnxFields, place);
      return { ...config, path: resolve(configPath, '..', config.path) };
    }
    default:
      throw new CoppiceError('CONFIG_INVALID', `${place}.provider" must be "bundled", "openai" or "onnx"`, {
        hint: '"embedding": {"provider": "openai", "endpoint": "http://127.0.0.1:11434/v1", "model": "nomic-embed-text"} asks an Ollama of this machine',
      });
  }
}

/** Checks `rerank` of a `config.json`, of which the path is given. CONFIG_INVALID names the field. */
export const parseRerankConfig = (given: unknown, configPath: string): RerankConfig =>
  readFields(given, rerankFields, `${configPath}: "rerank`);

/** Values are not told: a key may have been put in a wrong place. */
function readFields<T extends object>(given: unknown, fields: Fields<T>, place: string): T {
  const names = Object.keys(fields) as (keyof T & string)[];
  const invalid = (what: string): CoppiceError =>
    new CoppiceError('CONFIG_INVALID', `${place}${what}`, { hint: `its settings are ${names.join(', ')}` });
  if (!isObject(given)) throw invalid('" must be an object');
  for (const name of Object.keys(given)) if (!Object.hasOwn(fields, name)) throw invalid(`.${name}" is no setting`);
  const entries = names.map((name) => {
    const { accepts, kind, fallback } = fields[name];
    const value = given[name];
    if (value === undefined && fallback !== undefined) return [name, fallback];
    if (!accepts(value)) throw invalid(`.${name}" must be ${kind}`);
    return [name, value];
  });
  return Object.fromEntries(entries) as T;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
