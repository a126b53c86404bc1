import { readdirSync } from 'node:fs';
import { compareBytewise, decodeBytes, encodeBytes } from '../../base/index.js';
import type { Oid, TreeEntry } from '../../model/index.js';
import type { GitIndex, IndexEntry } from '../worktree/index-file.js';
import type { Location } from '../locate.js';
import { gitFailed, runGitRaw, type RunOptions } from '../process.js';
import { kindOfMode } from '../objects/tree-object.js';
import {
  RealFolders,
  changedUnseen,
  type LookAtFile,
  type WorktreeBasis,
  type WorktreeChange,
} from '../worktree/worktree-changes.js';
import { kindOfStats, worktreeBytes } from '../worktree/worktree-file.js';

export interface FollowOptions {
  /** What may be other than it was: paths of files or folders, in any order. HEAD and the index may be, too. */
  readonly touched: ReadonlySet<string>;
}

export interface FollowSources {
  readonly location: Location;
  /** How git is run on the work tree. */
  readonly runOptions: () => Promise<RunOptions>;
  readonly head: Oid;
  readonly index: GitIndex;
  readonly treeOf: (commit: Oid) => Promise<Oid>;
  readonly readTree: (oid: Oid) => Promise<readonly TreeEntry[]>;
  readonly look: LookAtFile;
}

/** With more to look at than this, git is faster. */
const candidatesMax = 3000;
/** Files read from disk at once. */
const readsAtOnce = 16;
const fewFiles = 64;

/** A tracked file, as it seems on disk and as HEAD has it. */
interface TrackedPath {
  readonly path: string;
  readonly kind: WorktreeChange['kind'];
  readonly head: TreeEntry | null;
}

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
  if (!location.fileMode) return null;
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
  private readonly folders: RealFolders;
  /** On disk, and not in the index: to be asked whether git ignores them. */
  private readonly unsure: (WorktreeChange & { readonly inHead: boolean })[] = [];
  /** In the index, and perhaps not as that has it. */
  private readonly toLookAt: TrackedPath[] = [];
  /** In the index, and of the times and the size that it has. */
  private readonly untouched: (TrackedPath & { readonly tracked: IndexEntry; readonly size: number })[] = [];

  constructor(
    private readonly basis: WorktreeBasis,
    private readonly sources: FollowSources,
    private readonly options: FollowOptions,
  ) {
    this.folders = new RealFolders(sources.location.workTree!);
  }

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
    await this.doubtUntouched();
    await this.lookAtFiles();
    await this.askWhatIsIgnored();
    this.changed.sort((a, b) => compareBytewise(a.path, b.path));
    const changes = { head, changed: this.changed, submodulesSkipped: basis.changes.submodulesSkipped };
    return { changes, index, untracked: this.untracked, conversions: basis.conversions };
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
    const stats = this.folders.statsOf(path);
    const number = index.numberOf(path);
    const tracked = number < 0 ? null : index.entry(number);
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
    } else if (kindOfMode(tracked.mode) === kind && index.isUntouched(number, stats))
      this.untouched.push({ path, kind, head: inHead ? head : null, tracked, size: stats.size });
    else this.toLookAt.push({ path, kind, head: inHead ? head : null });
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

  /** Of few files each is read; of many only those that may be otherwise than their blobs, which costs a process to tell. */
  private async doubtUntouched(): Promise<void> {
    const { untouched, toLookAt } = this;
    const doubted =
      untouched.length <= fewFiles
        ? untouched
        : await changedUnseen(untouched, this.basis.conversions, await this.sources.runOptions());
    const isDoubted = new Set<TrackedPath>(doubted);
    toLookAt.push(...doubted);
    for (const file of untouched) {
      const { path, kind, head, tracked } = file;
      if (isDoubted.has(file)) continue;
      if (head?.oid !== tracked.oid || head.kind !== kind) this.changed.push({ path, kind });
    }
  }

  /** Reads the files that are not certainly as the index has them. */
  private async lookAtFiles(): Promise<void> {
    const { toLookAt } = this;
    for (let at = 0; at < toLookAt.length; at += readsAtOnce) {
      const batch = toLookAt.slice(at, at + readsAtOnce);
      const files = await Promise.all(batch.map(({ path }) => this.sources.look(path)));
      batch.forEach(({ path, head }, i) => {
        const file = files[i] ?? null;
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
