import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { CoppiceError } from '../base/index.js';
import { isTrue, readConfig } from './config/config-file.js';
import type { ObjectFormat } from './objects/object-hash.js';
import { readText } from './small-file.js';

/**
 * Something that only the repository itself says, and that would make us read what is not its own. A clone brings files, and a folder of
 * them may look like a git directory.
 *
 * - `embedded`: it is a folder among the files of another work tree (`path`);
 * - `worktree`: its files are elsewhere (`path`), in a folder that does not name it;
 * - `common`: its objects and refs are another repository's (`path`), of which it is no linked work tree;
 * - `link`: a part of it is a symbolic link that leads out (to `path`), to no such part of another git directory.
 */
export interface Claim {
  readonly kind: 'embedded' | 'worktree' | 'common' | 'link';
  readonly path: string;
}

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
  /** What somebody else has to vouch for before it is believed. */
  readonly claims: readonly Claim[];
  /** Its configuration may be read: no part of it is a link that leads out, or somebody vouched for that. */
  readonly readsConfig: boolean;
}

/** How a git directory was come to. */
interface Found {
  readonly gitDir: string;
  /** The folder that has it as `.git`, or a `.git` file that names it. */
  readonly around: string | null;
  /** That file. */
  readonly link: string | null;
}

/** Parts of a git directory that are looked at to see where they lead; all others lie in these. */
const parts = [
  ...['commondir', 'gitdir'],
  ...['HEAD', 'index', 'config', 'config.worktree', 'packed-refs', 'shallow', 'logs', 'worktrees', 'reftable'],
  ...[
    'objects',
    'objects/info',
    'objects/info/alternates',
    'objects/pack',
    'refs',
    'refs/heads',
    'refs/tags',
    'refs/remotes',
  ],
  ...['info', 'info/exclude', 'info/attributes', 'info/sparse-checkout'],
];

/**
 * Finds the repository around `path` the way git does: the path itself or the nearest folder above that holds a `.git`
 * folder, a `.git` file (linked worktree, submodule) or is a git directory. Reads the files itself: starts no process. Whether
 * what it says of itself is believed is another question: `checkTrust`. Until then (`vouchedFor`) nothing is read through a link that leads out.
 */
export function locateRepository(path: string, vouchedFor = false): Location {
  const notFound = (message: string, isFolder = false): CoppiceError =>
    new CoppiceError('NOT_A_REPOSITORY', message, {
      hint: 'run it inside a git repository, or name one with --repo',
      data: { path, ...(isFolder && { isFolder }) },
    });
  let start: string;
  try {
    start = realpathSync(resolve(path));
  } catch (cause) {
    throw new CoppiceError('NOT_A_REPOSITORY', `no such folder: ${path}`, { cause });
  }
  if (statSync(start).isFile()) {
    const gitDir = basename(start) === '.git' ? readGitFile(start) : null;
    if (gitDir === null) throw notFound(`not a git repository: ${path}`);
    return describe({ gitDir, around: dirname(start), link: start }, vouchedFor);
  }
  for (let folder = start; ; folder = dirname(folder)) {
    const dotGit = join(folder, '.git');
    const kind = pathKind(dotGit);
    if (kind === 'folder' && isGitDir(dotGit))
      return describe({ gitDir: realpathSync(dotGit), around: folder, link: null }, vouchedFor);
    if (kind === 'file') {
      const gitDir = readGitFile(dotGit);
      if (gitDir === null) throw notFound(`${dotGit} does not lead to a git repository`);
      return describe({ gitDir, around: folder, link: dotGit }, vouchedFor);
    }
    if (isGitDir(folder)) {
      const around = basename(folder) === '.git' ? dirname(folder) : null;
      return describe({ gitDir: folder, around, link: null }, vouchedFor);
    }
    if (dirname(folder) === folder)
      throw notFound(`not a git repository (nor any folder above it): ${path}`, statSync(start).isDirectory());
  }
}

/** Whether the user's environment says that a folder is the repository meant: `GIT_DIR`, as for git itself. */
export function namedByEnvironment(gitDir: string): boolean {
  return realPathOf(process.env.GIT_DIR) === gitDir;
}

