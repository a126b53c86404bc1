import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CoppiceError, systemErrorCode } from '../base/index.js';
import { parseEmbeddingConfig, parseRerankConfig } from '../embedding/index.js';
import type { EmbeddingConfig, RerankConfig } from '../embedding/index.js';
import { defaultRules, parseRules } from './rules.js';
import type { IndexingRules } from './rules.js';

/** What a user may say in `config.json` of the store's folder. */
export interface Settings {
  readonly rules: IndexingRules;
  /** Null: the bundled embedder alone. */
  readonly embedding: EmbeddingConfig | null;
  /** Null: nothing is asked to order hits. */
  readonly rerank: RerankConfig | null;
}

/** Defaults where the file says nothing, or is not there. CONFIG_INVALID. */
export function readSettings(storePath: string): Settings {
  const path = join(storePath, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { rules: defaultRules, embedding: null, rerank: null };
    throw new CoppiceError('CONFIG_INVALID', `${path} cannot be read`, { cause: error });
  }
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new CoppiceError('CONFIG_INVALID', `${path}: ${error instanceof Error ? error.message : 'not JSON'}`);
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new CoppiceError('CONFIG_INVALID', `${path}: not a JSON object`);
  const { embedding, rerank, ...rules } = given as Record<string, unknown>;
  return {
    rules: parseRules(rules, path),
    embedding: embedding === undefined ? null : parseEmbeddingConfig(embedding, path),
    rerank: rerank === undefined ? null : parseRerankConfig(rerank, path),
  };
}
