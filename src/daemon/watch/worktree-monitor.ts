import { lstatSync } from 'node:fs';
import { encodeBytes, messageOf } from '../../base/index.js';
import type { WatchedPlace, WorktreeMonitor } from '../../engine/index.js';
import { ChangeNotifier, type WatchedChange } from './change-notifier.js';
import { EventQueue } from './event-queue.js';
import { FolderTree, parentOf, watchFolder, type WatchFolder } from './folder-tree.js';
import {
  isWantedInGitDir,
  meaningInCommonDir,
  meaningInGitDir,
  meaningInWorktree,
  type Meaning,
} from './repository-changes.js';
import { describeFailure, obstacleOf } from './watch-obstacles.js';

export interface MonitorOptions {
  /** A folder for the watcher's own file, which it makes; never in a repository. Monitors of a process may share it. */
  readonly cookieFolder: string;
  /** Changes are reported so long after the last, in milliseconds. Default 40. */
  readonly quietMs?: number;
  /** And at most so long after the first. Default 400. */
  readonly delayMsMax?: number;
  /** Instead of `fs.watch`. */
  readonly watchFolder?: WatchFolder;
  /** One watch for a folder with all below it. Default: on macOS and Windows, which have that. */
  readonly recursive?: boolean;
}

export interface MonitorStatus {
  /**
   * `starting`: not watched yet, or the work tree is gone; `watching`: what has not changed need not be read again;
   * `polling`: changes are reported, but not reliably enough to rest on; `failed`: nothing is reported any more.
   * In all but `watching`, each answer reads the work tree.
   */
  readonly state: 'starting' | 'watching' | 'polling' | 'failed';
  /** Watched folders, those of git among them. */
  readonly folders: number;
  /** Events seen that mean something. */
  readonly events: number;
  /** The latest number: `generation()` gave none that is higher. */
  readonly generation: number;
  /** Why it is not `watching`, and the way out, for people. */
  readonly reason?: string;
}

export interface WorktreeWatcher extends WorktreeMonitor {
  status(): MonitorStatus;
  /** Listens to what may have changed, gathered while changes follow one another closely. Returns what ends it. */
  onChange(listener: (change: WatchedChange) => void): () => void;
}

/** Of what lies outside of all that is watched. */
const outside: Meaning = { kinds: ['worktree'], counts: true, rules: true };

/** How long `generation()` may wait for folders that have just come to be watched. */
const settleMsMax = 250;

/** Begins to watch a work tree. Never throws: what goes wrong is in its status. */
export function createWorktreeMonitor(place: WatchedPlace, options: MonitorOptions): WorktreeWatcher {
  return new Monitor(place, options);
}

/**
 * Watches a work tree without its ignored folders, and those parts of its git folders that say what HEAD and the refs are.
 *
 * The generation is as exact as the kernel is: it tells of every change that goes through a path in a watched folder. Rules
 * outside the repository, and what makes a folder a repository of its own, are not watched but looked at for each answer: they
 * are few. It does not tell of writes through a memory map, or through a hard link in another folder. Who rests on the
 * generation should look for himself now and then.
 */
class Monitor implements WorktreeWatcher {
  private readonly queue: EventQueue;
  private readonly notifier: ChangeNotifier;
  private readonly listeners = new Set<(change: WatchedChange) => void>();
  /** Why events cannot be relied on here. */
  private readonly obstacle: string | null;
  private readonly recursive: boolean;
  private readonly files: FolderTree;
  /** In the order of settling: which folders are ignored is asked when changes of the rules can no longer be missed. */
  private readonly trees: readonly FolderTree[];
  private ignored: ReadonlySet<string> = new Set();
  private number = 0;
  private readonly touched = new TouchedPaths();
  /** The index has changed, and with it perhaps which folders are ignored. */
  private indexChanged = false;
  /** Of what lies outside, as it was last; null before it was looked at. */
  private rules: string | null = null;
  /** Folders with a `.git` below the work tree, and what made them repositories or not when they were looked at last. */
  private readonly nested = new Map<string, string>();
  private events = 0;
  private state: 'starting' | 'ready' | 'failed' | 'closed' = 'starting';
  private failure: string | null = null;
  /** Why the latest settling did not succeed. */
  private trouble: string | null = null;
  private settling: Promise<void> | null = null;

