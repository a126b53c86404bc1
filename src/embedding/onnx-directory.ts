import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

import { CoppiceError, systemErrorCode } from '../base/index.js';
import type { OnnxEmbedderConfig } from './config.js';

/** How the vectors of tokens become one. */
export type Pooling = 'mean' | 'cls' | 'max' | 'last';

/** What the files beside an ONNX model say of its use, as sentence-transformers writes them. */
export interface OnnxDirectory {
  readonly pooling: Pooling;
  /** Steps after pooling that only the model's own export can take, such as `Dense`. */
  readonly otherSteps: readonly string[];
  /** Tokens that the model takes at most; null: any number, or what its tokenizer says. */
  readonly tokensMax: number | null;
  readonly queryPrefix: string;
  readonly documentPrefix: string;
  /** Differs when the model is another one. */
  readonly fingerprint: string;
}

/** Of files that are longer than twice this, only parts are hashed. */
const sampleCount = 256;
const sampleBytes = 4096;

/** CONFIG_INVALID when a file is missing or is not what it should be, or the model is used in a way that is not known here. */
export function readOnnxDirectory({ path, file }: OnnxEmbedderConfig): OnnxDirectory {
  const hash = createHash('sha256');
  const config = readJson(path, 'config.json', hash) ?? missing(path, 'config.json');
  if (readJson(path, 'tokenizer.json', hash) === null) missing(path, 'tokenizer.json');
  const tokenizer = readJson(path, 'tokenizer_config.json', hash);
  const limits = readJson(path, 'sentence_bert_config.json', hash);
  const pooling = readJson(path, '1_Pooling/config.json', hash);
  const prompts = readJson(path, 'config_sentence_transformers.json', null)?.['prompts'] as
    Record<string, unknown> | undefined;
  if (!hashSamples(join(path, file), hash)) missing(path, file);
  hashSamples(join(path, `${file}_data`), hash); // where a large model keeps its weights
  const text = (name: string): string => (typeof prompts?.[name] === 'string' ? prompts[name] : '');
  const lengths = [limits?.['max_seq_length'], tokenizer?.['model_max_length'], config['max_position_embeddings']];
  const known = lengths.filter((length): length is number => typeof length === 'number' && length > 0);
  return {
    pooling: readPooling(path, pooling),
    otherSteps: readSteps(path, hash).filter((step) => !['Transformer', 'Pooling', 'Normalize'].includes(step)),
    tokensMax: known.length === 0 ? null : Math.min(...known),
    queryPrefix: text('query'),
    documentPrefix: text('document'),
    fingerprint: hash.digest('hex').slice(0, 16),
  };
}

function readPooling(path: string, config: Record<string, unknown> | null): Pooling {
  const modes: Readonly<Record<string, Pooling>> = {
    pooling_mode_mean_tokens: 'mean',
    pooling_mode_mean_sqrt_len_tokens: 'mean', // which has the same direction
    pooling_mode_cls_token: 'cls',
    pooling_mode_max_tokens: 'max',
    pooling_mode_lasttoken: 'last',
  };
  const chosen = Object.keys(config ?? {}).filter((name) => name.startsWith('pooling_mode_') && config![name] === true);
  if (chosen.length === 0) return 'mean';
  const pooling = chosen.length === 1 ? modes[chosen[0]!] : undefined;
  if (pooling !== undefined) return pooling;
  throw new CoppiceError(
    'CONFIG_INVALID',
    `${join(path, '1_Pooling/config.json')}: ${chosen.join(' and ')} is not known`,
    {
      hint: `one of ${Object.keys(modes).join(', ')} is`,
    },
  );
}

/** What sentence-transformers does with a text, one after the other: `Transformer`, `Pooling`, … */
function readSteps(path: string, hash: Hash): readonly string[] {
  const modules = Object.values(readJson(path, 'modules.json', hash) ?? {}) as ({ type?: unknown } | null)[];
  return modules.map((module) => String(module?.type).split('.').at(-1)!);
}

/** A file's object or list, which is added to a hash; null when there is no such file. */
function readJson(path: string, name: string, hash: Hash | null): Record<string, unknown> | null {
  let text: string;
  try {
    text = readFileSync(join(path, name), 'utf8');
  } catch (error) {
    if (isAbsent(error)) return null;
    throw new CoppiceError('CONFIG_INVALID', `${join(path, name)} cannot be read`, { cause: error });
  }
  hash?.update(name).update(text);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // told below
  }
  throw new CoppiceError('CONFIG_INVALID', `${join(path, name)} is not a JSON object`, {
    hint: 'export the model again',
  });
}

/** Adds a file's length and content to a hash: all of a small one, evenly spaced samples of one that may have gigabytes. */
function hashSamples(path: string, hash: Hash): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (isAbsent(error)) return false;
    throw new CoppiceError('CONFIG_INVALID', `${path} cannot be read`, { cause: error });
  }
  try {
    const { size } = fstatSync(fd);
    hash.update(`${size} `);
    const step = Math.max(sampleBytes, Math.floor((size - sampleBytes) / (sampleCount - 1)));
    const sample = Buffer.alloc(sampleBytes);
    for (let at = 0; at < size; at += step) hash.update(sample.subarray(0, readSync(fd, sample, 0, sampleBytes, at)));
    return true;
  } finally {
    closeSync(fd);
  }
}

function missing(path: string, name: string): never {
  throw new CoppiceError('CONFIG_INVALID', `${join(path, name)} does not exist`, {
    hint: '"embedding.path" in config.json names a folder with config.json, tokenizer.json and the model, by default onnx/model.onnx; "embedding.file" names another',
  });
}

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '');
