import type { WatchedPlace, WorktreeMonitor } from '../../../src/engine/index.js';

/** Says what the test tells it to. */
export class FakeMonitor implements WorktreeMonitor {
  value: number | null = 1;
  /** What it says was touched since any generation. */
  touched: ReadonlySet<string> | null = null;
  closed = false;
  /** Called before each answer. */
  onAsked: () => Promise<void> = () => Promise.resolve();

  constructor(readonly place: WatchedPlace) {}

  async generation(): Promise<number | null> {
    await this.onAsked();
    return this.value;
  }

  touchedSince(): ReadonlySet<string> | null {
    return this.touched;
  }

  close(): void {
    this.closed = true;
  }
}

/** Watches every place with a fake; `monitors` are those that were made. */
export function fakeWatch(): { monitors: FakeMonitor[]; watch: (place: WatchedPlace) => WorktreeMonitor } {
  const monitors: FakeMonitor[] = [];
  const watch = (place: WatchedPlace): WorktreeMonitor => {
    const monitor = new FakeMonitor(place);
    monitors.push(monitor);
    return monitor;
  };
  return { monitors, watch };
}