  constructor(
    private readonly place: WatchedPlace,
    private readonly options: MonitorOptions,
  ) {
    const { cookieFolder, quietMs = 40, delayMsMax = 400 } = options;
    this.queue = EventQueue.share(cookieFolder);
    this.notifier = new ChangeNotifier({ quietMs, delayMsMax, report: (change) => this.report(change) });
    this.recursive = options.recursive ?? process.platform !== 'linux';
    this.obstacle = obstacleOf(place.workTree, this.recursive);
    this.files = this.createTree(
      place.workTree,
      (path) => this.isWanted(path),
      this.meaningOfFile,
      async () => {
        this.ignored = new Set(await place.ignoredFolders());
      },
    );
    const { gitDir, commonDir } = place;
    const git: FolderTree[] = [];
    if (gitDir !== null) git.push(this.createTree(gitDir, isWantedInGitDir, meaningInGitDir));
    if (commonDir !== null && commonDir !== gitDir)
      git.push(this.createTree(commonDir, isWantedInGitDir, meaningInCommonDir));
    this.trees = [...git, this.files];
    void this.settle();
  }

  async generation(): Promise<number | null> {
    if (!this.isOpen) return null;
    this.checkRoots();
    if (this.state === 'starting' || this.obstacle !== null) {
      void this.settle();
      return null;
    }
    if (!(await this.queue.drained())) return null;
    if (!this.lookOutside()) return null;
    if (this.isPending) await withinMs(settleMsMax, this.settle());
    return this.isOpen && !this.isPending && !this.isMissing ? this.number : null;
  }

  touchedSince(generation: number): ReadonlySet<string> | null {
    return this.touched.since(generation);
  }

  status(): MonitorStatus {
    const { events, number: generation } = this;
    const folders = this.trees.reduce((sum, tree) => sum + tree.size, 0);
    const describe = (state: MonitorStatus['state'], reason: string | null): MonitorStatus => {
      return { state, folders, events, generation, ...(reason === null ? {} : { reason }) };
    };
    if (this.failure !== null) return describe('failed', this.failure);
    if (this.isMissing) return describe('starting', 'The work tree or its repository is not there, or cannot be read.');
    if (this.state === 'starting' || this.trouble !== null) return describe('starting', this.trouble);
    const reason = this.obstacle ?? this.queue.trouble;
    return describe(reason === null ? 'watching' : 'polling', reason);
  }

