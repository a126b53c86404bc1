import { elapsedMs } from './clock.js';
import { throwIfAborted } from '../errors.js';
import { yieldToEventLoop } from './turns.js';

/** After so long other work of this thread gets its turn, in milliseconds. */
const sliceMsDefault = 8;

/**
 * Cuts long synchronous work into slices, between which waiting IO and timers run. In a loop, between steps that are short
 * themselves: `if (slices.isOver) await slices.next();`.
 */
export class TimeSlices {
  private endMs: number;
  private done = 0;

  /** With a signal, the work can be cancelled between slices. */
  constructor(
    private readonly signal?: AbortSignal,
    private readonly sliceMs = sliceMsDefault,
  ) {
    this.endMs = elapsedMs() + sliceMs;
  }

  get isOver(): boolean {
    return elapsedMs() >= this.endMs;
  }

  /** Resolves in a later turn of the event loop. ABORTED when it was cancelled. */
  async next(): Promise<void> {
    await yieldToEventLoop(++this.done);
    throwIfAborted(this.signal);
    this.endMs = elapsedMs() + this.sliceMs;
  }
}
