import { elapsedMs, throwIfAborted, yieldToEventLoop } from '../base/index.js';
import { runWithDeadline } from './guard.js';
import type { CompiledPattern } from './pattern.js';

export interface SlicedWork {
  /** Its matching is what may take for ever. */
  readonly pattern: Pick<CompiledPattern, 'canBacktrack'>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/** After this long other work of the process gets its turn. */
const sliceMs = 12;

/**
 * Calls `step` with 0 to `count`, until it returns true: then the result is true. Steps match a pattern, so they are
 * stopped with PATTERN_TIMEOUT; between slices of them the event loop turns.
 */
export async function forEachInSlices(
  count: number,
  { pattern, deadlineMs, signal }: SlicedWork,
  step: (i: number) => boolean,
): Promise<boolean> {
  const deadline = elapsedMs() + deadlineMs;
  let next = 0;
  let stopped = false;
  const runSlice = (): void => {
    const sliceEnd = elapsedMs() + sliceMs;
    while (next < count && !stopped) {
      stopped = step(next++);
      if ((next & 15) === 0 && elapsedMs() > sliceEnd) return;
    }
  };
  for (;;) {
    if (pattern.canBacktrack) runWithDeadline(deadline - elapsedMs(), runSlice);
    else runSlice();
    if (stopped || next >= count) return stopped;
    throwIfAborted(signal);
    await yieldToEventLoop();
  }
}
