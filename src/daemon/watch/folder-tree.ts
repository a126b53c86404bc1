import { accessSync, constants, lstatSync, readdirSync, statSync, watch, type FSWatcher } from 'node:fs';
import { basename } from 'node:path';
import { decodeBytes, encodeBytes, systemErrorCode, yieldToEventLoop } from '../../base/index.js';
import type { EventQueue } from './event-queue.js';

/** `fs.watch` as it is used here. Latin-1 keeps every byte of a name. */
export type WatchFolder = (
  path: string | Buffer,
  options: { readonly persistent: false; readonly recursive: boolean; readonly encoding: 'latin1' },
  listener: (event: string, name: string | null) => void,
) => FSWatcher;

export const watchFolder: WatchFolder = (path, options, listener) => watch(path, options, listener);

export interface FolderTreeOptions {
  readonly root: string;
  readonly queue: EventQueue;
  readonly watchFolder: WatchFolder;
  /** One watch tells of all folders, where the platform has that. Else each folder is watched on its own. */
  readonly recursive: boolean;
  /** Whether a folder is to be watched; asked only where its parent is. Paths are relative to the root, with `/`. */
  readonly wanted: (path: string) => boolean;
  /** Brings up to date what `wanted` says: before many folders are entered, after any was, and after `reconsider`. */
  readonly refresh?: () => Promise<void>;
  /** Something happened to what is, or was, at a path; `''`: anything may have happened in the tree. */
  readonly onEvent: (path: string) => void;
  /** A folder that is entered, not the root, has a `.git`, of whatever kind. */
  readonly onDotGit?: (path: string) => void;
  /** Nothing can be watched any more, and the tree is closed. */
  readonly onFailure: (error: unknown) => void;
}

/** A watched folder. */
interface Folder {
  /** From the root; `''` is the root. */
  readonly path: string;
  readonly parent: Folder | null;
  readonly children: Map<string, Folder>;
  /** Null once it is not watched any more. */
  watcher: FSWatcher | null;
}

/** A folder to be entered: a name in a watched folder; without a parent the root. */
interface Entrance {
  readonly parent: Folder | null;
  readonly name: string;
  /** It was there when its parent was entered. */
  readonly listed: boolean;
}

/**
 * So many folders are entered before `refresh` says which are wanted. It costs more than that, and has to be called
 * afterwards in any case; but among what came there may be a folder of thousands that is not wanted.
 */
const unaskedMax = 32;

/** A folder may vanish between any two looks at it, or be closed to us; then it is closed to git as well. */
const unreachable: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP']);

/**
 * Watches a folder and the wanted folders below it, never files one by one: the watch of a folder tells of what is in it.
 *
 * An event only says which name to look at; `settle` looks. Until then the tree is `pending`: there may be folders that are
 * not watched yet, so that changes in them go unnoticed. A folder is watched first and listed then, so what comes into it
 * is either listed or told of. A folder that took the place of another cannot be told by its inode, which may be in use
 * again: whatever an event names is left and, if it is a folder now, entered anew with all below it.
 */
export class FolderTree {
  private root: Folder | null = null;
  /** Device and inode of the root; empty while there is none that can be read. */
  private identity = '';
  /** The root, or all that is below it, may be other than what is watched. */
  private inDoubt = true;
  /** `wanted` is out of date. */
  private stale = true;
  /** To be looked at: names in watched folders. */
  private readonly named = new Map<Folder, Set<string>>();
  /** To be entered, if wanted. */
  private readonly entrances: Entrance[] = [];
  /** How many may be entered before the next refresh. */
  private allowance = 0;
  /** Paths of folders that came and were entered, and have to be told of. */
  private arrived: string[] = [];
  /** Folders whose parents are watched, but which were not wanted. */
  private readonly unwanted = new Set<string>();
  private work: Promise<void> | null = null;
  private count = 0;
  private closed = false;
  private readonly stopListening: () => void;

