/** Wall-clock time in milliseconds since 1970. The one place that asks, so that tests can tell what depends on it. */
export const nowMs = (): number => Date.now();

/** Milliseconds since some fixed moment; for durations. */
export const elapsedMs = (): number => performance.now();

/** Hex digits no other caller has, for names of temporary files. */
export const uniqueSuffix = (): string => process.pid.toString(36) + Math.floor(Math.random() * 2 ** 48).toString(36);

/** Resolves after `ms`, or at once when `signal` aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** From half of `ms` to all of it, at random: those who failed together do not try again together. */
export const jittered = (ms: number): number => ms * (0.5 + Math.random() / 2);
