import { setMaxListeners } from 'node:events';

import { CoppiceError, elapsedMs, jittered, nowMs, sleep, throwIfAborted } from '../base/index.js';
import type { ErrorCode } from '../base/index.js';
import { LinkedAbort } from './linked-abort.js';

/** What failures are called: those of an embedder, or of any other model. */
export interface FailureCodes {
  /** There is no answer in time. */
  readonly unavailable: ErrorCode;
  /** The server does not want the request (`data.status`). */
  readonly refused: ErrorCode;
  /** The answer is not what it should be. */
  readonly invalid: ErrorCode;
}

export const embedderCodes: FailureCodes = {
  unavailable: 'EMBEDDER_UNAVAILABLE',
  refused: 'EMBEDDER_REFUSED',
  invalid: 'EMBEDDER_INVALID',
};

export const modelCodes: FailureCodes = {
  unavailable: 'MODEL_UNAVAILABLE',
  refused: 'MODEL_REFUSED',
  invalid: 'MODEL_INVALID',
};

export interface JsonEndpointOptions {
  /** An http or https address without a user or password. */
  readonly endpoint: string;
  /** Name of the environment variable with the key. */
  readonly apiKeyEnv: string | null;
  /** The setting that names it, for messages: `embedding`, `rerank`. */
  readonly setting: string;
  /** How long the first wait before trying again is; each is twice the one before. */
  readonly backoffMs?: number;
  readonly codes: FailureCodes;
  /** Reads an answer that may be more than JSON; what it throws counts as none. */
  readonly parse?: (text: string) => unknown;
  /** Longer answers are not read, in bytes. Default: what vectors for 256 texts take as JSON. */
  readonly answerBytesMax?: number;
}

export interface PostOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long a single try may take. */
  readonly timeoutMs: number;
  /** What failed is tried again as long as this has not passed since the first try began. */
  readonly patienceMs: number;
  /** Told of each try that failed and is followed by another one. */
  readonly onFailure?: ((error: CoppiceError) => void) | undefined;
}

/** What came of one try: an answer, or why there is none, and when to try again if ever. */
type Outcome =
  { readonly answer: unknown } | { readonly error: CoppiceError; readonly retryAfterMs: number | undefined };

const backoffMsDefault = 250;
const backoffMsMax = 30_000;
/** Where nobody has ever listened, or no such host is, more patience than so many first waits is of no use to whoever waits. */
const strangerPatience = 20;
const strange: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** Vectors for 256 texts are at most 100 MB as JSON. */
const answerBytesMaxDefault = 128 * 1024 * 1024;
/** Of what a server says of a failure. */
const detailCharsMax = 200;

/**
 * Posts JSON to an endpoint that the user named, and to no other: redirects are not followed. The key is in no error and in no
 * property that could be printed.
 */
export class JsonEndpoint {
  /** The address without its query, which may have secrets. */
  readonly shownAddress: string;
  readonly #key: string | null;
  private readonly closing = new AbortController();
  private readonly backoffMs: number;
  /** No request starts before that moment (see `elapsedMs`): the server asked for it. */
  private pausedUntilMs = 0;
  /** It has answered something. */
  private isKnown = false;

  /** CONFIG_INVALID when the environment has no usable key. */
  constructor(private readonly options: JsonEndpointOptions) {
    const { origin, pathname } = new URL(options.endpoint);
    setMaxListeners(0, this.closing.signal); // as many as there are requests
    this.shownAddress = `${origin}${pathname.replace(/\/+$/, '')}`;
    this.backoffMs = options.backoffMs ?? backoffMsDefault;
    this.#key = options.apiKeyEnv === null ? null : readKey(options.apiKeyEnv, options.setting);
  }

