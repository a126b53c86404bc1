import { CoppiceError, asCoppiceError, elapsedMs, sleep, throwIfAborted } from '../base/index.js';
import { JsonEndpoint, Limiter, LinkedAbort, modelCodes } from '../endpoint/index.js';
import type { PostOptions } from '../endpoint/index.js';
import type { ChatConfig } from './config.js';
import { estimateTokens } from './tokens.js';
import type { Tokens } from './tokens.js';

/** What is asked of a model. */
export interface Asked {
  /** What it is to do: the same for many. */
  readonly system: string;
  readonly user: string;
  /** Of the answer, for servers that keep to one. */
  readonly schema?: { readonly name: string; readonly schema: object } | undefined;
  /** Of the answer. */
  readonly maxTokens: number;
}

export interface Answered {
  readonly text: string;
  /** As the server counted them, or as estimated. */
  readonly tokens: Tokens;
  readonly tookMs: number;
}

/** A request as it would be sent first; a server that does not know a part of it gets it once more without. */
export interface ChatRequest {
  readonly url: string;
  readonly body: object;
  /** At most about so many. */
  readonly tokens: Tokens;
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long a single try may take. Default: as the settings say. */
  readonly timeoutMs?: number;
  /** What failed is tried again as long as this has not passed. Default: three times that. */
  readonly patienceMs?: number;
  /** See PostOptions. */
  readonly onFailure?: (error: CoppiceError) => void;
}

export interface ChatClientOptions {
  /** The setting that names the endpoint, for messages. */
  readonly setting: string;
  /** See JsonEndpoint. */
  readonly backoffMs?: number;
}

/** Parts of a request that not every server knows, in the order in which they are left out. */
type Extra = 'json-schema' | 'json-object' | 'temperature';

const answerBytesMax = 4 * 1024 * 1024;
const minuteMs = 60_000;

/**
 * Asks a model by OpenAI's chat API. The key comes from the environment, and is in no error and no property. A server that refuses a
 * request for something that it does not know (a schema, a temperature) gets the next ones without.
 */
export class ChatClient {
  private readonly endpoint: JsonEndpoint;
  private readonly limiter: Limiter;
  private readonly unknown = new Set<Extra>();
  /** Newer models of one vendor take no `max_tokens`. */
  private limitName: 'max_tokens' | 'max_completion_tokens' = 'max_tokens';
  /** Tokens asked for in the last minute. */
  private readonly spent: { readonly atMs: number; readonly tokens: number }[] = [];

  /** CONFIG_INVALID when the environment has no usable key. */
  constructor(
    readonly config: ChatConfig,
    { setting, backoffMs }: ChatClientOptions,
  ) {
    const { endpoint, apiKeyEnv, concurrency } = config;
    this.endpoint = new JsonEndpoint({
      endpoint,
      apiKeyEnv,
      setting,
      codes: modelCodes,
      parse: parseAnswer,
      answerBytesMax,
      ...(backoffMs !== undefined && { backoffMs }),
    });
    this.limiter = new Limiter(concurrency);
  }

  /** Where texts go. */
  get shownAddress(): string {
    return this.endpoint.shownAddress;
  }

  /** What would be sent. */
  requestOf({ system, user, schema, maxTokens }: Asked): ChatRequest {
    const format =
      schema === undefined || this.unknown.has('json-object')
        ? {}
        : this.unknown.has('json-schema')
          ? { response_format: { type: 'json_object' } }
          : { response_format: { type: 'json_schema', json_schema: { ...schema, strict: true } } };
    const body = {
      model: this.config.model,
      messages: [
        { role: 'system', content: wellFormed(system) },
        { role: 'user', content: wellFormed(user) },
      ],
      ...(this.unknown.has('temperature') ? {} : { temperature: 0 }),
      [this.limitName]: maxTokens + this.config.reasoningTokens,
      ...format,
      ...this.config.options,
    };
    const tokens = { input: estimateTokens(system, user), output: maxTokens + this.config.reasoningTokens };
    return { url: `${this.endpoint.shownAddress}/chat/completions`, body, tokens };
  }

  /** MODEL_UNAVAILABLE when there is no answer in time, MODEL_REFUSED, MODEL_INVALID when there is nothing in it, ABORTED. */
  async ask(
    asked: Asked,
    { signal, timeoutMs = this.config.timeoutMs, patienceMs = 3 * timeoutMs, onFailure }: AskOptions = {},
  ): Promise<Answered> {
    const abort = new LinkedAbort(signal);
    try {
      return await this.limiter.run(abort.signal, () =>
        this.askWithout(asked, { signal: abort.signal, timeoutMs, patienceMs, onFailure }),
      );
    } finally {
      abort.unlink();
    }
  }

