import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';

import {
  assertNotExhausted,
  TimeSlices,
  compareBytewise,
  decodeBytes,
  encodeBytes,
  systemErrorCode,
} from '../base/index.js';
import { isDotGit } from '../git/index.js';
import { isTooDeep } from '../model/index.js';
import { compileIgnoreList } from '../pattern/index.js';
import type { IgnoreList } from '../pattern/index.js';

/** Files with rules, the stronger first: wherever one lies, what it says goes before what any of the weaker kind says. */
const ruleFiles = ['.ignore', '.gitignore'] as const;
const ruleBytesMax = 1024 * 1024;
/** With more than so many it is quicker to look at everything. */
const touchedMax = 500;

/** A list, and how long the path of its folder is, with the slash at the end. */
interface PlacedList {
  readonly prefix: number;
  readonly list: IgnoreList;
}

/** The lists that hold in a folder, of each kind of rule file; those of the innermost folder first. */
type Lists = readonly (readonly PlacedList[])[];

export interface FolderFilesOptions {
  /** Rules that hold everywhere, the weakest; null: there are none. */
  readonly everywhere: IgnoreList | null;
  /** Folders on disk that are never looked into. */
  readonly without: readonly string[];
  /** Folders of other file systems are not looked into. */
  readonly staysOnDevice: boolean;
}

/**
 * The files below a folder that no rule of `.gitignore` and `.ignore` leaves out, as `git grep --no-index` looks for them: those of repositories in it
 * are among them, `.git` never. Links are not followed; pipes, sockets and devices are no files. Remembers them, so that a change costs a
 * look at what has changed.
 */
export class FolderFiles {
  private files = new Set<string>();
  private ignored = new Set<string>();
  private closed = new Set<string>();
  /** The lists of folders that were looked at. */
  private readonly listsOf = new Map<string, Lists>();
  private device: number | null = null;

  constructor(
    private readonly root: string,
    private readonly options: FolderFilesOptions,
  ) {}

  /** Paths of files and links from the root, in order. */
  get all(): string[] {
    return [...this.files].sort(compareBytewise);
  }

  /** Folders that rules leave out, none in another. */
  get ignoredFolders(): string[] {
    return [...this.ignored].sort(compareBytewise);
  }

  /** Folders that may not be looked into, or lie too deep. */
  get closedFolders(): string[] {
    return [...this.closed].sort(compareBytewise);
  }

  /** Looks at everything. */
  async read(signal: AbortSignal | undefined): Promise<void> {
    this.forget('');
    this.device = this.options.staysOnDevice ? (this.statsOf('')?.dev ?? null) : null;
    for (const slices = new TimeSlices(signal), walk = this.walk(''); walk.next().done !== true;)
      if (slices.isOver) await slices.next();
  }

  /** Looks until so many files were found, and tells how many. */
  countTo(max: number): number {
    for (const walk = this.walk(''); this.files.size < max && walk.next().done !== true;);
    return this.files.size;
  }

  /** Looks again at these paths, and all that is below them. */
  async readAgain(paths: ReadonlySet<string>, signal: AbortSignal | undefined): Promise<void> {
    if (paths.has('') || paths.size > touchedMax) return this.read(signal);
    const slices = new TimeSlices(signal);
    for (const path of paths) {
      if (ancestors(path).some((folder) => paths.has(folder))) continue;
      if (slices.isOver) await slices.next();
      this.forget(path);
      const folders = ancestors(path);
      // What is in a folder that is left out stays out; so does what lies behind a link.
      if (folders.some((folder) => this.ignored.has(folder) || this.statsOf(folder)?.isDirectory() !== true)) continue;
      const stats = this.statsOf(path);
      const lists = this.listsAt(folders.at(-1) ?? '');
      if (stats === null || !this.take(path, stats, lists)) continue;
      for (const walk = this.walk(path); walk.next().done !== true;) if (slices.isOver) await slices.next();
    }
  }

