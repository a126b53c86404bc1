import { resolve } from 'node:path';

import { CoppiceError } from '../base/index.js';
import {
  environmentVariable,
  isObject,
  name,
  provider,
  readFields,
  textOr,
  url,
  wholeNumber,
} from '../endpoint/index.js';
import type { Fields } from '../endpoint/index.js';

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

const namedModel: Fields<NamedModelConfig> = {
  revision: textOr(''),
  queryPrefix: textOr<string | null>(null),
  documentPrefix: textOr<string | null>(null),
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
    accepts: (value) => typeof value === 'string' && /^(?!\/)(?!.*\.\.).+\.onnx$/.test(value),
    fallback: 'onnx/model.onnx',
  },
  ...namedModel,
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