  /**
   * The answer to a request. Fails with one of the `codes`, or with ABORTED when it is cancelled or closed meanwhile.
   */
  async post(path: string, body: object, { signal, timeoutMs, patienceMs, onFailure }: PostOptions): Promise<unknown> {
    const beganMs = elapsedMs();
    const payload = JSON.stringify(body);
    const abort = new LinkedAbort(signal, this.closing.signal);
    try {
      for (let backoffMs = this.backoffMs; ; backoffMs = Math.min(2 * backoffMs, backoffMsMax)) {
        await this.pause(beganMs + patienceMs, abort.signal);
        this.throwIfStopped(signal);
        const outcome = await this.try(path, payload, timeoutMs, abort.signal);
        const isStranger = !this.isKnown && 'error' in outcome && strange.has(String(outcome.error.data['cause']));
        const untilMs = beganMs + (isStranger ? Math.min(patienceMs, strangerPatience * this.backoffMs) : patienceMs);
        this.throwIfStopped(signal);
        if ('answer' in outcome) return outcome.answer;
        const { error, retryAfterMs } = outcome;
        if (retryAfterMs === undefined) throw error;
        const waitMs = Math.max(retryAfterMs, jittered(backoffMs));
        if (retryAfterMs > 0) this.pausedUntilMs = Math.max(this.pausedUntilMs, elapsedMs() + retryAfterMs);
        if (elapsedMs() + waitMs > untilMs) throw error;
        onFailure?.(error);
        await sleep(waitMs, abort.signal);
      }
    } finally {
      abort.unlink();
    }
  }

  /** Ends what is under way. */
  close(): void {
    this.closing.abort();
  }

  /** An answer that is not what it should be. */
  invalid(what: string): CoppiceError {
    return new CoppiceError(this.options.codes.invalid, `${this.shownAddress}: ${what}`, {
      hint: `"${this.options.setting}.endpoint" and "${this.options.setting}.model" in config.json say what is asked`,
    });
  }

