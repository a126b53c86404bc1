import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CoppiceError, LruCache } from '../base/index.js';
import type { Oid, TreeEntry } from '../model/index.js';
import { readBlobs, type BlobContent, type ReadBlobsOptions } from './objects/blob-stream.js';
import type { Commit } from './objects/commit-object.js';
import {
  countCommits,
  findNearest,
  findRootCommit,
  listCommits,
  listReachableCommits,
  readCommit,
  type CommitLink,
  type HistoryOptions,
} from './history/history.js';
import type { Conversions } from './worktree/conversions.js';
import { followChanges, type FollowOptions } from './history/follow-changes.js';
import { listIgnoredFolders } from './worktree/ignored-folders.js';
import { GitIndex } from './worktree/index-file.js';
import { listWorktrees, type LinkedWorktree } from './refs/linked-worktrees.js';
import { locateRepository, type Location } from './locate.js';
import { nestedRepositoryStamp } from './nested-repository.js';
import { oidBytes, type ObjectFormat } from './objects/object-hash.js';
import { ObjectReader, contentBytesMax, objectTooLarge } from './objects/object-reader.js';
import { changedLines, changesBelow, listChanges } from './history/change-list.js';
import type { CommitChanges, FolderChange, LineRange } from './history/change-list.js';
import { gitOutput, runGitRaw, type RunOptions } from './process.js';
import { RefFiles } from './refs/ref-files.js';
import { RefLister, readHead, type Head, type Ref } from './refs/refs.js';
import { checkedOid, findRev, resolveRev, type ResolvedTree } from './refs/resolve.js';
import { Seal } from './config/seal.js';
import { filesWithText, inOrder, listFiles, listTree, type SoughtTexts, type TreeFile } from './text-search.js';
import { decodeTree } from './objects/tree-object.js';
import { checkTrust } from './config/trust.js';
import { UserConfig, ownExcludesFile } from './config/user-config.js';
import {
  listIndex,
  readWorktreeChanges,
  type LookAtFile,
  type WorktreeBasis,
  type WorktreeChanges,
} from './worktree/worktree-changes.js';
import { readWorktreeFile, readWorktreePieces, type WorktreeFile } from './worktree/worktree-file.js';
import { WorktreeTexts } from './worktree/worktree-texts.js';

export type { ResolvedTree } from './refs/resolve.js';

/**
 * Opens the repository around a path: a work tree or a folder in it, a bare repository, a `.git` folder or file.
 * Usually starts no process; the first question that needs git starts one. Fails with NOT_A_REPOSITORY or
 * UNSAFE_REPOSITORY here, with GIT_NOT_FOUND at the first question.
 */
export async function openRepository(path: string): Promise<Repository> {
  const location = locateRepository(path);
  const repository = await openTrusted(location);
  if (location.readsConfig) return repository;
  // Somebody vouched for links that lead out of it: what its configuration says, which could be behind one, is to be judged as any.
  repository.close();
  return openTrusted(locateRepository(path, true));
}

async function openTrusted(location: Location): Promise<GitRepository> {
  const repository = new GitRepository(location);
  await checkTrust(location, repository.userConfig);
  return repository;
}

/** What is known of a work tree's changes beforehand. */
export interface WorktreeSince extends FollowOptions {
  /** The last answer. */
  readonly changes: WorktreeChanges;
}

/** Commits whose tree is remembered. */
const commitTreesMax = 10_000;
/** What is read again and again while a work tree is edited is remembered: so many commits, entries of so many trees. */
const commitsMax = 1000;
const treeEntriesMax = 40_000;
/** How often a work tree is read that others are changing. */
const triesMax = 3;

/** A repository, read-only. All methods may be called at once. Close it: it may own a process. */
export type Repository = Omit<GitRepository, 'userConfig'>;