  /** Ends what is under way. */
  close(): void {
    this.endpoint.close();
  }

  /** Asks once more without what the server does not know. */
  private async askWithout(asked: Asked, options: PostOptions & { readonly signal: AbortSignal }): Promise<Answered> {
    for (;;) {
      const { body, tokens } = this.requestOf(asked);
      await this.waitForTokens(tokens.input + tokens.output, options);
      const beganMs = elapsedMs();
      try {
        const answer = await this.endpoint.post('/chat/completions', body, options);
        const text = textOf(answer);
        if (text === null) throw this.endpoint.invalid('its answer has no "choices" with a text');
        return { text, tokens: tokensOf(answer, tokens.input, text), tookMs: elapsedMs() - beganMs };
      } catch (error) {
        if (!this.dropsWhatIsUnknown(asCoppiceError(error), 'response_format' in body)) throw error;
      }
    }
  }

  /** Whether the next request is to be another one: the server does not know a part of this one. */
  private dropsWhatIsUnknown({ code, message, data }: CoppiceError, hasFormat: boolean): boolean {
    if (code !== 'MODEL_REFUSED' || ![400, 404, 415, 422, 501].includes(Number(data['status']))) return false;
    const says = message.toLowerCase();
    if (says.includes('max_completion_tokens') && this.limitName === 'max_tokens') {
      this.limitName = 'max_completion_tokens';
      return true;
    }
    if (says.includes('temperature') && !this.unknown.has('temperature')) {
      this.unknown.add('temperature');
      return true;
    }
    if (!hasFormat || Number(data['status']) === 404) return false;
    this.unknown.add(this.unknown.has('json-schema') ? 'json-object' : 'json-schema');
    return true;
  }

  private async waitForTokens(
    tokens: number,
    { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
  ): Promise<void> {
    const { tokensPerMinute } = this.config;
    if (tokensPerMinute === null) return;
    for (;;) {
      throwIfAborted(signal);
      const now = elapsedMs();
      while (this.spent.length > 0 && this.spent[0]!.atMs <= now - minuteMs) this.spent.shift();
      const used = this.spent.reduce((sum, one) => sum + one.tokens, 0);
      // A request that is larger than all of it goes alone.
      if (used === 0 || used + tokens <= tokensPerMinute) break;
      const waitMs = this.spent[0]!.atMs + minuteMs - now;
      if (timeoutMs < waitMs && timeoutMs < minuteMs / 2)
        throw new CoppiceError('MODEL_UNAVAILABLE', `the ${tokensPerMinute} tokens of this minute are spent`, {
          hint: 'raise "tokensPerMinute" in config.json, or wait',
        });
      await sleep(waitMs, signal);
    }
    this.spent.push({ atMs: elapsedMs(), tokens });
  }
}

/** JSON, or the pieces of a stream that was not asked for. */
function parseAnswer(text: string): unknown {
  if (!/^\s*data:/.test(text)) return JSON.parse(text);
  let content = '';
  for (const line of text.split('\n')) {
    const data = /^data:\s*(\{.*)$/.exec(line.trim())?.[1];
    if (data === undefined) continue;
    const piece = JSON.parse(data) as { choices?: { delta?: { content?: unknown } }[] };
    const part = piece.choices?.[0]?.delta?.content;
    if (typeof part === 'string') content += part;
  }
  return { choices: [{ message: { content } }] };
}

/** The text of the first choice; null when there is none. */
function textOf(answer: unknown): string | null {
  const choices = (answer as { choices?: unknown } | null)?.choices;
  const choice = (Array.isArray(choices) ? choices[0] : undefined) as
    { message?: { content?: unknown }; text?: unknown } | undefined;
  const content = choice?.message?.content ?? choice?.text;
  const text = Array.isArray(content)
    ? content.map((part: { text?: unknown } | null) => (typeof part?.text === 'string' ? part.text : '')).join('')
    : content;
  return typeof text === 'string' && text.trim() !== '' ? text : null;
}

function tokensOf(answer: unknown, estimated: number, text: string): Tokens {
  const usage = (answer as { usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } | null }).usage;
  const count = (value: unknown, instead: number): number =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : instead;
  return {
    input: count(usage?.prompt_tokens, estimated),
    output: count(usage?.completion_tokens, estimateTokens(text)),
  };
}

/** Bytes of no valid text come as lone surrogates (see base's decodeBytes), which many servers refuse. */
const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');