  onChange(listener: (change: WatchedChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    if (this.isOpen) this.stop('closed');
  }

  private get isOpen(): boolean {
    return this.state === 'starting' || this.state === 'ready';
  }

  private get isPending(): boolean {
    this.lookAtIndex();
    return this.trees.some((tree) => tree.pending);
  }

  private get isMissing(): boolean {
    return this.trees.some((tree) => tree.missing && !tree.pending);
  }

  private createTree(
    root: string,
    wanted: (path: string) => boolean,
    meaningOf: (path: string) => Meaning | null,
    refresh?: () => Promise<void>,
  ): FolderTree {
    return new FolderTree({
      root,
      queue: this.queue,
      watchFolder: this.options.watchFolder ?? watchFolder,
      recursive: this.recursive,
      wanted,
      ...(refresh === undefined ? {} : { refresh }),
      ...(root === this.place.workTree ? { onDotGit: (path: string) => void this.lookAtNested(path) } : {}),
      onEvent: (path) => this.note(meaningOf(path), root === this.place.workTree ? path : null),
      onFailure: (error) => this.fail(error),
    });
  }

  /** Of a repository inside the work tree, which counts as ignored, only its `.git` matters: whether it still is one. */
  private isWanted(path: string): boolean {
    if (path === '.git' || path.endsWith('/.git') || this.ignored.has(parentOf(path))) return false;
    return !this.ignored.has(path) || exists(`${this.place.workTree}/${path}/.git`);
  }

  private readonly meaningOfFile = (path: string): Meaning | null => {
    return this.ignored.has(parentOf(path)) && !path.endsWith('/.git') ? null : meaningInWorktree(path);
  };

  /** `path`: below the work tree; null for one of a git folder. */
  private note(meaning: Meaning | null, path: string | null): void {
    if (meaning === null || !this.isOpen) return;
    this.events++;
    if (path?.endsWith('/.git') === true) this.lookAtNested(parentOf(path));
    if (meaning.counts) this.number++;
    if (meaning.rules === true) {
      this.files.reconsider();
      this.touched.addAny(this.number);
    } else if (meaning.rules === 'index') this.indexChanged = true;
    else if (path !== null) this.touched.add(path, this.number);
    if (this.state === 'ready') for (const kind of meaning.kinds) this.notifier.note(kind);
  }

  private report(change: WatchedChange): void {
    this.checkRoots();
    void this.settle();
    for (const listener of this.listeners) listener(change);
  }

  private lookAtIndex(): void {
    if (!this.indexChanged) return;
    this.indexChanged = false;
    if (this.place.mayIgnoreOtherwise()) this.files.reconsider();
  }

  /** Notes what has changed outside of what is watched; false when that cannot be told. */
  private lookOutside(): boolean {
    const rules = this.place.outsideRules();
    let isSame = rules === this.rules || rules === null;
    if (rules !== null) this.rules = rules;
    for (const folder of this.nested.keys()) if (this.lookAtNested(folder)) isSame = false;
    if (!isSame) this.note(outside, null);
    return rules !== null;
  }

  /** Whether a folder below the work tree is a repository otherwise than when it was looked at last. */
  private lookAtNested(folder: string): boolean {
    const before = this.nested.get(folder);
    const now = this.place.nestedRepository(folder);
    if (now === '') this.nested.delete(folder);
    else this.nested.set(folder, now);
    return before !== undefined && now !== before;
  }

  private checkRoots(): void {
    for (const tree of this.trees) tree.checkRoot();
  }

  /** Never rejects. */
  private settle(): Promise<void> {
    return (this.settling ??= this.settleAll().finally(() => (this.settling = null)));
  }

  private async settleAll(): Promise<void> {
    try {
      while (this.isOpen && this.isPending) for (const tree of this.trees) if (tree.pending) await tree.settle();
    } catch (error) {
      this.trouble = `Which folders are ignored cannot be told: ${messageOf(error)}`;
      return;
    }
    this.trouble = null;
    if (this.state !== 'starting' || this.isMissing) return;
    this.state = 'ready';
    this.notifier.note('worktree'); // what happened before was not seen
  }

  private fail(error: unknown): void {
    if (!this.isOpen) return;
    this.failure = describeFailure(error);
    this.stop('failed');
  }

  private stop(state: 'failed' | 'closed'): void {
    this.state = state;
    this.notifier.close();
    for (const tree of this.trees) tree.close();
    this.queue.release();
  }
}

/** So many paths are remembered. */
const touchedMax = 10_000;

/** Which paths were touched last, each with the generation that it brought about. */
class TouchedPaths {
  private readonly paths = new Map<string, number>();
  /** At this generation anything may have changed. */
  private anyAt = 0;

  add(path: string, generation: number): void {
    this.paths.delete(path);
    this.paths.set(path, generation);
    if (this.paths.size > touchedMax) this.addAny(generation);
  }

  addAny(generation: number): void {
    this.anyAt = generation;
    this.paths.clear();
  }

  /** Those since a generation; null when anything may have changed since. Forgets what was before. */
  since(generation: number): ReadonlySet<string> | null {
    if (generation < this.anyAt) return null;
    for (const [path, at] of this.paths) {
      if (at > generation) break;
      this.paths.delete(path);
    }
    return new Set(this.paths.keys());
  }
}

/** Waits for work, but not for longer. */
async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

function exists(path: string): boolean {
  try {
    return lstatSync(encodeBytes(path), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // it may not be looked into
  }
}