function describe(found: Found, vouchedFor: boolean): Location {
  const { gitDir, link } = found;
  const commonDir = commonDirOf(gitDir);
  const links = linksOut([gitDir, commonDir]);
  const readsConfig = vouchedFor || links.strange.length === 0;
  const config = new Map(readConfig({ gitDir, commonDir, readsConfig }).map(({ name, value }) => [name, value]));
  const claims: Claim[] = [];
  const outer = outerWorkTree(found);
  if (outer !== null) claims.push({ kind: 'embedded', path: outer });
  if (gitDir !== commonDir && dirname(gitDir) !== join(commonDir, 'worktrees'))
    claims.push({ kind: 'common', path: commonDir });
  const workTree = workTreeOf(found, commonDir, config);
  if (workTree !== null && !isVouchedFor(workTree, found, commonDir)) claims.push({ kind: 'worktree', path: workTree });
  claims.push(...links.strange.map((path): Claim => ({ kind: 'link', path })));
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
    owned: [gitDir, ...(workTree === null ? [] : [workTree]), ...(link === null ? [] : [link]), ...links.known],
    claims,
    readsConfig,
  };
}

function workTreeOf(found: Found, commonDir: string, config: ReadonlyMap<string, string>): string | null {
  const { gitDir, around } = found;
  const { GIT_WORK_TREE } = process.env;
  let workTree = around;
  if (GIT_WORK_TREE !== undefined && namedByEnvironment(gitDir)) workTree = resolve(GIT_WORK_TREE);
  else if (gitDir !== commonDir) {
    // A linked worktree's git directory names the `.git` file that names it.
    const linked = readText(join(gitDir, 'gitdir'), 'no link')?.trimEnd();
    workTree = around ?? (linked ? dirname(resolve(gitDir, linked)) : null);
  } else if (config.has('core.worktree')) workTree = resolve(gitDir, config.get('core.worktree')!);
  else if (isTrue(config.get('core.bare'))) workTree = null;
  return realPathOf(workTree);
}

/** A work tree is believed to be the repository's if it has it, or is below the folder that has it, or names it. */
function isVouchedFor(workTree: string, { gitDir, around }: Found, commonDir: string): boolean {
  const own = around ?? (gitDir === commonDir ? gitDir : null);
  if (own !== null && isWithin(workTree, own)) return true;
  return readGitFile(join(workTree, '.git')) === gitDir;
}

/**
 * The work tree that has a git directory among its files. One that is called `.git` cannot be: git does not record that name. Nor is anything
 * in a `.git` folder a file of the work tree around it: submodules and linked work trees have theirs there.
 */
function outerWorkTree({ gitDir, around }: Found): string | null {
  if (around !== null) return null;
  for (let folder = dirname(gitDir); ; folder = dirname(folder)) {
    const dotGit = join(folder, '.git');
    if (isWithin(gitDir, dotGit)) return null;
    const kind = pathKind(dotGit);
    if (kind === 'file' || (kind === 'folder' && isGitDir(dotGit))) return folder;
    if (dirname(folder) === folder) return null;
  }
}

/**
 * Where parts of git directories lead that are links out of them: `known` to the same part of another one, as some tools share them
 * between checkouts; `strange` to anything else.
 */
function linksOut(folders: readonly string[]): { known: string[]; strange: string[] } {
  const known: string[] = [];
  const strange: string[] = [];
  for (const folder of new Set(folders)) {
    for (const part of parts) {
      const path = join(folder, part);
      if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue;
      const target = realPathOf(path);
      if (target === null) continue; // it leads nowhere
      if (folders.some((own) => isWithin(target, own))) continue;
      if (part === 'HEAD' && readlinkSync(path).startsWith('refs/')) continue;
      const root = target.endsWith(`${sep}${part}`) ? target.slice(0, -part.length - 1) : null;
      if (root !== null && isGitDir(root)) known.push(target);
      else strange.push(target);
    }
  }
  return { known, strange };
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
  const named = readText(join(gitDir, 'commondir'), 'no link')?.trimEnd();
  if (!named) return gitDir;
  const commonDir = resolve(gitDir, named);
  return realPathOf(commonDir) ?? commonDir;
}

/** Follows a `.git` file (`gitdir: <path>`); null when it leads nowhere. */
function readGitFile(file: string): string | null {
  const target = /^gitdir: (.+?)[\r\n]*$/s.exec(readText(file) ?? '')?.[1];
  if (target === undefined) return null;
  const gitDir = resolve(dirname(file), target);
  return isGitDir(gitDir) ? realpathSync(gitDir) : null;
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}${sep}`);

function realPathOf(path: string | null | undefined): string | null {
  try {
    return path ? realpathSync(path) : null;
  } catch {
    return null;
  }
}

function pathKind(path: string): 'file' | 'folder' | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : null;
}
