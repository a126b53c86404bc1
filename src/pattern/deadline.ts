import { CoppiceError, elapsedMs, waitedMs } from '../base/index.js';

/**
 * The time that all runs of a request's patterns have together. What passes while they run or wait for a thread counts, and what the request
 * waited before it began; not what it takes to index a rev, or its client to read.
 */
export class Deadline {
  private spentMs: number;
  private startedMs = 0;
  private running = 0;

  constructor(readonly ms: number) {
    this.spentMs = waitedMs();
  }

  get leftMs(): number {
    return this.ms - this.spentMs - (this.running > 0 ? elapsedMs() - this.startedMs : 0);
  }

  /** Counts time from now on, until as many stops came. */
  start(): void {
    if (this.running++ === 0) this.startedMs = elapsedMs();
  }

  stop(): void {
    if (--this.running === 0) this.spentMs += elapsedMs() - this.startedMs;
  }

  /** Throws PATTERN_TIMEOUT when the time is up. */
  check(): void {
    if (this.leftMs <= 0) throw patternTimeout(this.ms);
  }
}

export function patternTimeout(deadlineMs: number, cause?: unknown): CoppiceError {
  return new CoppiceError('PATTERN_TIMEOUT', `the pattern took longer than ${Math.ceil(deadlineMs)} ms`, {
    hint: 'Avoid nested or repeated unbounded repetition, such as (a+)+ or .*.*, or search fewer files.',
    data: { deadlineMs },
    cause,
  });
}

/** The engine's own stack for backtracking ends at some size, long before a long line does. */
export function patternTooLarge(cause: unknown): CoppiceError {
  return new CoppiceError('PATTERN_TIMEOUT', 'the pattern needs more memory than there is for one line', {
    hint: 'Avoid nested repetition, such as (a|b)*, or search fewer files.',
    cause,
  });
}
