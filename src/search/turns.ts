import { TimeSlices, throwIfAborted } from '../base/index.js';

/** Gives other work its turns during a search, and hears when the search is cancelled. See TimeSlices. */
export class Turns {
  private readonly slices = new TimeSlices();

  constructor(private readonly signal: AbortSignal | undefined) {}

  get isDue(): boolean {
    return this.slices.isOver;
  }

  /** ABORTED when it was cancelled. */
  async take(): Promise<void> {
    await this.slices.next();
    throwIfAborted(this.signal);
  }
}
