import { CoppiceError, errorKinds, type Batches, type ErrorCode, messageOf } from '../../base/index.js';
import type { CallOptions, Progress } from '../../engine/index.js';
import type { WireError } from '../http/reply.js';

/** What a client of ours accepts: of a stream, several items on a line. */
export const acceptOf = (streamed: boolean): string =>
  streamed ? 'application/x-ndjson; lines=items' : 'application/json';

export interface ClientCall extends CallOptions {
  readonly onNote?: ((note: string) => void) | undefined;
}

type Line =
  | { readonly progress: Progress }
  | { readonly note: string }
  | { readonly item: unknown }
  | { readonly items: readonly unknown[] }
  | { readonly result: Record<string, unknown> }
  | { readonly error: WireError };

/** The lines of an NDJSON answer, given as pieces of its text, which end anywhere. */
class NdjsonReader {
  /** The rest of the answer, once it has come. */
  private result: object | null = null;
  private rest = '';

  constructor(private readonly call: ClientCall) {}

  /** The items of the lines that end in this piece. Throws the error that the answer tells. */
  items(piece: string): unknown[] {
    const end = piece.lastIndexOf('\n');
    if (end < 0) {
      this.rest += piece;
      return [];
    }
    const whole = this.rest + piece.slice(0, end);
    this.rest = piece.slice(end + 1);
    const items: unknown[] = [];
    // A line feed is never inside of a line: so they are elements of one array, which is parsed in half the time.
    for (const line of JSON.parse(`[${whole.replaceAll('\n', ',')}]`) as Line[]) {
      if ('items' in line) for (const item of line.items) items.push(item);
      else if ('item' in line) items.push(line.item);
      else if ('progress' in line) this.call.onProgress?.(line.progress);
      else if ('note' in line) this.call.onNote?.(line.note);
      else if ('error' in line) throw fromWireError(line.error);
      else this.result = line.result;
    }
    return items;
  }

  /** DAEMON_UNREACHABLE when the answer ended before its last line. */
  end(): object {
    if (this.result === null) throw unreachable('the answer ended before it was whole', true);
    return this.result;
  }
}

/** The items of an NDJSON answer in batches as its pieces come; returns the rest of it. */
export async function* ndjsonBatches(pieces: AsyncIterable<string>, call: ClientCall): Batches<unknown, object> {
  const reader = new NdjsonReader(call);
  try {
    // To the end, also behind the result: a connection whose answer was read whole is used again.
    for await (const piece of pieces) {
      const items = reader.items(piece);
      if (items.length > 0) yield items;
    }
    return reader.end();
  } catch (error) {
    throw failureOf(error, call.signal);
  }
}

export const isNdjson = (contentType: string | undefined): boolean =>
  (contentType ?? '').startsWith('application/x-ndjson');

/** What is thrown when an answer broke off: the cancellation, if that is why. */
export function failureOf(error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted) return aborted(signal);
  if (error instanceof CoppiceError) return error;
  return unreachable(messageOf(error), true, error);
}

/** The error that an answer with another status than 200 tells. */
export function errorOfBody(status: number | undefined, text: string): CoppiceError {
  try {
    return fromWireError((JSON.parse(text) as { error: WireError }).error);
  } catch {
    return unreachable(`it answered with status ${status ?? 0}`, true);
  }
}

export const aborted = (signal: AbortSignal): CoppiceError =>
  new CoppiceError('ABORTED', 'the operation was cancelled', { cause: signal.reason });

const notConnected = new Set(['ECONNREFUSED', 'ENOENT', 'EACCES', 'ENOTSOCK']);

/** Whether a failure with this code of the system's came after there was a connection: then the daemon may have been asked. */
export const wasConnected = (code: string | null | undefined): boolean => !notConnected.has(code ?? '');

/** `sent`: the daemon may have carried the request out. */
export function unreachable(reason: string, sent: boolean, cause?: unknown): CoppiceError {
  return new CoppiceError('DAEMON_UNREACHABLE', `the daemon did not answer: ${reason}`, {
    hint: 'run the command again; COPPICE_DAEMON=off does without the daemon',
    data: { sent },
    cause,
  });
}

function fromWireError({ code, message, hint, data }: WireError): CoppiceError {
  const known: ErrorCode = Object.hasOwn(errorKinds, code) ? code : 'INTERNAL';
  return new CoppiceError(known, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(data === undefined ? {} : { data }),
  });
}
