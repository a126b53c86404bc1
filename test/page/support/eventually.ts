import { expect } from 'vitest';

/** Expects something of a value that takes its time, on a machine that may have other work. */
export function eventually<T>(value: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(value, { timeout: 30_000, interval: 30 });
}
