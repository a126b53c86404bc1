import { CoppiceError, throwIfAborted } from '../../base/index.js';

/** Lets the writers of this process to the store one at a time, in the order in which they came. */
export class WriterQueue {
  private readonly waiting: (() => void)[] = [];
  private busy = false;

  /** Nobody writes or waits to. */
  get isFree(): boolean {
    return !this.busy;
  }

  /** Runs an action when it is its turn; ABORTED when it is cancelled before. */
  async run<T>(signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    throwIfAborted(signal);
    if (this.busy) await this.turn(signal);
    this.busy = true;
    try {
      return await action();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.busy = false;
      else next(); // which stays busy on its behalf
    }
  }

  private turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(begin), 1);
        reject(new CoppiceError('ABORTED', 'the operation was cancelled', { cause: signal?.reason }));
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.waiting.push(begin);
    });
  }
}
