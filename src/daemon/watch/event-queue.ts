import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  watch,
  writeFileSync,
  type FSWatcher,
} from 'node:fs';
import { join } from 'node:path';
import { elapsedMs } from '../../base/index.js';
import { describeFailure } from './watch-obstacles.js';

/** How long the queue may take to deliver an event before it counts as not working. */
const roundMsMax = 250;
/** After two rounds that failed none is tried for so long, so that not every answer waits in vain. */
const restMs = 5_000;
/** Work of the watchers may hold up the event loop for so long in each of its turns. */
const sliceMs = 8;

/**
 * The queue of file events that all watchers of this thread share. On Linux libuv has one inotify descriptor for each event
 * loop, and the kernel queues events in the order of the changes. So when the event of a change of our own has come,
 * the events of all changes before it have been delivered.
 *
 * What does not fit into the kernel's queue is dropped, which libuv keeps to itself; it is inferred from how many events
 * come at once.
 */
export class EventQueue {
  private static readonly open = new Map<string, EventQueue>();

  private users = 0;
  private watcher: FSWatcher | null = null;
  /** Names the cookie file: each round gives it a name that it never had, so that no other event is taken for its own. */
  private serial = 0;
  private endRound: ((arrived: boolean) => void) | null = null;
  private round: Promise<boolean> | null = null;
  private nextRound: Promise<boolean> | null = null;
  private failures = 0;
  private restUntilMs = 0;
  private failure: string | null = null;
  private readonly overflowListeners = new Set<() => void>();
  private readonly burstMax = Math.floor(queuedEventsMax() / 2);
  private burst = 0;
  private sliceStartMs: number | null = null;

  private constructor(private readonly folder: string) {}

  /** The queue, with its cookie file in a folder that only this process uses. Each `share` needs a `release`. */
  static share(folder: string): EventQueue {
    let queue = EventQueue.open.get(folder);
    if (queue === undefined) EventQueue.open.set(folder, (queue = new EventQueue(folder)));
    queue.users++;
    return queue;
  }

  release(): void {
    if (--this.users > 0) return;
    EventQueue.open.delete(this.folder);
    this.endRound?.(false);
    this.disarm();
    try {
      rmdirSync(this.folder);
    } catch {
      // It was never made, or somebody else uses it.
    }
  }

  /** Why the latest round failed, as a sentence; null when it did not. */
  get trouble(): string | null {
    return this.failure;
  }

  /** Resolves when the events of all changes before this call have been delivered; to false when that cannot be told. */
  drained(): Promise<boolean> {
    if (this.round === null) return this.startRound();
    // The cookie of the round under way was moved before this call: calls from now on share the next round.
    return (this.nextRound ??= this.round.then(() => {
      this.nextRound = null;
      return this.startRound();
    }));
  }

  /**
   * Counts an event, or a watch that ends, which makes one too. When so many come at once that some may have been
   * dropped, the listeners are called before any event that comes after the gap is delivered.
   */
  count(): void {
    if (this.burst === 0) setImmediate(() => (this.burst = 0));
    if (++this.burst === this.burstMax) for (const listener of this.overflowListeners) listener();
  }

  /** Returns what ends it. */
  onOverflow(listener: () => void): () => void {
    this.overflowListeners.add(listener);
    return () => this.overflowListeners.delete(listener);
  }

  /** Whether this turn of the event loop has been held up for long enough; asked between the steps of long work. */
  sliceIsOver(): boolean {
    if (this.sliceStartMs === null) {
      this.sliceStartMs = elapsedMs();
      setImmediate(() => (this.sliceStartMs = null));
    }
    return elapsedMs() - this.sliceStartMs > sliceMs;
  }

  private startRound(): Promise<boolean> {
    if (this.users === 0 || elapsedMs() < this.restUntilMs || !this.moveCookie()) return Promise.resolve(false);
    this.round = new Promise((resolve) => {
      const end = (arrived: boolean): void => {
        if (this.endRound !== end) return;
        clearTimeout(timer);
        this.endRound = null;
        this.round = null;
        if (arrived) {
          this.failures = 0;
          this.failure = null;
        } else {
          this.disarm();
          this.failure = `An event took longer than ${roundMsMax} ms: each answer reads the work tree anew.`;
          // The first time the queue may only have been full.
          if (++this.failures > 1) this.restUntilMs = elapsedMs() + restMs;
        }
        resolve(arrived);
      };
      // When a busy event loop is why time is up, the event has its turn before the immediate has.
      const timer = setTimeout(() => setImmediate(end, false), roundMsMax);
      this.endRound = end;
    });
    return this.round;
  }

  private moveCookie(): boolean {
    try {
      this.watcher ??= this.arm();
      renameSync(this.cookiePath(this.serial), this.cookiePath(this.serial + 1));
      this.serial++;
      return true;
    } catch (error) {
      // Somebody cleaned up, or the limit of watches is reached: armed anew on the next call.
      this.failure = describeFailure(error);
      this.disarm();
      return false;
    }
  }

  private arm(): FSWatcher {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    writeFileSync(this.cookiePath(this.serial), '', { mode: 0o600 });
    const watcher = watch(this.folder, { persistent: false }, (_, name) => {
      if (name === String(this.serial)) this.endRound?.(true);
    });
    return watcher.on('error', () => this.disarm());
  }

  private disarm(): void {
    if (this.watcher === null) return;
    this.watcher.close();
    this.watcher = null;
    try {
      unlinkSync(this.cookiePath(this.serial));
    } catch {
      // Gone already.
    }
  }

  private cookiePath(serial: number): string {
    return join(this.folder, String(serial));
  }
}

/** How many events the kernel keeps for a process that does not read them. */
function queuedEventsMax(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'), 10) || Infinity;
  } catch {
    return Infinity; // not Linux: no such queue
  }
}
