import type { Embedder } from '../embedding/index.js';

export interface EngineOptions extends EnginesOptions {
  /**
   * Where to look: a repository by a path (a work tree or a folder in it, a bare repository, a `.git` folder), a repository by the name that
   * the store knows it by, `view:NAME`, or a name with `*`: all that have such names. Several are one view. Default: the current folder.
   */
  readonly repo?: string | readonly string[];
}

export interface EnginesOptions {
  /** The store's folder. Default `$COPPICE_HOME`, else the platform's data folder. */
  readonly store?: string;
  /** Parser threads; 0 parses in the calling thread. Default: one per core, at most 4. */
  readonly workers?: number;
  /** How long a writer waits for another process's writer before STORE_LOCKED, in milliseconds. Default 30,000. */
  readonly lockTimeoutMs?: number;
  /** Called with a note for people: a submodule skipped, a file that fell back to line chunks. */
  readonly onNote?: (note: string) => void;
  /** Bounds of what is kept in memory for speed, in bytes; `status` tells them, and what is held. Default: about 600 MiB in all. */
  readonly memory?: {
    readonly blockCacheBytes?: number;
    readonly snapshotCacheBytes?: number;
    readonly recordCacheBytes?: number;
    readonly vectorCacheBytes?: number;
    readonly foundCacheBytes?: number;
  };
  /** Watches work trees, each from its first `@worktree` on. Without it a work tree is read for each answer. */
  readonly watch?: (place: WatchedPlace) => WorktreeMonitor;
  /**
   * What `grep` does in a repository that was never indexed: it waits for the index (`index`, the default), or reads the files, as git grep
   * does (`read`), and the index is made meanwhile where the process serves others too (`openEngines`).
   */
  readonly firstUse?: 'index' | 'read';
  /** Makes vectors besides the embedder that comes with Coppice, which answers until this one has made all; closed with the store. */
  readonly embedder?: Embedder;
  /** Settings in place of those in `config.json` of the store's folder, by name. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Of a search node: packs of a repository that are larger together are searched where they lie, not taken in. Default: 64 MiB. */
  readonly takenBytesMax?: number;
}

/** A work tree that is to be watched. All paths are absolute. */
export interface WatchedPlace {
  readonly workTree: string;
  /** Its own git folder: HEAD and the index are there. Null: what is watched is no repository. */
  readonly gitDir: string | null;
  /** Of a folder that packages are installed in: the work tree whose they are. */
  readonly project?: string;
  /** The git folder that its work trees share: refs are there. The same as `gitDir` for the main work tree. */
  readonly commonDir: string | null;
  /** Folders below the work tree whose contents git ignores altogether, relative to it and without a slash at the end; asked again when ignore rules change. */
  ignoredFolders(): Promise<readonly string[]>;
  /** Whether they may be others than they last were, when nothing but the index has changed. */
  mayIgnoreOtherwise(): boolean;
  /**
   * A text that changes when the rules of what to ignore do by a file that is in none of these folders (the user's own, the
   * machine's, what they name). Null while that cannot be told: one of them has just changed, and may again.
   */
  outsideRules(): string | null;
  /** A text that changes when a folder below the work tree, which has a `.git`, becomes a repository of its own or ceases to be one. */
  nestedRepository(folder: string): string;
}

/** Knows when a work tree may have changed. */
export interface WorktreeMonitor {
  /**
   * A number that grows with everything that may have changed the work tree or what HEAD is. All changes made before the
   * call are counted in it. Null while that cannot be told (watching has not begun, or is not possible): then the
   * work tree has to be read.
   */
  generation(): Promise<number | null>;
  /**
   * Paths of files and folders below the work tree that may have changed since a generation that it told; besides them only
   * HEAD, refs and the index may have. Null when that is not all, or not known. Asked for ever later generations.
   */
  touchedSince(generation: number): ReadonlySet<string> | null;
  close(): void;
}
