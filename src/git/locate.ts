import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CoppiceError } from '../base/index.js';
import { isTrue, readConfig } from './config-file.js';
import { readText } from './small-file.js';
import type { ObjectFormat } from './object-hash.js';

/** Where the parts of a repository are. All paths are absolute. */
export interface Location {
  /** HEAD and the index; of its own for each linked worktree. */
  readonly gitDir: string;
  /** Objects, refs and configuration, shared by all worktrees. */
  readonly commonDir: string;
  readonly workTree: string | null;
  readonly objectFormat: ObjectFormat;
  /** Refs lie in git's files, and not in a reftable. */
  readonly refsInFiles: boolean;
  /** The file system's executable bits mean something. */
  readonly fileMode: boolean;
  readonly partialClone: boolean;
  /** Everything whose owner git would check before trusting the repository. */
  readonly owned: readonly string[];
}

/**
 * Finds the repository around `path` the way git does: the path itself or the nearest folder above that holds a `.git`
 * folder, a `.git` file (linked worktree, submodule) or is a git directory. Reads the files itself: starts no process.
 */
export function locateRepository(path: string): Location {
  const notFound = (message: string): CoppiceError =>
    new CoppiceError('NOT_A_REPOSITORY', message, {
      hint: 'run it inside a git repository, or name one with --repo',
      data: { path },
    });
  let start: string;
  try {
    start = realpathSync(resolve(path));
  } catch (cause) {
    throw new CoppiceError('NOT_A_REPOSITORY', `no such folder: ${path}`, { cause });
  }
  if (statSync(start).isFile()) {
    const gitDir = readGitFile(start);
    if (gitDir === null) throw notFound(`not a git repository: ${path}`);
    return describe(gitDir, dirname(start), [start]);
  }
  for (let folder = start; ; folder = dirname(folder)) {
    const dotGit = join(folder, '.git');
    const kind = pathKind(dotGit);
    if (kind === 'folder' && isGitDir(dotGit)) return describe(realpathSync(dotGit), folder, []);
    if (kind === 'file') {
      const gitDir = readGitFile(dotGit);
      if (gitDir === null) throw notFound(`${dotGit} does not lead to a git repository`);
      return describe(gitDir, folder, [dotGit]);
    }
    if (isGitDir(folder)) return describe(folder, basename(folder) === '.git' ? dirname(folder) : null, []);
    if (dirname(folder) === folder) throw notFound(`not a git repository (nor any folder above it): ${path}`);
  }
}

function describe(gitDir: string, around: string | null, links: readonly string[]): Location {
  const commonDir = commonDirOf(gitDir);
  const config = new Map(readConfig({ gitDir, commonDir }).map(({ name, value }) => [name, value]));
  const linked = gitDir !== commonDir;
  let workTree = around;
  if (linked) {
    // A linked worktree's git directory names the `.git` file that names it.
    const link = readText(join(gitDir, 'gitdir'))?.trimEnd();
    workTree = around ?? (link ? dirname(resolve(gitDir, link)) : null);
  } else if (config.has('core.worktree')) workTree = resolve(gitDir, config.get('core.worktree')!);
  else if (isTrue(config.get('core.bare'))) workTree = null;
  if (workTree !== null && !existsSync(workTree)) workTree = null;
  return {
    gitDir,
    commonDir,
    workTree,
    objectFormat: config.get('extensions.objectformat')?.toLowerCase() === 'sha256' ? 'sha256' : 'sha1',
    refsInFiles: (config.get('extensions.refstorage') ?? 'files') === 'files',
    fileMode: isTrue(config.get('core.filemode') ?? 'true'),
    partialClone:
      config.has('extensions.partialclone') ||
      [...config].some(([key, value]) => /^remote\..*\.promisor$/s.test(key) && isTrue(value)),
    owned: [gitDir, ...(workTree === null ? [] : [workTree]), ...links],
  };
}

/** What git takes for a git directory: HEAD, and objects and refs here or in the common directory. */
function isGitDir(folder: string): boolean {
  try {
    lstatSync(join(folder, 'HEAD')); // may be a dangling symbolic link in old repositories
  } catch {
    return false;
  }
  const commonDir = commonDirOf(folder);
  return pathKind(join(commonDir, 'objects')) === 'folder' && pathKind(join(commonDir, 'refs')) === 'folder';
}

function commonDirOf(gitDir: string): string {
  const named = readText(join(gitDir, 'commondir'))?.trimEnd();
  if (!named) return gitDir;
  const commonDir = resolve(gitDir, named);
  return existsSync(commonDir) ? realpathSync(commonDir) : commonDir;
}

/** Follows a `.git` file (`gitdir: <path>`); null when it leads nowhere. */
function readGitFile(file: string): string | null {
  const target = /^gitdir: (.+?)[\r\n]*$/s.exec(readText(file) ?? '')?.[1];
  if (target === undefined) return null;
  const gitDir = resolve(dirname(file), target);
  return isGitDir(gitDir) ? realpathSync(gitDir) : null;
}

function pathKind(path: string): 'file' | 'folder' | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : null;
}