/** @internal */
export class GitRepository {
  /** It is a folder without git: a work tree without history. */
  readonly isPlain: boolean = false;
  /** Another when what is around its folder makes it something else. */
  readonly placeStamp: string = '';
  readonly gitDir: string;
  readonly commonDir: string;
  readonly workTree: string | null;
  readonly objectFormat: ObjectFormat;
  /** What people call it: the name of its folder. */
  readonly name: string;
  /** Some objects are left on the remote, and count as missing here. Nothing is ever fetched. */
  readonly isPartialClone: boolean;
  private readonly reader: ObjectReader;
  /** For many blobs: a question to `reader` would wait behind all that were asked for. */
  private readonly bulkReader: ObjectReader;
  private readonly refFiles: RefFiles;
  private readonly refLister: RefLister;
  /** A commit's tree never changes. */
  private readonly commitTrees = new LruCache<Oid, Oid>(commitTreesMax);
  private readonly readCommits = new LruCache<Oid, Commit>(commitsMax);
  private readonly readTrees = new LruCache<Oid, readonly TreeEntry[]>(treeEntriesMax);
  /** @internal */
  readonly userConfig: UserConfig;
  /** What else is known of the changes that were told last. */
  private basis: WorktreeBasis | null = null;
  private conversions: Conversions | null = null;
  private lastChanges: WorktreeChanges | null = null;
  private index: GitIndex | null = null;
  /** The folders that were told last to be ignored, with the index at that time. */
  private ignored: { readonly folders: readonly string[]; readonly index: GitIndex } | null = null;
  private readonly processOptions: RunOptions;

  /** @internal */
  constructor(private readonly location: Location) {
    this.gitDir = location.gitDir;
    this.commonDir = location.commonDir;
    this.workTree = location.workTree;
    this.objectFormat = location.objectFormat;
    this.isPartialClone = location.partialClone;
    this.name = nameOf(location);
    const seal = new Seal(location);
    this.processOptions = { seal };
    this.userConfig = new UserConfig(location, seal);
    this.refFiles = new RefFiles(location);
    this.reader = new ObjectReader(this.processOptions);
    this.refLister = new RefLister(this.refFiles, this.reader);
    this.bulkReader = new ObjectReader(this.processOptions);
  }

  /** History ends early: the parents of some commits are not here. Fetching more history changes it. */
  get isShallow(): boolean {
    return existsSync(join(this.commonDir, 'shallow'));
  }

  /**
   * What a rev names. REV_NOT_FOUND (with names that are spelled alike), REV_NOT_A_TREE for a file, EMPTY_REPOSITORY for
   * HEAD before the first commit.
   */
  resolve(rev: string): Promise<ResolvedTree> {
    return resolveRev(this.reader, rev, {
      refs: () => this.refs(),
      isUnborn: async () => (await this.head()).commit === null,
    });
  }

  /** As `resolve`, but null when there is no such rev, and quick about it: for names that may be something else. */
  async find(rev: string): Promise<ResolvedTree | null> {
    const tip = this.refFiles.tip(rev);
    const known = tip === null ? undefined : this.commitTrees.get(tip);
    if (tip !== null && known !== undefined) return { kind: 'commit', commit: tip, tree: known };
    const found = await findRev(this.reader, rev);
    if (found !== null && found.commit !== null) this.rememberCommit(found.commit, found.tree);
    return found;
  }

  /** Whether a name is a branch's or a tag's; null for any other rev, or where only git can tell. */
  refKind(name: string): 'branch' | 'tag' | null {
    return this.refFiles.kindOf(name);
  }

  /** Tells the tree of a commit that the caller knows, so that nobody has to ask git. */
  rememberCommit(commit: Oid, tree: Oid): void {
    this.commitTrees.set(commit, tree);
  }

  /** The entries of a tree in git's order. OBJECT_MISSING when it is not here. */
  async readTree(oid: Oid): Promise<readonly TreeEntry[]> {
    const known = this.readTrees.get(oid);
    if (known !== undefined) return known;
    const result = await this.reader.read(checkedOid(oid), { keep: (type) => type === 'tree' });
    if (!result.found || result.type !== 'tree') {
      throw new CoppiceError('OBJECT_MISSING', `tree ${oid} is missing`, { data: { oid } });
    }
    const entries = decodeTree(result.content!, oidBytes(this.objectFormat));
    this.readTrees.set(oid, entries, entries.length + 1);
    return entries;
  }

  /** The content of a blob, or null when it is missing. TOO_LARGE beyond `maxBytes`. */
  async readBlob(oid: Oid, maxBytes = contentBytesMax): Promise<Buffer | null> {
    const result = await this.reader.read(checkedOid(oid), {
      keep: (type, size) => type === 'blob' && size <= maxBytes,
    });
    if (!result.found || result.type !== 'blob') return null;
    if (result.content === null) throw objectTooLarge(oid, 'blob', result.size, maxBytes);
    return result.content;
  }

