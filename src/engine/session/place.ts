import { CoppiceError } from '../../base/index.js';

/** What is held while something is asked of it. */
interface Held {
  release(): void;
}

/** Where an engine looks: opened for each question, and closed when none is under way any more. */
export abstract class Place<S extends Held> {
  private readonly underWay = new Set<Promise<unknown>>();
  private closing: Promise<void> | null = null;

  /** What is there now; to be released. */
  protected abstract open(): Promise<S>;

  /** Lets go what is held between questions. */
  protected abstract letGo(): Promise<void>;

  /** As `open`, unless it is closed. */
  async hold(): Promise<S> {
    if (this.closing !== null) throw new CoppiceError('INTERNAL', 'the engine was closed');
    return this.open();
  }

  /** Runs an action on what is there. */
  run<T>(action: (scope: S) => Promise<T>): Promise<T> {
    return this.track(this.hold().then((scope) => using(scope, action)));
  }

  /** As `run`, for an action that can do without. */
  runAnywhere<T>(action: (scope: S | null) => Promise<T>): Promise<T> {
    const holding = this.hold().catch((error: unknown) => {
      if (this.closing !== null) throw error;
      return null;
    });
    return this.track(holding.then((scope) => (scope === null ? action(null) : using(scope, action))));
  }

  /** As `run`, for an action with many results, and one at the end. */
  async *stream<T, R = void>(action: (scope: S) => AsyncGenerator<T, R, undefined>): AsyncGenerator<T, R, undefined> {
    let end = (): void => undefined;
    void this.track(new Promise<void>((resolve) => (end = resolve)));
    try {
      const scope = await this.hold();
      try {
        return yield* action(scope);
      } finally {
        scope.release();
      }
    } finally {
      end();
    }
  }

  /** Begins nothing any more, waits for what is under way, and lets go. */
  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private async end(): Promise<void> {
    await Promise.allSettled(this.underWay);
    await this.letGo();
  }

  private track<T>(call: Promise<T>): Promise<T> {
    this.underWay.add(call);
    const forget = (): boolean => this.underWay.delete(call);
    call.then(forget, forget);
    return call;
  }
}

async function using<S extends Held, T>(scope: S, action: (scope: S) => Promise<T>): Promise<T> {
  try {
    return await action(scope);
  } finally {
    scope.release();
  }
}
