import { LinkedAbort } from '../endpoint/index.js';

/**
 * The first success of an action, which is begun a second time when it takes longer than `afterMs`: of two requests the slower one is
 * given up. Rejects when all that was begun has failed.
 */
export function hedged<T>(
  action: (signal: AbortSignal) => Promise<T>,
  afterMs: number,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborts: LinkedAbort[] = [];
    let running = 0;
    const end = (): void => {
      clearTimeout(timer);
      for (const abort of aborts) {
        abort.abort();
        abort.unlink();
      }
    };
    const begin = (): void => {
      const abort = new LinkedAbort(signal);
      aborts.push(abort);
      running++;
      action(abort.signal).then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          if (--running > 0) return;
          end();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    };
    const timer = setTimeout(begin, afterMs);
    begin();
  });
}
