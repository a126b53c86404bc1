import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CoppiceError, systemErrorCode } from '../base/index.js';
import { parseChatConfig, parseDescribeConfig } from '../chat/index.js';
import type { ChatConfig, DescribeConfig } from '../chat/index.js';
import { parseEmbeddingConfig } from '../embedding/index.js';
import type { EmbeddingConfig } from '../embedding/index.js';
import { parseRerankConfig } from '../reranking/index.js';
import type { RerankConfig } from '../reranking/index.js';
import { parseRules } from './rules.js';
import type { IndexingRules } from './rules.js';

/** What a user may say in `config.json` of the store's folder. */
export interface Settings {
  readonly rules: IndexingRules;
  /** Null: the bundled embedder alone. */
  readonly embedding: EmbeddingConfig | null;
  /** Null: nothing is asked to order hits. */
  readonly rerank: RerankConfig | null;
  /** The model for everything else that is asked; null: none. */
  readonly chat: ChatConfig | null;
  /** Null: nothing describes chunks. */
  readonly describe: DescribeConfig | null;
  /** Address of the remote that is asked before anything is indexed; null: none. `COPPICE_REMOTE` says so too, and goes first. */
  readonly remote: string | null;
  /** Public keys of who may publish there; null: whoever may write there. */
  readonly trust: readonly string[] | null;
  /** Ranking signals by name, in place of those in use. */
  readonly ranking: Readonly<Record<string, number>>;
  /** Agents may say what answered and what did not, to a golden set of the store. */
  readonly feedback: boolean;
}

/** Defaults where the file says nothing, or is not there; `over` is put in its place, setting by setting. CONFIG_INVALID. */
export function readSettings(storePath: string, over: Readonly<Record<string, unknown>> = {}): Settings {
  const path = join(storePath, 'config.json');
  return parseSettings({ ...readConfigFile(path), ...over }, path);
}

/** What a `config.json` says, of which the path is given; nothing when it is not there. CONFIG_INVALID. */
function readConfigFile(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return {};
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
  return given as Record<string, unknown>;
}

function parseSettings(given: Readonly<Record<string, unknown>>, path: string): Settings {
  const { embedding, rerank, chat, describe, ranking = {}, feedback = false, remote, trust, ...rules } = given;
  if (typeof feedback !== 'boolean')
    throw new CoppiceError('CONFIG_INVALID', `${path}: "feedback" must be true or false`);
  const weights = typeof ranking === 'object' && ranking !== null ? Object.values(ranking) : [NaN];
  if (!weights.every((value) => typeof value === 'number' && value >= 0 && Number.isFinite(value)))
    throw new CoppiceError('CONFIG_INVALID', `${path}: "ranking" must be an object of numbers from 0 on`);
  const parsed = <T>(value: unknown, parse: (value: unknown) => T): T | null => (isNamed(value) ? parse(value) : null);
  return {
    rules: parseRules(rules, path),
    embedding: parsed(embedding, (value) => parseEmbeddingConfig(value, path)),
    rerank: parsed(rerank, (value) => parseRerankConfig(value, chat, path)),
    chat: parsed(chat, (value) => parseChatConfig(value, path)),
    ranking: ranking as Record<string, number>,
    feedback,
    // Who names a model for everything has named it for descriptions too; they are only made when asked for.
    describe: parsed(describe === undefined && isNamed(chat) ? {} : describe, (value) =>
      parseDescribeConfig(value, chat, path),
    ),
    ...parseRemote({ remote, trust }, path),
  };
}

const isNamed = (value: unknown): boolean => value !== undefined && value !== null;

function parseRemote(
  { remote, trust }: { readonly remote?: unknown; readonly trust?: unknown },
  path: string,
): Pick<Settings, 'remote' | 'trust'> {
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  if (remote !== undefined && !isText(remote)) {
    throw new CoppiceError('CONFIG_INVALID', `${path}: "remote" must be an address`, {
      hint: 'file:DIR, s3://BUCKET/PREFIX or https://HOST/PATH',
    });
  }
  if (trust !== undefined && !(Array.isArray(trust) && trust.every(isText))) {
    throw new CoppiceError('CONFIG_INVALID', `${path}: "trust" must be a list of public keys`, {
      hint: '`openssl pkey -in KEY -pubout` prints the key to list there',
    });
  }
  return { remote: process.env['COPPICE_REMOTE'] || (remote ?? null), trust: trust ?? null };
}
