import { setTimeout as pause } from 'node:timers/promises';

export { pause };

/** Looks again and again, every 20 ms, until it is so. */
export async function waitUntil(
  what: string,
  timeoutMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await pause(20);
  }
}
