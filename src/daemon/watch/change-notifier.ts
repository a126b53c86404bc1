import { elapsedMs } from '../../base/index.js';

/** What may have changed. */
export interface WatchedChange {
  /** Files of the work tree. */
  readonly worktree: boolean;
  /** HEAD or the index of this work tree. */
  readonly head: boolean;
  /** Branches, tags and other refs; the list of work trees. */
  readonly refs: boolean;
}

export type ChangeKind = keyof WatchedChange;

export interface NotifierOptions {
  /** Reports so long after the last change, in milliseconds, */
  readonly quietMs: number;
  /** and at most so long after the first. */
  readonly delayMsMax: number;
  readonly report: (change: WatchedChange) => void;
}

/** Gathers changes until things have calmed down. There is no timer while nothing happens. */
export class ChangeNotifier {
  private readonly kinds = new Set<ChangeKind>();
  private firstMs = 0;
  private lastMs = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: NotifierOptions) {}

  note(kind: ChangeKind): void {
    this.kinds.add(kind);
    this.lastMs = elapsedMs();
    if (this.timer !== null) return; // it looks at the time again when it fires: cheaper than a new timer for each change
    this.firstMs = this.lastMs;
    this.wait(this.options.quietMs);
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.kinds.clear();
  }

  private wait(ms: number): void {
    this.timer = setTimeout(() => this.fire(), Math.max(1, ms));
  }

  private fire(): void {
    const { quietMs, delayMsMax, report } = this.options;
    const dueMs = Math.min(this.lastMs + quietMs, this.firstMs + delayMsMax) - elapsedMs();
    if (dueMs > 0) return this.wait(dueMs);
    const change = { worktree: this.kinds.has('worktree'), head: this.kinds.has('head'), refs: this.kinds.has('refs') };
    this.close();
    report(change);
  }
}
