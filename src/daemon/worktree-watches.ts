import type { WatchDescription } from '../api/index.js';
import type { WatchedPlace, WorktreeMonitor } from '../engine/index.js';
import { createWorktreeMonitor, type WatchedChange, type WorktreeWatcher } from './watch/index.js';

export interface WorktreeWatchesOptions {
  /** A private folder for the watcher's own files. */
  readonly cookieFolder: string;
  /** Something may have changed in a work tree; called once things have calmed down. */
  readonly onChange: (place: WatchedPlace, change: WatchedChange) => void;
}

/** The watched work trees of a daemon. Watching begins with a question, and may rest until the next. */
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

  /** Those that are watched now. */
  get watched(): string[] {
    return [...this.watches].filter((watch) => watch.isWatching).map(({ workTree }) => workTree);
  }

  /** Stops watching a work tree, until it is asked about again. */
  rest(workTree: string): void {
    for (const watch of this.watches) if (watch.workTree === workTree && watch.isWatching) watch.rest();
  }

  close(): void {
    for (const watch of [...this.watches]) watch.close();
  }
}

class Watch implements WorktreeMonitor {
  private watcher: WorktreeWatcher | null = null;
  /** Generations of watchers that have rested, so that the number never goes back. */
  private past = 0;
  /** Of what changed before this generation nothing is known. */
  private knownSince = 0;

  constructor(
    private readonly place: WatchedPlace,
    private readonly options: WorktreeWatchesOptions,
    private readonly onClose: () => void,
  ) {}

  async generation(): Promise<number | null> {
    this.watcher ??= this.start();
    const generation = await this.watcher.generation();
    return generation === null ? null : this.past + generation;
  }

  touchedSince(generation: number): ReadonlySet<string> | null {
    return generation < this.knownSince ? null : (this.watcher?.touchedSince(generation - this.past) ?? null);
  }

  get workTree(): string {
    return this.place.workTree;
  }

  get isWatching(): boolean {
    return this.watcher !== null;
  }

  doubt(): void {
    this.past++;
    this.knownSince = this.past + (this.watcher?.status().generation ?? 0);
  }

  describe(): WatchDescription {
    const { workTree } = this;
    if (this.watcher === null) return { workTree, state: 'polling', folders: 0 };
    const { state, folders, reason } = this.watcher.status();
    return { workTree, state, folders, ...(reason === undefined ? {} : { reason }) };
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

  rest(): void {
    // What happens until the next watcher is ready is not seen: the number has to differ from any that was given.
    this.past += this.watcher!.status().generation + 1;
    this.knownSince = this.past;
    this.watcher!.close();
    this.watcher = null;
  }
}
