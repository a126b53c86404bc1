import v8 from 'node:v8';
import { parentPort } from 'node:worker_threads';
import type { TransferListItem } from 'node:worker_threads';
import { CoppiceError, asCoppiceError, assert } from '../base/index.js';
import type { ErrorCode } from '../base/index.js';

/** From the pool to a thread. */
export interface JobMessage {
  readonly id: number;
  readonly payload: unknown;
}

/** A failed job's error on its way between threads, which pass on no more of an error than its text. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** From a thread to the pool; the first one says that it has started, and with how much heap. */
export type ThreadMessage =
  | { readonly started: true; readonly heapBytes: number }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ErrorMessage };

export interface JobAnswer<Result> {
  readonly result: Result;
  /** What of the result is moved to the pool's thread rather than copied. */
  readonly transfer?: readonly TransferListItem[];
}

/**
 * The thread's side of a job pool: answers jobs one after the other, in order. Call it once the thread is ready to
 * work. A CoppiceError reaches the caller as it is; any other is INTERNAL.
 */
export function serveJobs<Payload, Result>(
  handler: (payload: Payload) => JobAnswer<Result> | Promise<JobAnswer<Result>>,
): void {
  assert(parentPort !== null, 'serveJobs runs in a worker thread');
  const port = parentPort;
  let before = Promise.resolve();
  const answer = async ({ id, payload }: JobMessage): Promise<void> => {
    try {
      const { result, transfer = [] } = await handler(payload as Payload);
      port.postMessage({ id, result } satisfies ThreadMessage, transfer);
    } catch (error) {
      port.postMessage({ id, error: errorMessage(error) } satisfies ThreadMessage);
    }
  };
  port.on('message', (job: JobMessage) => {
    before = before.then(() => answer(job));
  });
  const heapBytes = v8.getHeapStatistics().heap_size_limit;
  port.postMessage({ started: true, heapBytes } satisfies ThreadMessage);
}

function errorMessage(error: unknown): ErrorMessage {
  if (error instanceof CoppiceError) {
    const { code, message, hint, data } = error;
    return { code, message, hint, data };
  }
  const { code, message } = asCoppiceError(error);
  const text = error instanceof Error ? (error.stack ?? message) : message;
  return { code, message: `a job failed: ${text}`, hint: undefined, data: {} };
}

/** The error that a thread sent. */
export function receivedError({ code, message, hint, data }: ErrorMessage): CoppiceError {
  return new CoppiceError(code, message, { ...(hint === undefined ? {} : { hint }), data });
}
