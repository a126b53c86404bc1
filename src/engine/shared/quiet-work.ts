/** So long nobody has written or opened anything before it is begun. */
const quietMsDefault = 100;
/** Of what was left for later only the newest is done: in a row of commits, each of which makes the one before it old. */
const leftMax = 4;

/** What is for speed alone: left until nobody has written or opened anything for a moment, or until the end, so that nobody is held up by it. */
export class QuietWork {
  private readonly left = new Map<string, () => Promise<void>>();
  /** Actions under way that it gives way to. */
  private busy = 0;
  private timer: NodeJS.Timeout | null = null;
  private underWay: Promise<void> = Promise.resolve();

  /** `work` does not fail: what is for speed alone has nothing to say. */
  constructor(private readonly quietMs = quietMsDefault) {}

  /** Leaves work for later, in place of what was left under that name. */
  leave(name: string, work: () => Promise<void>): void {
    this.left.delete(name);
    this.left.set(name, work);
    for (const oldest of this.left.keys()) {
      if (this.left.size <= leftMax) break;
      this.left.delete(oldest);
    }
    this.wait();
  }

  /** Takes back what was left and is not begun; false when there was none. */
  takeBack(name: string): boolean {
    return this.left.delete(name);
  }

  /** Runs an action; nothing of what is left is begun meanwhile, and a moment after. */
  async during<T>(action: () => Promise<T>): Promise<T> {
    this.busy++;
    this.wait();
    try {
      return await action();
    } finally {
      this.busy--;
      this.wait();
    }
  }

  /** Does now what is left. */
  finish(): Promise<void> {
    return this.work(() => true);
  }

  /** Does what is left, one after the other, for as long as more may be begun. */
  private work(mayBegin: () => boolean): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    return (this.underWay = this.underWay.then(async () => {
      for (const [name, work] of this.left) {
        if (!mayBegin()) return;
        this.left.delete(name);
        await work();
      }
    }));
  }

  private wait(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    const isDue = this.busy === 0 && this.left.size > 0;
    this.timer = isDue ? setTimeout(() => void this.work(() => this.busy === 0), this.quietMs).unref() : null;
  }
}
