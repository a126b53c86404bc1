import { existsSync, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { compareBytewise, decodeBytes, encodeBytes } from '../base/index.js';
import type { Oid, TreeEntry } from '../model/index.js';
import type { GitIndex } from './index-file.js';
import type { Location } from './locate.js';
import { gitFailed, runGit, runGitRaw, type RunOptions } from './process.js';
import { kindOfMode } from './tree-object.js';
import type { WorktreeChange, WorktreeChanges } from './worktree-changes.js';
import { kindOfStats, worktreeBytes, type WorktreeFile } from './worktree-file.js';

/** What is known of a work tree from the last time that it was compared with HEAD. */
export interface WorktreeBasis {
  readonly changes: WorktreeChanges;
  readonly index: GitIndex;
  /** Of what changed: not in the index, and not ignored. */
  readonly untracked: ReadonlySet<string>;
  readonly encodings: Encodings;
}

export type LookAtFile = (path: string) => Promise<Pick<WorktreeFile, 'oid' | 'kind' | 'isPlain'> | null>;

export interface FollowOptions {
  /** What may be other than it was: paths of files or folders, in any order. HEAD and the index may be, too. */
  readonly touched: ReadonlySet<string>;
  readonly look: LookAtFile;
}

export interface FollowSources {
  readonly location: Location;
  /** How git is run on the work tree. */
  readonly runOptions: () => Promise<RunOptions>;
  readonly head: Oid;
  readonly index: GitIndex;
  readonly treeOf: (commit: Oid) => Promise<Oid>;
  readonly readTree: (oid: Oid) => Promise<readonly TreeEntry[]>;
}

/** With more to look at than this, git is faster. */
const candidatesMax = 3000;
/** Files read from disk at once. */
const readsAtOnce = 16;

/** Something that only git can tell. */
class InDoubt extends Error {}

/**
 * What differs from HEAD now, found by looking at those paths alone that can: what differed before, what was touched, and
 * what HEAD and the index have otherwise than before. Every other path is on disk as HEAD has it. Null when git has to be
 * asked: then nothing is lost but time.
 */
export async function followChanges(
  basis: WorktreeBasis,
  sources: FollowSources,
  options: FollowOptions,
): Promise<WorktreeBasis | null> {
  const { location } = sources;
  if (!location.fileMode || existsSync(join(location.gitDir, 'info/sparse-checkout'))) return null;
  try {
    return await new Follower(basis, sources, options).run();
  } catch (error) {
    if (error instanceof InDoubt) return null;
    throw error;
  }
}

class Follower {
  private readonly candidates = new Set<string>();
  private readonly changed: WorktreeChange[] = [];
  private readonly untracked = new Set<string>();
  private readonly realFolders = new Map<string, boolean>();
  /** On disk, and not in the index: to be asked whether git ignores them. */
  private readonly unsure: (WorktreeChange & { readonly inHead: boolean })[] = [];
  /** In the index, and perhaps not as that has it. */
  private readonly toLookAt: { readonly path: string; readonly head: TreeEntry | null }[] = [];

  constructor(
    private readonly basis: WorktreeBasis,
    private readonly sources: FollowSources,
    private readonly options: FollowOptions,
  ) {}

  async run(): Promise<WorktreeBasis> {
    const { basis, sources } = this;
    const { head, index } = sources;
    for (const { path } of basis.changes.changed) this.add(path);
    for (const path of this.options.touched) this.add(path);
    const headTree = await sources.treeOf(head);
    if (head !== basis.changes.head) await this.addDifferences(await sources.treeOf(basis.changes.head!), headTree, '');
    if (index !== basis.index) for (const path of index.differences(basis.index)) this.add(path);
    if (index.gitlinks.join('\0') !== basis.index.gitlinks.join('\0')) throw new InDoubt();
    // What is added on the way is come to as well.
    for (const path of this.candidates) await this.place(path, headTree);
    await this.lookAtFiles();
    await this.askWhatIsIgnored();
    this.changed.sort((a, b) => compareBytewise(a.path, b.path));
    const changes = { head, changed: this.changed, submodulesSkipped: basis.changes.submodulesSkipped };
    return { changes, index, untracked: this.untracked, encodings: basis.encodings };
  }

  private add(path: string): void {
    const name = path.slice(path.lastIndexOf('/') + 1);
    // Rules for other files, or another repository.
    if (name === '.gitattributes' || name === '.gitignore' || name === '.git' || name === '.gitmodules')
      throw new InDoubt();
    this.candidates.add(path);
    if (this.candidates.size > candidatesMax) throw new InDoubt();
  }

  /** Adds the files that one of two trees has otherwise than the other. */
  private async addDifferences(before: Oid | null, after: Oid | null, prefix: string): Promise<void> {
    if (before === after) return;
    const read = async (oid: Oid | null): Promise<Map<string, TreeEntry>> =>
      new Map(oid === null ? [] : (await this.sources.readTree(oid)).map((entry) => [entry.name, entry]));
    const [old, now] = [await read(before), await read(after)];
    for (const name of new Set([...old.keys(), ...now.keys()])) {
      const [a, b] = [old.get(name), now.get(name)];
      if (a?.oid === b?.oid && a?.kind === b?.kind) continue;
      if (a?.kind === 'submodule' || b?.kind === 'submodule') throw new InDoubt();
      const path = prefix + name;
      const treeOf = (entry: TreeEntry | undefined): Oid | null => (entry?.kind === 'tree' ? entry.oid : null);
      if ([a, b].some((entry) => entry !== undefined && entry.kind !== 'tree')) this.add(path);
      await this.addDifferences(treeOf(a), treeOf(b), `${path}/`);
    }
  }

  /** Finds out what a path is now, as far as that costs next to nothing. */
  private async place(path: string, headTree: Oid): Promise<void> {
    const { location, index } = this.sources;
    const head = await this.headEntry(headTree, path);
    const stats = this.statsOf(path);
    const tracked = index.find(path);
    if (head?.kind === 'submodule' || (tracked !== null && kindOfMode(tracked.mode) === 'submodule'))
      throw new InDoubt();
    if (!(stats?.isFile() === true || stats?.isSymbolicLink() === true)) {
      // A folder, or nothing: what is tracked below may have come or gone with it.
      if (stats?.isDirectory() === true) this.addFilesIn(path);
      for (const below of index.below(path)) this.add(below);
      if (head !== null && head.kind !== 'tree') this.changed.push({ path, kind: null });
      return;
    }
    for (const below of index.below(path)) this.add(below);
    const kind = kindOfStats(stats, location.fileMode)!;
    const inHead = head !== null && head.kind !== 'tree';
    if (tracked === null) {
      if (!inHead && this.basis.untracked.has(path)) this.noteUntracked({ path, kind });
      else this.unsure.push({ path, kind, inHead });
    } else if (kindOfMode(tracked.mode) === kind && index.isUntouched(path, stats)) {
      if (!inHead || head.oid !== tracked.oid || head.kind !== kind) this.changed.push({ path, kind });
    } else this.toLookAt.push({ path, head: inHead ? head : null });
  }

  private async headEntry(tree: Oid, path: string): Promise<TreeEntry | null> {
    const parts = path.split('/');
    for (let depth = 0; ; depth++) {
      const entry = (await this.sources.readTree(tree)).find(({ name }) => name === parts[depth]);
      if (entry === undefined || depth === parts.length - 1) return entry ?? null;
      if (entry.kind !== 'tree') return null;
      tree = entry.oid;
    }
  }

  /** What lies at a path, through folders alone. */
  private statsOf(path: string): Stats | null {
    const slash = path.lastIndexOf('/');
    if (slash >= 0 && !this.isRealFolder(path.slice(0, slash))) return null;
    return this.lstat(path);
  }

  private isRealFolder(path: string): boolean {
    let known = this.realFolders.get(path);
    if (known === undefined) this.realFolders.set(path, (known = this.statsOf(path)?.isDirectory() === true));
    return known;
  }

  private lstat(path: string): Stats | null {
    try {
      return lstatSync(worktreeBytes(this.sources.location.workTree!, path), { throwIfNoEntry: false }) ?? null;
    } catch {
      return null; // it may not be looked into: git does not see it either
    }
  }

  private addFilesIn(folder: string): void {
    let entries;
    try {
      const path = worktreeBytes(this.sources.location.workTree!, folder);
      entries = readdirSync(path, { withFileTypes: true, encoding: 'latin1' });
    } catch {
      throw new InDoubt();
    }
    for (const entry of entries) this.add(`${folder}/${decodeBytes(Buffer.from(entry.name, 'latin1'))}`);
  }

  /** Reads the files that are not certainly as the index has them. */
  private async lookAtFiles(): Promise<void> {
    const { toLookAt, basis, sources } = this;
    if (toLookAt.length === 0) return;
    const paths = toLookAt.map(({ path }) => path);
    if (await basis.encodings.hasAny(paths, sources.index, sources.runOptions)) throw new InDoubt();
    for (let at = 0; at < toLookAt.length; at += readsAtOnce) {
      const batch = toLookAt.slice(at, at + readsAtOnce);
      const files = await Promise.all(batch.map(({ path }) => this.options.look(path)));
      batch.forEach(({ path, head }, i) => {
        const file = files[i] ?? null;
        if (file !== null && !file.isPlain) throw new InDoubt();
        if (file?.oid !== head?.oid || file?.kind !== head?.kind) this.changed.push({ path, kind: file?.kind ?? null });
      });
    }
  }

  private async askWhatIsIgnored(): Promise<void> {
    if (this.unsure.length === 0) return;
    const input = encodeBytes(this.unsure.map(({ path }) => `${path}\0`).join(''));
    const options = await this.sources.runOptions();
    const result = await runGitRaw(['check-ignore', '-z', '--stdin'], { ...options, input });
    if (result.exitCode > 1) throw gitFailed('check-ignore', result.stderr);
    const ignored = new Set(decodeBytes(result.stdout).split('\0').slice(0, -1));
    for (const { path, kind, inHead } of this.unsure) {
      if (!ignored.has(path)) this.noteUntracked({ path, kind });
      else if (inHead) this.changed.push({ path, kind: null });
    }
  }

  private noteUntracked(change: WorktreeChange): void {
    this.changed.push(change);
    this.untracked.add(change.path);
  }
}

/** Which tracked files git keeps in another encoding than they have on disk: there can be no other reason to ask about a plain file. */
export class Encodings {
  private readonly asked = new Set<string>();
  private found = false;

  /** Whether any file has, of those that were asked about. Asks about all tracked files at once, and later about new ones. */
  async hasAny(paths: readonly string[], index: GitIndex, runOptions: () => Promise<RunOptions>): Promise<boolean> {
    if (this.found) return true;
    const unknown = paths.filter((path) => !this.asked.has(path));
    if (unknown.length === 0) return false;
    const all = this.asked.size === 0 ? [...index.paths()] : unknown;
    const input = encodeBytes(all.map((path) => `${path}\0`).join(''));
    const args = ['check-attr', '-z', '--stdin', 'working-tree-encoding'];
    const fields = decodeBytes(await runGit(args, { ...(await runOptions()), input })).split('\0');
    for (let i = 2; i < fields.length; i += 3) if (!['unspecified', 'unset'].includes(fields[i]!)) this.found = true;
    for (const path of all) this.asked.add(path);
    return this.found;
  }
}