  private forget(path: string): void {
    // A file that was saved is the usual case.
    if (this.files.delete(path)) return;
    const below = path === '' ? '' : `${path}/`;
    for (const known of [this.files, this.ignored, this.closed, this.listsOf])
      for (const other of known.keys()) if (other === path || other.startsWith(below)) known.delete(other);
  }

  /** Looks into a folder and all below it, one after the other. */
  private *walk(top: string): Generator<void, void> {
    const open = [top];
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      const lists = this.listsAt(folder);
      const prefix = folder === '' ? '' : `${folder}/`;
      for (const entry of this.entriesIn(folder)) {
        const path = prefix + decodeBytes(entry.name);
        if (this.take(path, entry, lists)) open.push(path);
        if (this.files.size % 64 === 0) yield;
      }
      yield;
    }
  }

  /** Notes what is at a path. True for a folder that is to be looked into. */
  private take(path: string, entry: Pick<Dirent, 'isDirectory' | 'isFile' | 'isSymbolicLink'>, lists: Lists): boolean {
    if (isDotGit(path.slice(path.lastIndexOf('/') + 1))) return false;
    const isFolder = entry.isDirectory();
    if (!isFolder && !entry.isFile() && !entry.isSymbolicLink()) return false;
    const isOut = this.isLeftOut(path, isFolder, lists);
    if (!isFolder) {
      if (!isOut) this.files.add(path);
      return false;
    }
    if (isOut || this.options.without.includes(`${this.root === '/' ? '' : this.root}/${path}`)) {
      this.ignored.add(path);
      return false;
    }
    if (isTooDeep(`${path}/x`)) {
      this.closed.add(path);
      return false;
    }
    return this.device === null || this.statsOf(path)?.dev === this.device;
  }

  private isLeftOut(path: string, isFolder: boolean, lists: Lists): boolean {
    for (const kind of lists) {
      for (const { prefix, list } of kind) {
        const said = list(path.slice(prefix), isFolder);
        if (said !== null) return said === 'out';
      }
    }
    return this.options.everywhere?.(path, isFolder) === 'out';
  }

  /** The lists that hold for what is in a folder. */
  private listsAt(folder: string): Lists {
    let lists = this.listsOf.get(folder);
    if (lists !== undefined) return lists;
    const above = folder === '' ? ruleFiles.map(() => []) : this.listsAt(parentOf(folder));
    const prefix = folder === '' ? '' : `${folder}/`;
    let isOwn = false;
    lists = ruleFiles.map((name, i) => {
      const text = this.textOf(prefix + name);
      if (text === null) return above[i]!;
      isOwn = true;
      return [{ prefix: prefix.length, list: compileIgnoreList(text) }, ...above[i]!];
    });
    if (!isOwn) lists = above;
    this.listsOf.set(folder, lists);
    return lists;
  }

  private textOf(path: string): string | null {
    const stats = this.statsOf(path);
    if (stats?.isFile() !== true || stats.size > ruleBytesMax) return null;
    try {
      return decodeBytes(readFileSync(this.onDisk(path)));
    } catch (error) {
      assertNotExhausted(error, path);
      return null;
    }
  }

  private entriesIn(folder: string): Pick<Dirent<Buffer>, 'name' | 'isDirectory' | 'isFile' | 'isSymbolicLink'>[] {
    try {
      return readdirSync(this.onDisk(folder), { encoding: 'buffer', withFileTypes: true });
    } catch (error) {
      const code = systemErrorCode(error) ?? '';
      if (closing.has(code)) this.closed.add(folder);
      else if (!gone.has(code)) throw error;
      return [];
    }
  }

  private statsOf(path: string): Stats | null {
    try {
      return lstatSync(this.onDisk(path), { throwIfNoEntry: false }) ?? null;
    } catch {
      return null;
    }
  }

  private onDisk(path: string): Buffer {
    return encodeBytes(path === '' ? this.root : `${this.root === '/' ? '' : this.root}/${path}`);
  }
}

const closing: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENAMETOOLONG', 'EIO', 'ESTALE', 'EBUSY']);
/** It has become something else since it was seen. */
const gone: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The folders that a path is in, the outermost first; the root is not among them. */
function ancestors(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at));
  return folders;
}
