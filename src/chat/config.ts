import { CoppiceError } from '../base/index.js';
import {
  environmentVariable,
  flag,
  isObject,
  name,
  positiveNumber,
  readFields,
  url,
  wholeNumber,
} from '../endpoint/index.js';
import type { Field, Fields } from '../endpoint/index.js';

/** An endpoint that speaks OpenAI's chat API: Ollama, vLLM, llama.cpp, LM Studio, and hosted ones. */
export interface ChatConfig {
  /** What comes before `/chat/completions`: `http://127.0.0.1:11434/v1`. */
  readonly endpoint: string;
  readonly model: string;
  /** Name of the environment variable that has the key; null: there is none. */
  readonly apiKeyEnv: string | null;
  /** Requests at a time, at most. */
  readonly concurrency: number;
  /** How long a request may take. */
  readonly timeoutMs: number;
  /** What the model reads and writes in one request, at most. */
  readonly contextTokens: number;
  /** Room for what a model thinks aloud before it answers, beside the answer. */
  readonly reasoningTokens: number;
  /** Of all requests together; null: no bound. */
  readonly tokensPerMinute: number | null;
  /** What a million tokens cost, in whatever currency; null: not known. */
  readonly inputPrice: number | null;
  readonly outputPrice: number | null;
  /** Added to every request as it is: `{"reasoning_effort": "low"}`. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Who describes chunks, and how far that may go. */
export interface DescribeConfig extends ChatConfig {
  /** A daemon describes what searches see and nobody has described yet. */
  readonly background: boolean;
  /** Of one run of `coppice describe`, and of a daemon's background in its life; null: no bound. */
  readonly budgetTokens: number | null;
  /** Longer chunks are cut off there, in characters. */
  readonly maxChars: number;
}

/** What a request carries besides what we ask. Not what we say ourselves. */
const requestOptions: Field<Readonly<Record<string, unknown>>> = {
  kind: 'an object without "model", "messages" and "stream"',
  accepts: (value) => isObject(value) && !['model', 'messages', 'stream'].some((own) => own in value),
  fallback: {},
};

export const chatFields: Fields<ChatConfig> = {
  endpoint: url,
  model: name,
  apiKeyEnv: environmentVariable,
  concurrency: wholeNumber(1, 64, 4),
  timeoutMs: wholeNumber(100, 600_000, 60_000),
  contextTokens: wholeNumber(512, 10_000_000, 8192),
  reasoningTokens: wholeNumber(0, 1_000_000, 0),
  tokensPerMinute: wholeNumber<number | null>(100, 1_000_000_000, null),
  inputPrice: positiveNumber<number | null>(1_000_000, null),
  outputPrice: positiveNumber<number | null>(1_000_000, null),
  options: requestOptions,
};

const describeFields: Fields<DescribeConfig> = {
  ...chatFields,
  background: flag(false),
  budgetTokens: wholeNumber<number | null>(1, Number.MAX_SAFE_INTEGER, null),
  maxChars: wholeNumber(256, 1_000_000, 6000),
};

/** Checks `chat` of a `config.json`, of which the path is given. CONFIG_INVALID names the field. */
export const parseChatConfig = (given: unknown, configPath: string): ChatConfig =>
  readFields(given, chatFields, `${configPath}: "chat`);

/** Checks `describe`; what it does not say of the model is as `chat` says. CONFIG_INVALID names the field. */
export const parseDescribeConfig = (given: unknown, chat: unknown, configPath: string): DescribeConfig =>
  readFields(withChat(given, chat), describeFields, `${configPath}: "describe`);

/** Settings of a use of a model, over those of `chat` that it does not have. */
export const withChat = (given: unknown, chat: unknown): unknown =>
  isObject(given) && isObject(chat) ? { ...chat, ...given } : given;

/** MODEL_NOT_NAMED: nothing can be asked. */
export const noModel = (what: string): CoppiceError =>
  new CoppiceError('MODEL_NOT_NAMED', `${what}, and none is named`);
