import { elapsedMs } from '../base/index.js';
import type { WatchDescription } from '../api/index.js';
import type { WatchedPlace, WorktreeMonitor } from '../engine/index.js';
import { createWorktreeMonitor, type WatchedChange, type WorktreeWatcher } from './watch/index.js';

/** A work tree that nobody has asked about for so long is no longer watched. */
const idleMsMax = 30 * 60_000;
/** One that somebody has asked about since is swept. */
const activeMsMax = 15 * 60_000;

export interface WorktreeWatchesOptions {
  /** A private folder for the watcher's own files. */
  readonly cookieFolder: string;
  /** Something may have changed in a work tree; called once things have calmed down. */
  readonly onChange: (place: WatchedPlace, change: WatchedChange) => void;
}

/** The watched work trees of a daemon. Watching begins with the first question, ends after the last, and begins again. */
export class WorktreeWatches {
  private readonly watches = new Set<Watch>();

  constructor(private readonly options: WorktreeWatchesOptions) {}

  /** For `EnginesOptions.watch`. */
  readonly watch = (place: WatchedPlace): WorktreeMonitor => {
    const watch = new Watch(place, this.options, () => this.watches.delete(watch));
    this.watches.add(watch);
    return watch;
  };

  describe(): WatchDescription[] {
    return [...this.watches].map((watch) => watch.describe());
  }

  /** Has a work tree read again, whatever events there were: some changes (through a memory map, say) cause none. */
  doubt(workTree: string): void {
    for (const watch of this.watches) if (watch.workTree === workTree) watch.doubt();
  }

  /** Those that are watched, and that somebody has asked about not long ago. */
  get active(): string[] {
    return [...this.watches].filter((watch) => watch.isActive).map(({ workTree }) => workTree);
  }

  restIdle(): void {
    for (const watch of this.watches) watch.restIfIdle();
  }

  close(): void {
    for (const watch of [...this.watches]) watch.close();
  }
}

class Watch implements WorktreeMonitor {
  private watcher: WorktreeWatcher | null = null;
  private usedMs = 0;
  /** Generations of watchers that have rested, so that the number never goes back. */
  private past = 0;

  constructor(
    private readonly place: WatchedPlace,
    private readonly options: WorktreeWatchesOptions,
    private readonly onClose: () => void,
  ) {}

  async generation(): Promise<number | null> {
    this.usedMs = elapsedMs();
    this.watcher ??= this.start();
    const generation = await this.watcher.generation();
    return generation === null ? null : this.past + generation;
  }

  get workTree(): string {
    return this.place.workTree;
  }

  get isActive(): boolean {
    return this.watcher !== null && elapsedMs() - this.usedMs < activeMsMax;
  }

  doubt(): void {
    this.past++;
  }

  describe(): WatchDescription {
    const { workTree } = this;
    if (this.watcher === null) return { workTree, state: 'polling', folders: 0 };
    const { state, folders, reason } = this.watcher.status();
    return { workTree, state, folders, ...(reason === undefined ? {} : { reason }) };
  }

  restIfIdle(): void {
    if (this.watcher !== null && elapsedMs() - this.usedMs > idleMsMax) this.rest();
  }

  close(): void {
    if (this.watcher !== null) this.rest();
    this.onClose();
  }

  private start(): WorktreeWatcher {
    const { cookieFolder, onChange } = this.options;
    const watcher = createWorktreeMonitor(this.place, { cookieFolder });
    watcher.onChange((change) => onChange(this.place, change));
    return watcher;
  }

  private rest(): void {
    // What happens until the next watcher is ready is not seen: the number has to differ from any that was given.
    this.past += this.watcher!.status().generation + 1;
    this.watcher!.close();
    this.watcher = null;
  }
}