  /** Whether an object is here; for few: each question starts a process. */
  async hasObject(oid: Oid): Promise<boolean> {
    const args = ['cat-file', '-e', checkedOid(oid)];
    return (await runGitRaw(args, this.processOptions)).exitCode === 0;
  }

  /** The content of a blob in pieces, however large it is, no faster than they are taken. GIT_FAILED when it is missing. */
  readBlobPieces(oid: Oid, signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    return gitOutput(['cat-file', 'blob', checkedOid(oid)], { ...this.processOptions, signal });
  }

  /** Many blobs, in the order asked, with git kept busy. Other methods may be called while the loop runs. */
  readBlobs(oids: Iterable<Oid> | AsyncIterable<Oid>, options?: ReadBlobsOptions): AsyncIterable<BlobContent> {
    return readBlobs(this.bulkReader, oids, options);
  }

  /** OBJECT_MISSING when it is not here. */
  async readCommit(oid: Oid): Promise<Commit> {
    const commit = this.readCommits.get(oid) ?? (await readCommit(this.reader, oid));
    this.readCommits.set(oid, commit);
    return commit;
  }

  /** A commit object as git stores it, without its header; null when it is not here. */
  async readCommitObject(oid: Oid): Promise<Buffer | null> {
    const result = await this.reader.read(checkedOid(oid), { keep: (type) => type === 'commit' });
    return result.found && result.type === 'commit' ? result.content : null;
  }

  /** Branches, remote branches and tags, sorted by full name. The same array while nothing changed, where that is known. */
  refs(signal?: AbortSignal): Promise<readonly Ref[]> {
    return this.refLister.list({ ...this.processOptions, signal });
  }

  head(): Promise<Head> {
    return readHead(this.location, this.processOptions, this.reader);
  }

  /** Every commit reachable from these, topologically sorted. */
  commits(from: readonly Oid[], options: HistoryOptions = {}): AsyncIterable<CommitLink> {
    return listCommits(this.reader, this.processOptions, from, options);
  }

  /** How many commits `commits` would list. */
  countCommits(from: readonly Oid[], options: HistoryOptions = {}): Promise<number> {
    return countCommits(this.processOptions, from, options);
  }

  /** The newest commits with one parent that a commit reaches, and which files they changed. */
  listChanges(from: Oid, max: number, signal?: AbortSignal): Promise<CommitChanges[]> {
    return listChanges({ ...this.processOptions, signal }, from, max);
  }

  /** The commits that changed something in a folder, newest first, no faster than they are taken. */
  changesBelow(from: Oid, folder: string, signal?: AbortSignal): AsyncIterable<FolderChange> {
    return changesBelow({ ...this.processOptions, signal }, from, folder);
  }

  /** Lines of a file that a commit changed, as its parent has them. */
  changedLines(parent: Oid, commit: Oid, path: string, signal?: AbortSignal): Promise<LineRange[]> {
    return changedLines({ ...this.processOptions, signal }, parent, commit, path);
  }

  /** Every commit that refs, reflogs or the HEAD of any work tree reach, with its tree; in no order. */
  reachableCommits(signal?: AbortSignal): AsyncIterable<Pick<CommitLink, 'oid' | 'tree'>> {
    return listReachableCommits({ ...this.processOptions, signal });
  }

  /** The oldest root commit: what this repository and its clones have in common. Walks all history once. */
  async rootCommit(signal?: AbortSignal): Promise<Oid | null> {
    const { commit } = await this.head();
    return findRootCommit(this.reader, { ...this.processOptions, signal }, commit);
  }

  /** The first candidate met when walking back from a commit over at most `max` commits. */
  nearest(commit: Oid, candidates: ReadonlySet<Oid>, max: number, signal?: AbortSignal): Promise<Oid | null> {
    return findNearest(this.reader, commit, candidates, max, signal);
  }

