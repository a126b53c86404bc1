import { CoppiceError } from '../base/index.js';
import { chatFields, withChat } from '../chat/index.js';
import type { ChatConfig } from '../chat/index.js';
import { environmentVariable, isObject, name, provider, readFields, url, wholeNumber } from '../endpoint/index.js';
import type { Fields } from '../endpoint/index.js';

/** An endpoint that scores texts by how well they answer a query. */
export interface EndpointRerankConfig {
  readonly provider: 'rerank';
  /** What comes before `/rerank`. */
  readonly endpoint: string;
  readonly model: string;
  /** How many of the best hits it is asked about. */
  readonly topN: number;
  /** How long a search waits for it. */
  readonly timeoutMs: number;
  readonly apiKeyEnv: string | null;
}

/** A chat model that puts the best hits in order. */
export interface ChatRerankConfig extends ChatConfig {
  readonly provider: 'chat';
  /** How many of the best hits it is asked about. */
  readonly candidates: number;
  /** How many of them it is to name, the best first. */
  readonly topN: number;
  /** Hits in one request, at most. */
  readonly window: number;
  /** Of each hit's text, in characters. */
  readonly excerptChars: number;
}

export type RerankConfig = EndpointRerankConfig | ChatRerankConfig;

const endpointFields: Fields<EndpointRerankConfig> = {
  provider: { ...provider('rerank'), fallback: 'rerank' },
  endpoint: url,
  model: name,
  topN: wholeNumber(2, 200, 30),
  timeoutMs: wholeNumber(50, 60_000, 2000),
  apiKeyEnv: environmentVariable,
};

const chatRerankFields: Fields<ChatRerankConfig> = {
  ...chatFields,
  provider: provider('chat'),
  timeoutMs: wholeNumber(50, 600_000, 8000),
  candidates: wholeNumber(2, 200, 60),
  topN: wholeNumber(1, 100, 10),
  window: wholeNumber(2, 200, 30),
  excerptChars: wholeNumber(80, 20_000, 600),
};

/**
 * Checks `rerank` of a `config.json`, of which the path is given; what it does not say of a chat model is as `chat` says.
 * CONFIG_INVALID names the field.
 */
export function parseRerankConfig(given: unknown, chat: unknown, configPath: string): RerankConfig {
  const place = `${configPath}: "rerank`;
  const chosen = isObject(given) ? (given['provider'] ?? 'rerank') : 'rerank';
  switch (chosen) {
    case 'rerank':
      return readFields(given, endpointFields, place);
    case 'chat': {
      // How long a search waits is not how long a request may take that nobody waits for.
      const { timeoutMs: _, ...own } = isObject(chat) ? chat : {};
      return readFields(withChat(given, own), chatRerankFields, place);
    }
    default:
      throw new CoppiceError('CONFIG_INVALID', `${place}.provider" must be "rerank" or "chat"`, {
        hint: '"rerank": {"provider": "chat", "endpoint": "http://127.0.0.1:11434/v1", "model": "qwen3:8b"} asks an Ollama of this machine',
      });
  }
}
