import { elapsedMs, yieldToEventLoop } from './clock.js';

/** After so long other work of this thread gets its turn, in milliseconds. */
const sliceMsDefault = 8;

/**
 * Cuts long synchronous work into slices, between which waiting IO and timers run. In a loop, between steps that are short
 * themselves: `if (slices.isOver) await slices.next();`.
 */
export class TimeSlices {
  private endMs: number;

  constructor(private readonly sliceMs = sliceMsDefault) {
    this.endMs = elapsedMs() + sliceMs;
  }

  get isOver(): boolean {
    return elapsedMs() >= this.endMs;
  }

  /** Resolves in the next turn of the event loop. */
  async next(): Promise<void> {
    await yieldToEventLoop();
    this.endMs = elapsedMs() + this.sliceMs;
  }
}
