import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, parse } from 'node:path';

import { assertNotExhausted, CoppiceError, encodeBytes, systemErrorCode } from '../base/index.js';
import {
  WorktreeTexts,
  readWorktreeFile,
  readWorktreePieces,
  userExcludesFile,
  userExcludesStamp,
} from '../git/index.js';
import type { BlobContent, Repository, WorktreeChanges, WorktreeFile, WorktreeSince } from '../git/index.js';
import type { Oid, TreeEntry } from '../model/index.js';
import { compileIgnoreList } from '../pattern/index.js';
import { FolderFiles } from './folder-files.js';

/** Whether a folder is so wide that nobody means it by chance: a file system's root, the home folder, or one that has it. */
export function isWide(folder: string): boolean {
  const home = realPath(homedir());
  return folder === parse(folder).root || folder === home || home.startsWith(`${folder}/`);
}

export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Opens a folder that is in no repository as a work tree without history. `without`: folders on disk that are not looked into. */
export function openFolder(path: string, without: readonly string[]): Repository {
  return new PlainFolder(realPath(path), without);
}

const filesCounted = 1000;

/** A folder as a repository that has no commits, whose work tree are its files. */
class PlainFolder implements Repository {
  /** Where one would be: as soon as there is one, it is another repository. */
  readonly gitDir: string;
  /** What it is known by. */
  readonly commonDir: string;
  readonly workTree: string;
  readonly objectFormat = 'sha1';
  readonly name: string;
  readonly isPartialClone = false;
  readonly isShallow = false;
  readonly isPlain = true;
  readonly mayIgnoreOtherwise = false;
  private readonly location: Parameters<typeof readWorktreeFile>[0];
  private last: { readonly files: FolderFiles; readonly changes: WorktreeChanges; readonly rules: string } | null =
    null;
  /** Files that could not be read when they were looked at last. */
  private readonly closed = new Set<string>();

  constructor(
    folder: string,
    private readonly without: readonly string[],
  ) {
    this.gitDir = join(folder, '.git');
    this.commonDir = folder;
    this.workTree = folder;
    this.name = basename(folder) || folder;
    this.location = { workTree: folder === '/' ? '' : folder, fileMode: true, objectFormat: 'sha1' };
  }

  /** Repositories around it: there are none while it is a folder of its own. */
  get placeStamp(): string {
    const around: string[] = [];
    for (let folder = dirname(this.workTree); ; folder = dirname(folder)) {
      if (existsSync(join(folder, '.git'))) around.push(folder);
      if (folder === dirname(folder)) return around.join('\0');
    }
  }

  find(): Promise<null> {
    return Promise.resolve(null);
  }

  async resolve(rev: string): Promise<never> {
    return this.refuse('REV_NOT_FOUND', `no such rev: '${rev}': ${this.name} is a folder without git`);
  }

  refKind(): null {
    return null;
  }

  rememberCommit(): void {
    // It has none.
  }

  async readTree(oid: Oid): Promise<readonly TreeEntry[]> {
    return this.refuse('OBJECT_MISSING', `tree ${oid} is missing`);
  }

  readBlob(): Promise<null> {
    return Promise.resolve(null);
  }

