import { CoppiceError, throwIfAborted } from '../../base/index.js';
import type { CallOptions, Progress } from '../types.js';

type Work<T> = (call: CallOptions) => Promise<T>;

/**
 * A piece of work that several callers wait for. It goes on until it is done or none of them waits any more; a caller who
 * cancels leaves the others waiting.
 */
export class Flight<T> {
  private readonly controller = new AbortController();
  private readonly listeners = new Set<(progress: Progress) => void>();
  private readonly result: Promise<T>;
  private waiting = 0;

  constructor(work: Work<T>) {
    const onProgress = (progress: Progress): void => {
      for (const listener of this.listeners) listener(progress);
    };
    this.result = work({ signal: this.controller.signal, onProgress });
    this.result.catch(() => undefined); // told to whoever joined
  }

  /** It is being cancelled: nobody may join. */
  get isAbandoned(): boolean {
    return this.controller.signal.aborted;
  }

  /** Resolves once it has ended, in whatever way. */
  get ended(): Promise<void> {
    return this.result.then(
      () => undefined,
      () => undefined,
    );
  }

  /** The result. ABORTED when the caller cancels: the last to do so waits until the work has stopped. */
  async join({ signal, onProgress }: CallOptions): Promise<T> {
    throwIfAborted(signal);
    this.waiting++;
    if (onProgress !== undefined) this.listeners.add(onProgress);
    try {
      return await orAborted(this.result, signal);
    } finally {
      this.waiting--;
      if (onProgress !== undefined) this.listeners.delete(onProgress);
      if (this.waiting === 0) {
        this.controller.abort();
        await this.ended;
      }
    }
  }
}

/** Does work of one key once for all who ask for it at the same time. */
export class SingleFlight<Key, T> {
  private readonly flights = new Map<Key, Flight<T>>();

  join(key: Key, call: CallOptions, work: Work<T>): Promise<T> {
    let flight = this.flights.get(key);
    if (flight === undefined || flight.isAbandoned) {
      const started = new Flight(work);
      flight = started;
      this.flights.set(key, started);
      void started.ended.then(() => {
        if (this.flights.get(key) === started) this.flights.delete(key);
      });
    }
    return flight.join(call);
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void =>
      reject(new CoppiceError('ABORTED', 'the operation was cancelled', { cause: signal.reason }));
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