  constructor(private readonly options: FolderTreeOptions) {
    this.stopListening = options.queue.onOverflow(() => this.startOver());
  }

  /** Watched folders. */
  get size(): number {
    return this.count;
  }

  /** Not all that is to be watched may be watched. */
  get pending(): boolean {
    return this.inDoubt || this.stale || this.named.size > 0 || this.work !== null;
  }

  /** There is no folder at the root's path, or none that can be read. */
  get missing(): boolean {
    return this.identity === '';
  }

  /** Looks at everything that is pending. Rejects when `refresh` does; then it stays pending. */
  settle(): Promise<void> {
    return (this.work ??= this.run().finally(() => (this.work = null)));
  }

  /** What is wanted may have changed. */
  reconsider(): void {
    this.stale = true;
  }

  /** Puts the whole tree in doubt when another folder than the watched one is at the root's path, or none, or one again. */
  checkRoot(): void {
    if (identityOf(this.options.root) !== this.identity) this.startOver();
  }

  close(): void {
    this.closed = true;
    this.stopListening();
    this.forget();
  }

  private startOver(): void {
    this.inDoubt = true;
    this.stale = true;
    this.options.onEvent('');
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      if (this.inDoubt) this.resetRoot();
      else if (this.entrances.length > 0 && this.allowance > 0) this.enter(this.entrances.pop()!);
      else if (this.entrances.length === 0 && this.named.size > 0) this.lookAtNamed();
      else if (this.entrances.length > 0 || this.stale) await this.refresh();
      else break;
      if (this.options.queue.sliceIsOver()) await yieldToEventLoop();
    }
    // What happened in a folder before it was watched was not told of.
    const { arrived } = this;
    this.arrived = [];
    if (!this.closed) for (const path of arrived) this.options.onEvent(path);
  }

  private resetRoot(): void {
    this.inDoubt = false;
    this.forget();
    this.identity = identityOf(this.options.root);
    this.allowance = 0;
    if (this.identity === '') this.stale = false;
    else this.entrances.push({ parent: null, name: '', listed: false });
  }

  private forget(): void {
    if (this.root !== null) this.leave(this.root);
    this.root = null;
    this.named.clear();
    this.unwanted.clear();
    this.entrances.length = 0;
    this.arrived = [];
  }

  /** Looks at one name. */
  private lookAtNamed(): void {
    this.allowance = Math.min(this.allowance, unaskedMax);
    const [folder, names] = this.named.entries().next().value!;
    const [name] = names;
    names.delete(name!);
    if (names.size === 0) this.named.delete(folder);
    if (folder.watcher === null) return;
    const child = folder.children.get(name!);
    if (child !== undefined) this.leave(child);
    const path = joined(folder.path, name!);
    if (!isFolder(this.absolute(path))) return void this.unwanted.delete(path);
    this.entrances.push({ parent: folder, name: name!, listed: false });
    this.stale = true; // another folder of that name may not have been wanted
  }

  private async refresh(): Promise<void> {
    const { refresh, wanted } = this.options;
    this.stale = false;
    try {
      await refresh?.();
    } catch (error) {
      this.stale = true;
      throw error;
    }
    this.allowance = Infinity;
    if (this.root !== null) this.leaveUnwanted(this.root);
    for (const path of this.unwanted) {
      if (!wanted(path)) continue;
      this.unwanted.delete(path);
      const parent = this.find(parentOf(path));
      if (parent !== null) this.entrances.push({ parent, name: basename(path), listed: false });
    }
  }

  private leaveUnwanted(folder: Folder): void {
    for (const child of folder.children.values()) {
      if (this.options.wanted(child.path)) this.leaveUnwanted(child);
      else {
        this.leave(child);
        this.unwanted.add(child.path);
      }
    }
  }

  private enter(entrance: Entrance): void {
    const { parent, name } = entrance;
    if (parent !== null && parent.watcher === null) return; // left meanwhile
    const path = parent === null ? '' : joined(parent.path, name);
    if (parent !== null && !this.options.wanted(path)) return void this.unwanted.add(path);
    const { recursive } = this.options;
    const known = parent?.children.get(name);
    if (known !== undefined) this.leave(known);
    const folder: Folder = { path, parent, children: new Map(), watcher: null };
    let names: string[];
    try {
      const options = { persistent: false, recursive, encoding: 'latin1' } as const;
      const listener = (event: string, item: string | null): void => this.told(folder, event, item);
      folder.watcher = this.options.watchFolder(recursive ? this.options.root : this.absolute(path), options, listener);
      folder.watcher.on('error', () => this.startOver());
      const entries = recursive ? [] : entriesIn(this.absolute(path));
      if (path !== '' && entries.some(({ name }) => name === '.git')) this.options.onDotGit?.(path);
      names = entries.filter(({ isFolder }) => isFolder).map(({ name }) => name);
    } catch (error) {
      folder.watcher?.close();
      folder.watcher = null;
      if (!unreachable.has(systemErrorCode(error) ?? '')) this.fail(error);
      else if (parent === null) this.identity = '';
      return;
    }
    this.count++;
    this.allowance--;
    // Between the refresh and the watch the rules may have changed in there.
    if (this.options.refresh !== undefined) this.stale = true;
    if (parent === null) this.root = folder;
    else parent.children.set(name, folder);
    for (const item of names) this.entrances.push({ parent: folder, name: item, listed: true });
    if (!entrance.listed) this.arrived.push(path);
  }

  private leave(folder: Folder): void {
    for (const child of folder.children.values()) this.leave(child);
    folder.parent?.children.delete(basename(folder.path));
    folder.watcher?.close();
    folder.watcher = null;
    this.options.queue.count();
    this.count--;
  }

  private told(folder: Folder, event: string, item: string | null): void {
    if (folder.watcher === null) return;
    const { queue, root, recursive, onEvent } = this.options;
    queue.count();
    if (item === null) return this.startOver(); // the platform could not tell the name
    const name = nameOf(item);
    // A folder's own end, too, is told under its name; below the root that is told by its parent as well.
    if (event === 'rename' && folder.parent === null && name === basename(root)) this.startOver();
    if (recursive) {
      const path = name.replaceAll('\\', '/');
      if (this.isCovered(path)) onEvent(path);
      return;
    }
    if (event === 'rename') {
      const names = this.named.get(folder);
      if (names === undefined) this.named.set(folder, new Set([name]));
      else names.add(name);
    }
    onEvent(joined(folder.path, name));
  }

  /** Whether all folders that lead to a path are wanted. */
  private isCovered(path: string): boolean {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      if (!this.options.wanted(path.slice(0, at))) return false;
    }
    return true;
  }

  private find(path: string): Folder | null {
    let folder = this.root;
    for (const name of path === '' ? [] : path.split('/')) folder = folder?.children.get(name) ?? null;
    return folder;
  }

  private fail(error: unknown): void {
    this.close();
    this.options.onFailure(error);
  }

  private absolute(path: string): Buffer {
    return encodeBytes(path === '' ? this.options.root : `${this.options.root}/${path}`);
  }
}

function identityOf(root: string): string {
  try {
    accessSync(encodeBytes(root), constants.R_OK | constants.X_OK);
    const stats = statSync(encodeBytes(root));
    return stats.isDirectory() ? `${stats.dev}:${stats.ino}` : '';
  } catch {
    return '';
  }
}

function isFolder(path: Buffer): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

function entriesIn(path: Buffer): { readonly name: string; readonly isFolder: boolean }[] {
  const entries = readdirSync(path, { withFileTypes: true, encoding: 'latin1' });
  return entries.map((entry) => ({ name: nameOf(entry.name), isFolder: entry.isDirectory() }));
}

/** A name as the rest of the code knows it, of its bytes in Latin-1. */
const nameOf = (latin1: string): string => decodeBytes(Buffer.from(latin1, 'latin1'));

const joined = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** The folder that a path, relative to a root, lies in; `''` is the root. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
