import { elapsedMs } from '../base/index.js';
import type { Pattern } from './pattern.js';

/** For so long a pattern counts as one that took too long. */
const memoryMs = 10_000;
const patternsMax = 1000;

/** Patterns that were stopped not long ago: whoever writes them again is not in for the same again. */
export class Runaways {
  /** Until when, by pattern, the oldest first. */
  private readonly untilMs = new Map<string, number>();

  has(pattern: Pattern): boolean {
    if (this.untilMs.size === 0) return false;
    const untilMs = this.untilMs.get(keyOf(pattern));
    return untilMs !== undefined && elapsedMs() < untilMs;
  }

  add(pattern: Pattern): void {
    const key = keyOf(pattern);
    this.untilMs.delete(key);
    this.untilMs.set(key, elapsedMs() + memoryMs);
    if (this.untilMs.size > patternsMax) this.untilMs.delete(this.untilMs.keys().next().value!);
  }
}

const keyOf = ({ source, options }: Pattern): string => JSON.stringify([source, options]);
