import { elapsedMs } from '../../base/index.js';
import { VolatileIds, VolatileSegments, volatileBytesMax } from '../../snapshot/index.js';
import type { SharedStore } from './shared-store.js';
import type { CallOptions } from '../types.js';
import { WriterQueue } from './writer-queue.js';

/** The segments in memory of all sessions of a process: they share their ids, and a bound. */
export class VolatileMemory {
  private readonly ids = new VolatileIds();
  private readonly queue = new WriterQueue();
  /** When each was last used. */
  private readonly usedMs = new Map<VolatileSegments, number>();
  /** To which something is being added. */
  private busy: VolatileSegments | null = null;

  constructor(private readonly shared: SharedStore) {}

  create(): VolatileSegments {
    return new VolatileSegments(this.shared.snapshots, this.ids);
  }

  /** Runs an action that adds to segments, one at a time, as each takes the ids that follow those of the one before. */
  run<T>(segments: VolatileSegments, { signal }: CallOptions, action: () => Promise<T>): Promise<T> {
    return this.queue.run(signal, async () => {
      if (this.ids.areUsedUp) this.beginAnew();
      this.refresh(segments);
      this.busy = segments;
      try {
        return await action();
      } finally {
        this.busy = null;
        this.makeRoom(segments);
      }
    });
  }

  /** Before they are used; not while something is added to them. */
  refresh(segments: VolatileSegments): void {
    this.usedMs.set(segments, elapsedMs());
    if (segments !== this.busy) segments.refresh();
  }

  /** Segments of the store were removed: nothing of them is to be held for those that nobody asks for. */
  refreshAll(): void {
    for (const segments of [...this.shared.snapshots.volatile]) if (segments !== this.busy) segments.refresh();
  }

  /** Lets all go that is not being added to. */
  clear(): void {
    for (const segments of [...this.shared.snapshots.volatile]) if (segments !== this.busy) segments.clear();
  }

  remove(segments: VolatileSegments): void {
    segments.clear();
    this.usedMs.delete(segments);
  }

  private beginAnew(): void {
    this.clear();
    this.shared.snapshots.forget();
    this.ids.reset();
  }

  /** Lets go those that were not used for the longest time. */
  private makeRoom(newest: VolatileSegments): void {
    const all = [...this.shared.snapshots.volatile];
    let bytes = all.reduce((sum, segments) => sum + segments.bytes, 0);
    if (bytes <= volatileBytesMax) return;
    const lastUse = (segments: VolatileSegments): number => this.usedMs.get(segments) ?? 0;
    for (const segments of all.sort((a, b) => lastUse(a) - lastUse(b))) {
      if (segments === newest || bytes <= volatileBytesMax) return;
      bytes -= segments.bytes;
      segments.clear();
    }
  }
}