  /**
   * Every path whose bytes on disk differ from HEAD's tree. NO_WORKTREE in a bare repository. `look` reads a file as
   * `readWorktreeFile` does, or knows it. With `since` only what may have changed since the last answer is looked at; whoever
   * gives it knows that nothing else has, git's configuration, its rules of what to ignore and attributes included.
   */
  async worktreeChanges(
    signal?: AbortSignal,
    since?: WorktreeSince,
    look: LookAtFile = (path) => this.readWorktreeFile(path, { maxBytes: 0 }),
  ): Promise<WorktreeChanges> {
    const workTree = this.requireWorktree();
    const index = this.readIndex();
    const runOptions = (): Promise<RunOptions> => this.worktreeOptions(workTree, signal);
    const followed = since === undefined || index === null ? null : await this.follow(since, index, runOptions, look);
    if (followed !== null) {
      this.basis = followed;
      this.lastChanges = followed.changes;
      return followed.changes;
    }
    for (let tries = 1; ; tries++) {
      const stamp = this.indexStamp();
      const { basis, isWhole } = await this.readAll(await runOptions(), look);
      // A file that was added meanwhile is neither in the index that was read nor untracked any more.
      const isSteady = stamp === this.indexStamp();
      this.basis = isWhole && isSteady ? basis : null;
      if (isSteady || tries === triesMax) return basis.changes;
    }
  }

  private async readAll(
    runOptions: RunOptions,
    look: LookAtFile,
  ): Promise<{ readonly basis: WorktreeBasis; readonly isWhole: boolean }> {
    const { location } = this;
    const { commit: head } = await this.head();
    const index = this.readIndex();
    const headTree = head === null ? null : (await this.readCommit(head)).tree;
    const readTree = (oid: Oid): Promise<readonly TreeEntry[]> => this.readTree(oid);
    const sources = {
      location,
      runOptions,
      head,
      headTree,
      readTree,
      look,
      conversions: this.conversions,
      before: this.lastChanges,
    };
    const basis = await readWorktreeChanges(sources, index ?? (await listIndex(location, runOptions)));
    this.conversions = basis.conversions;
    this.lastChanges = basis.changes;
    return { basis, isWhole: index !== null };
  }

  /**
   * Folders below the work tree that nobody needs to watch: all that is in them is ignored by git, or belongs to another
   * repository. Relative, with `/` between names and none at the end. NO_WORKTREE in a bare repository.
   */
  async ignoredFolders(signal?: AbortSignal): Promise<string[]> {
    const workTree = this.requireWorktree();
    const index = this.readIndex();
    const folders = await listIgnoredFolders(await this.worktreeOptions(workTree, signal));
    this.ignored = index === null || this.readIndex() !== index ? null : { folders, index };
    return folders;
  }

  /** Whether `ignoredFolders` may answer otherwise than last, now that perhaps the index has changed and nothing else has. */
  get mayIgnoreOtherwise(): boolean {
    const { ignored } = this;
    const index = this.readIndex();
    if (ignored === null || index === null) return true;
    if (index === ignored.index) return false;
    const links = new Set(index.gitlinks);
    if (ignored.index.gitlinks.length !== links.size || !ignored.index.gitlinks.every((path) => links.has(path)))
      return true;
    return ignored.folders.some((folder) => !index.below(folder).next().done);
  }

  /**
   * A text that changes when a file does that decides what is ignored and is in none of the repository's folders, or is not told
   * to be of its rules by where it lies. Null when that cannot be told.
   */
  outsideRules(): string | null {
    const own = ownExcludesFile(this.location);
    const links = ['exclude', 'attributes'].map((name) => join(this.commonDir, 'info', name));
    return this.userConfig.stamp(own === null ? links : [...links, own]);
  }

  /** A text that changes when a folder of the work tree becomes a repository of its own, or ceases to be one. */
  nestedRepository(folder: string): string {
    return nestedRepositoryStamp(`${this.requireWorktree()}/${folder}`);
  }

  /** A file of the work tree, by its path from the top; null when none is there. Links are never followed. */
  async readWorktreeFile(path: string, options: { maxBytes?: number } = {}): Promise<WorktreeFile | null> {
    this.requireWorktree();
    return readWorktreeFile(this.location, path, options.maxBytes);
  }

  /** Reads files of the work tree at paths that were found there: see `WorktreeTexts`. NO_WORKTREE. */
  worktreeTexts(): WorktreeTexts {
    return new WorktreeTexts(this.requireWorktree());
  }

