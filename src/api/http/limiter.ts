import { CoppiceError } from '../../base/index.js';

/** Runs so many actions at once, lets so many wait, and refuses the rest with SERVER_BUSY. */
export class Limiter {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly runningMax: number,
    private readonly waitingMax: number,
  ) {}

  get inFlight(): number {
    return this.running + this.waiting.length;
  }

  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.running >= this.runningMax) {
      if (this.waiting.length >= this.waitingMax) {
        throw new CoppiceError('SERVER_BUSY', `${this.inFlight} requests are under way already`, {
          hint: 'try again in a moment, and ask less at once',
        });
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.running++;
    try {
      return await action();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
