import { CoppiceError } from '../../base/index.js';

/** Runs so many actions at once, lets so many wait, and refuses the rest with SERVER_BUSY. */
export class Limiter {
  private running = 0;
  /** Actions that have given up their place for a while. */
  private outsiders = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly runningMax: number,
    private readonly waitingMax: number,
  ) {}

  get inFlight(): number {
    return this.running + this.outsiders + this.waiting.length;
  }

  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.running >= this.runningMax && this.waiting.length >= this.waitingMax) {
      throw new CoppiceError('SERVER_BUSY', `${this.inFlight} requests are under way already`, {
        hint: 'try again in a moment, and ask less at once',
        data: { limit: this.runningMax + this.waitingMax },
      });
    }
    await this.enter();
    try {
      return await action();
    } finally {
      this.leave();
    }
  }

  /** Within an action: waits for something that is not ours to hasten, and leaves its place to others meanwhile. */
  async outside<T>(wait: () => Promise<T>): Promise<T> {
    this.leave();
    this.outsiders++;
    try {
      return await wait();
    } finally {
      this.outsiders--;
      await this.enter();
    }
  }

  private async enter(): Promise<void> {
    if (this.running < this.runningMax) this.running++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve)); // gets the place of who leaves
  }

  private leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running--;
    else next();
  }
}
