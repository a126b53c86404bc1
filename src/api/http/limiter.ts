import { CoppiceError, elapsedMs, inRequest } from '../../base/index.js';

/**
 * Runs so many actions at once, lets so many wait, and refuses the rest with SERVER_BUSY. An action that waits for what is not ours to hasten
 * (`outside`, and `waitAside` below it) leaves its place to others.
 */
export class Limiter {
  private running = 0;
  /** Actions that have given up their place for a while. */
  private outsiders = 0;
  private readonly waiting: Waiting[] = [];

  constructor(
    private readonly runningMax: number,
    private readonly waitingMax: number,
  ) {}

  get inFlight(): number {
    return this.running + this.outsiders + this.waiting.length;
  }

  /** `patienceMs`: who has waited so long for a place is refused. */
  async run<T>(action: () => Promise<T>, patienceMs = Infinity): Promise<T> {
    if (this.inFlight >= this.runningMax + this.waitingMax) throw this.busy();
    const scope = { askedMs: elapsedMs(), aside: <R>(wait: () => Promise<R>): Promise<R> => this.outside(wait) };
    await this.enter(patienceMs);
    try {
      return await inRequest(scope, action);
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
      await this.enterAgain();
    }
  }

  private async enter(patienceMs: number): Promise<void> {
    if (this.running < this.runningMax) {
      this.running++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { enter: resolve, timer: undefined };
      this.waiting.push(waiting);
      if (patienceMs === Infinity) return;
      waiting.timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(waiting), 1);
        reject(this.busy());
      }, patienceMs);
    });
  }

  /** Who has begun goes before those who have not: it will sooner be done. */
  private async enterAgain(): Promise<void> {
    if (this.running < this.runningMax) this.running++;
    else await new Promise<void>((enter) => this.waiting.unshift({ enter, timer: undefined }));
  }

  /** Its place goes to the first who waits. */
  private leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running--;
    else {
      clearTimeout(next.timer);
      next.enter();
    }
  }

  private busy(): CoppiceError {
    return new CoppiceError('SERVER_BUSY', `${this.inFlight} requests are under way already`, {
      hint: 'try again in a moment, and ask less at once',
      data: { limit: this.runningMax + this.waitingMax },
    });
  }
}

interface Waiting {
  readonly enter: () => void;
  timer: NodeJS.Timeout | undefined;
}
