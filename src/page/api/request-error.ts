import type { WireError } from './protocol.js';

/** A request that failed: by the daemon's own codes, or `UNREACHABLE` when there was no answer. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: string;
  /** The way out, in one sentence; may be empty. */
  readonly hint: string;
  readonly data: Readonly<Record<string, unknown>>;

  constructor({ code, message, hint, data }: WireError, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    // The hint names the command line's flag.
    this.hint = (hint ?? '').replace(' (-F)', ' (switch .* off)');
    this.data = data ?? {};
  }

  /** The first line of the message. */
  get summary(): string {
    return this.message.split('\n', 1)[0]!;
  }

  /** What follows: for a malformed query, the query with a caret below the character that is wrong. */
  get detail(): string {
    return this.message.slice(this.summary.length + 1);
  }

  /** Where in the query or pattern it is wrong, in UTF-16 units from its start; null when it is not about that. */
  get offset(): number | null {
    const { offset } = this.data;
    return typeof offset === 'number' ? offset : null;
  }
}

/** Any failure as one that can be shown; null for a request that was given up. */
export function asRequestError(error: unknown): RequestError | null {
  if (error instanceof RequestError) return error.code === 'ABORTED' ? null : error;
  if (error instanceof DOMException && error.name === 'AbortError') return null;
  // fetch() throws a TypeError whatever the reason, and tells none.
  if (error instanceof TypeError) {
    return new RequestError(
      {
        code: 'UNREACHABLE',
        message: 'The Coppice daemon does not answer.',
        hint: 'It ends when nobody has used it for a while. Run `coppice open` to start it again.',
      },
      error,
    );
  }
  return new RequestError({ code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) }, error);
}