  private async pause(untilMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const waitMs = this.pausedUntilMs - elapsedMs();
      if (waitMs <= 0 || signal.aborted) return;
      if (this.pausedUntilMs > untilMs)
        throw this.unavailable(`asks for no requests for ${Math.ceil(waitMs / 1000)} s`);
      await sleep(waitMs, signal);
    }
  }

  private async try(path: string, payload: string, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
    const abort = new LinkedAbort(signal);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      abort.abort();
    }, timeoutMs);
    try {
      const url = new URL(this.options.endpoint);
      url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
      const response = await fetch(url, {
        method: 'POST',
        body: payload,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(this.#key === null ? {} : { authorization: `Bearer ${this.#key}` }),
        },
        redirect: 'manual',
        signal: abort.signal,
      });
      this.isKnown = true;
      return response.status < 300
        ? { answer: this.parse(await this.readText(response)) }
        : await this.readFailure(response);
    } catch (error) {
      if (error instanceof CoppiceError) return { error, retryAfterMs: undefined };
      const reason = reasonOf(error);
      const what = isLate ? `did not answer within ${timeoutMs} ms` : `cannot be reached (${reason})`;
      return { error: this.unavailable(what, isLate ? {} : { cause: reason }), retryAfterMs: 0 };
    } finally {
      clearTimeout(timer);
      abort.unlink();
      abort.abort(); // what was not read is not waited for
    }
  }

  private async readText(response: Response): Promise<string> {
    const decoder = new TextDecoder();
    const { answerBytesMax = answerBytesMaxDefault } = this.options;
    let text = '';
    let sizeBytes = 0;
    for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      sizeBytes += part.length;
      if (sizeBytes > answerBytesMax) throw this.invalid(`its answer is longer than ${answerBytesMax} bytes`);
      text += decoder.decode(part, { stream: true });
    }
    return text + decoder.decode();
  }

  private parse(text: string): unknown {
    try {
      return (this.options.parse ?? JSON.parse)(text) as unknown;
    } catch {
      throw this.invalid('its answer is not JSON');
    }
  }

  private async readFailure(response: Response): Promise<Outcome> {
    const { status, headers } = response;
    if (status < 400) {
      const location = headers.get('location') ?? '';
      const target = URL.canParse(location, this.options.endpoint) ? new URL(location, this.options.endpoint) : null;
      const where = target === null ? 'elsewhere' : this.clean(`${target.origin}${target.pathname}`);
      return this.refusal(status, `it redirects to ${where}, which is not followed`);
    }
    const detail = this.clean(detailOf(await this.readText(response)));
    const what = `${status}${detail === '' ? '' : `: ${detail}`}`;
    const isTransient = [408, 425, 429].includes(status) || (status >= 500 && status !== 501);
    if (!isTransient) return this.refusal(status, `it answers ${what}`);
    return { error: this.unavailable(`answers ${what}`), retryAfterMs: readRetryAfter(headers.get('retry-after')) };
  }

  private refusal(status: number, what: string): Outcome {
    const { setting } = this.options;
    const hints: Readonly<Record<number, string>> = {
      401: `the environment variable that "${setting}.apiKeyEnv" in config.json names has to have a valid key`,
      403: `the environment variable that "${setting}.apiKeyEnv" in config.json names has to have a key that may do this`,
      404: `"${setting}.endpoint" in config.json is what comes before the last part, and "${setting}.model" has to be there`,
    };
    const error = new CoppiceError(this.options.codes.refused, `${this.shownAddress}: ${what}`, {
      hint: hints[status] ?? `correct "${setting}" in config.json`,
      data: { status },
    });
    return { error, retryAfterMs: undefined };
  }

  private unavailable(what: string, data: Readonly<Record<string, unknown>> = {}): CoppiceError {
    return new CoppiceError(this.options.codes.unavailable, `${this.shownAddress} ${what}`, {
      data,
      hint: `see that it runs, or change "${this.options.setting}" in config.json`,
    });
  }

  /** What a server said, on a line, in bounds, and without the key, which some servers repeat. */
  private clean(text: string): string {
    const withoutKey = this.#key === null ? text : text.replaceAll(this.#key, '***');
    const line = withoutKey.replace(/[\p{C}\s]+/gu, ' ').trim();
    return line.length > detailCharsMax ? `${line.slice(0, detailCharsMax)}…` : line;
  }

  private throwIfStopped(signal: AbortSignal | undefined): void {
    throwIfAborted(signal);
    if (this.closing.signal.aborted) throw new CoppiceError('ABORTED', 'the endpoint was closed');
  }
}

/** The variable's name is not told: a key may have been put in its place. */
function readKey(variable: string, setting: string): string {
  const key = process.env[variable]?.trim() ?? '';
  // What no header may have is told by fetch together with the whole header.
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  const what = key === '' ? 'is not set' : 'has characters that no key has';
  throw new CoppiceError(
    'CONFIG_INVALID',
    `the environment variable that "${setting}.apiKeyEnv" in config.json names ${what}`,
    {
      hint: 'set it where Coppice starts (coppice serve --stop ends a daemon that started without), or remove the setting',
    },
  );
}

function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return 'no reason given';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

/** What a server says in one of the usual shapes: `{error: {message}}`, `{error}`, `{message}`, `{detail}`, or text. */
function detailOf(text: string): string {
  try {
    const answer = JSON.parse(text) as Record<string, unknown> | null;
    const said = answer?.['error'] ?? answer?.['message'] ?? answer?.['detail'] ?? '';
    const detail = (said as { message?: unknown }).message ?? said;
    return typeof detail === 'string' ? detail : JSON.stringify(detail);
  } catch {
    return text.startsWith('<') ? '' : text; // a page says nothing on one line
  }
}

/** Milliseconds of a Retry-After header: seconds, or a date. */
function readRetryAfter(value: string | null): number {
  if (value === null) return 0;
  const waitMs = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - nowMs();
  return waitMs > 0 ? waitMs : 0; // and for what is neither
}