  /**
   * The paths of the work tree's files in git's order, of what is tracked or not ignored: of those that have one of some texts; with null
   * of all. Perhaps more, and links and submodules among them. Null when git cannot tell, or would not look at each as it lies on disk.
   */
  async worktreeFiles(sought: SoughtTexts | null, folder: string, signal?: AbortSignal): Promise<string[] | null> {
    const workTree = this.requireWorktree();
    const options = await this.worktreeOptions(workTree, signal);
    const [tracked, others, index] = await Promise.all([
      sought === null ? listFiles('cached', folder, options) : filesWithText(sought, folder, null, options),
      listFiles('others', folder, options),
      Promise.resolve().then(() => this.readIndex()), // while git is at work
    ]);
    const isWhole = index !== null && !index.hasUnwatched;
    return tracked === null || !isWhole ? null : inOrder([...tracked, ...others]);
  }

  /** The files of a tree in git's order, and those of them that have one of some texts (with null all). Null when git cannot tell. */
  async treeFiles(
    tree: Oid,
    sought: SoughtTexts | null,
    folder: string,
    signal?: AbortSignal,
  ): Promise<{ readonly all: readonly TreeFile[]; readonly found: readonly TreeFile[] } | null> {
    const options = { ...this.processOptions, signal };
    const [all, having] = await Promise.all([
      listTree(checkedOid(tree), options),
      sought === null ? null : filesWithText(sought, folder, checkedOid(tree), options),
    ]);
    if (sought === null) return { all, found: all };
    const paths = new Set(having);
    return having === null ? null : { all, found: all.filter(({ path }) => paths.has(path)) };
  }

  /** How many files the index of the work tree has. */
  get trackedFiles(): number {
    return GitIndex.countIn(this.location);
  }

  /** A regular file of the work tree in pieces. Nothing when it is gone, or is none. */
  readWorktreePieces(path: string): AsyncGenerator<Buffer, void, undefined> {
    this.requireWorktree();
    return readWorktreePieces(this.location, path);
  }

  /** All work trees of this repository, the main one (or the bare repository) first. */
  worktrees(): Promise<LinkedWorktree[]> {
    return listWorktrees(this.location, this.reader);
  }

  /** Forgets what was read, and ends processes that have nothing to do, as they would by themselves after a while. */
  trim(): void {
    this.readCommits.clear();
    this.readTrees.clear();
    this.reader.rest();
    this.bulkReader.rest();
  }

  /** Ends the processes that run. What is still asked is rejected. */
  close(): void {
    this.reader.close();
    this.bulkReader.close();
  }

  private indexStamp(): string {
    const stats = statSync(join(this.gitDir, 'index'), { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? '' : [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join();
  }

  private readIndex(): GitIndex | null {
    return (this.index = GitIndex.read(this.location, this.index));
  }

  private async follow(
    { changes, ...options }: WorktreeSince,
    index: GitIndex,
    runOptions: () => Promise<RunOptions>,
    look: LookAtFile,
  ): Promise<WorktreeBasis | null> {
    const { basis, location } = this;
    const head = this.refFiles.tip('HEAD');
    if (basis === null || basis.changes !== changes || changes.head === null || head === null) return null;
    const treeOf = async (commit: Oid): Promise<Oid> => (await this.readCommit(commit)).tree;
    const readTree = (oid: Oid): Promise<readonly TreeEntry[]> => this.readTree(oid);
    return followChanges(basis, { location, runOptions, head, index, treeOf, readTree, look }, options);
  }

  /** How git is run on the work tree: with the user's rules of what to ignore, and nothing else of anybody's configuration. */
  private async worktreeOptions(workTree: string, signal?: AbortSignal): Promise<RunOptions> {
    const { excludesFile, attributesFile } = await this.userConfig.read(signal);
    const userFiles = { excludesFile: ownExcludesFile(this.location) ?? excludesFile, attributesFile };
    return { ...this.processOptions, workTree, userFiles, signal };
  }

  private requireWorktree(): string {
    if (this.workTree === null) {
      throw new CoppiceError('NO_WORKTREE', `${this.name} has no work tree`, {
        hint: 'name a commit or branch with --rev instead of @worktree',
      });
    }
    return this.workTree;
  }
}

function nameOf({ workTree, gitDir }: Location): string {
  const folder = workTree ?? (basename(gitDir) === '.git' ? dirname(gitDir) : gitDir);
  return basename(folder).replace(/(?<=.)\.git$/, '') || folder;
}
