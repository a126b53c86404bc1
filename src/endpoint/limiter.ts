import { CoppiceError, throwIfAborted } from '../base/index.js';

/** Runs at most so many actions at a time, in the order in which they came. */
export class Limiter {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly max: number) {}

  /** ABORTED when it is cancelled before its turn. */
  async run<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T> {
    throwIfAborted(signal);
    if (this.running < this.max) this.running++;
    else await this.turn(signal);
    try {
      return await action();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next(); // which runs in its place
    }
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(begin), 1);
        reject(new CoppiceError('ABORTED', 'the operation was cancelled', { cause: signal.reason }));
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(begin);
    });
  }
}
