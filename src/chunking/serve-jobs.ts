import { parentPort } from 'node:worker_threads';
import { assert } from '../base/index.js';

/** From the pool to a worker. */
export interface JobMessage {
  readonly id: number;
  readonly payload: unknown;
}

/** From a worker to the pool; the first one says that it has started. */
export type WorkerMessage =
  | { readonly started: true }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

export interface JobAnswer<Result> {
  readonly result: Result;
  /** Buffers of the result that are moved to the pool's thread rather than copied. */
  readonly transfer?: readonly ArrayBuffer[];
}

/**
 * The worker's side of a job pool: answers jobs one after the other, in order. Call it once the worker is ready to
 * work.
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
      port.postMessage({ id, result } satisfies WorkerMessage, transfer);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      port.postMessage({ id, error: text } satisfies WorkerMessage);
    }
  };
  port.on('message', (job: JobMessage) => {
    before = before.then(() => answer(job));
  });
  port.postMessage({ started: true } satisfies WorkerMessage);
}