  hasObject(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async *readBlobPieces(oid: Oid): AsyncGenerator<Buffer, void, undefined> {
    await this.refuse('OBJECT_MISSING', `blob ${oid} is missing`);
  }

  async *readBlobs(oids: Iterable<Oid> | AsyncIterable<Oid>): AsyncIterable<BlobContent> {
    for await (const oid of oids) yield { oid, size: -1, content: null };
  }

  async readCommit(oid: Oid): Promise<never> {
    return this.refuse('OBJECT_MISSING', `commit ${oid} is missing`);
  }

  readCommitObject(): Promise<null> {
    return Promise.resolve(null);
  }

  refs(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  head(): Promise<{ branch: null; commit: null }> {
    return Promise.resolve({ branch: null, commit: null });
  }

  async *changesBelow(): AsyncIterable<never> {
    // It has none.
  }

  async *commits(): AsyncIterable<never> {
    // It has none.
  }

  countCommits(): Promise<number> {
    return Promise.resolve(0);
  }

  listChanges(): Promise<[]> {
    return Promise.resolve([]);
  }

  changedLines(): Promise<[]> {
    return Promise.resolve([]);
  }

  async *reachableCommits(): AsyncIterable<never> {
    // It has none.
  }

  rootCommit(): Promise<null> {
    return Promise.resolve(null);
  }

  nearest(): Promise<null> {
    return Promise.resolve(null);
  }

  treeFiles(): Promise<null> {
    return Promise.resolve(null);
  }

  /** All of its files. With `since` only what was touched is looked at. */
  async worktreeChanges(signal?: AbortSignal, since?: WorktreeSince): Promise<WorktreeChanges> {
    this.requireFolder();
    const rules = this.outsideRules();
    const { last } = this;
    const isFollowed = since !== undefined && last !== null && last.changes === since.changes && last.rules === rules;
    const files = isFollowed ? last.files : this.newFiles();
    if (isFollowed) await files.readAgain(since.touched, signal);
    else await files.read(signal);
    const { closed } = this;
    const changes = {
      head: null,
      changed: files.all.map((path) => ({ path, kind: 'file' as const })),
      submodulesSkipped: [],
      // Which files may not be read is known once they were looked at.
      get unreadable(): string[] {
        return [...files.closedFolders, ...closed];
      },
    };
    this.last = { files, changes, rules };
    return changes;
  }

  async ignoredFolders(signal?: AbortSignal): Promise<string[]> {
    const files = this.newFiles();
    await files.read(signal);
    return files.ignoredFolders;
  }

  outsideRules(): string {
    return userExcludesStamp();
  }

  /** Those in it are looked into like other folders. */
  nestedRepository(): string {
    return '';
  }

  worktreeTexts(): WorktreeTexts {
    return new WorktreeTexts(this.location.workTree!);
  }

  /** All of them: which have a text only reading tells. */
  async worktreeFiles(_: unknown, folder: string, signal?: AbortSignal): Promise<string[] | null> {
    this.requireFolder();
    const files = this.newFiles();
    await files.read(signal);
    const { all } = files;
    // Of what may not be read the index tells.
    if (files.closedFolders.length > 0 || !all.every((path) => this.mayRead(path))) return null;
    return folder === '' ? all : all.filter((path) => path.startsWith(`${folder}/`));
  }

  /** As far as one needs to count to know that there are many. */
  get trackedFiles(): number {
    return this.newFiles().countTo(filesCounted);
  }

  /** As of a repository, but what may not be read counts as not there. */
  async readWorktreeFile(path: string, options: { maxBytes?: number } = {}): Promise<WorktreeFile | null> {
    try {
      const file = await readWorktreeFile(this.location, path, options.maxBytes);
      this.closed.delete(path);
      return file;
    } catch (error) {
      if (!(error instanceof CoppiceError) || error.code !== 'WORKTREE_UNREADABLE') throw error;
      this.closed.add(path);
      return null;
    }
  }

  readWorktreePieces(path: string): AsyncGenerator<Buffer, void, undefined> {
    return readWorktreePieces(this.location, path);
  }

  worktrees(): Promise<[]> {
    return Promise.resolve([]);
  }

  trim(): void {
    this.last = null;
  }

  close(): void {
    // It holds nothing open.
  }

  private newFiles(): FolderFiles {
    return new FolderFiles(this.workTree, {
      everywhere: readRules(userExcludesFile()),
      without: this.without,
      staysOnDevice: this.workTree === parse(this.workTree).root,
    });
  }

  private mayRead(path: string): boolean {
    try {
      accessSync(encodeBytes(`${this.location.workTree}/${path}`), constants.R_OK);
      return true;
    } catch (error) {
      return systemErrorCode(error) === 'ENOENT'; // a link that leads nowhere
    }
  }

  private requireFolder(): void {
    if (statSync(this.workTree, { throwIfNoEntry: false })?.isDirectory() === true) return;
    throw new CoppiceError('NOT_A_REPOSITORY', `there is no folder ${this.workTree} any more`, {
      data: { path: this.workTree },
    });
  }

  private refuse(code: 'REV_NOT_FOUND' | 'OBJECT_MISSING', message: string): Promise<never> {
    return Promise.reject(
      new CoppiceError(code, message, {
        hint: 'it is searched as it lies on disk: leave out the rev, or give @worktree',
      }),
    );
  }
}

function readRules(file: string): ReturnType<typeof compileIgnoreList> | null {
  try {
    return compileIgnoreList(readFileSync(file, 'utf8'));
  } catch (error) {
    assertNotExhausted(error, file);
    return null; // there is none, or it may not be read
  }
}
