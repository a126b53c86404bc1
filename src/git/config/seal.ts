import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { CoppiceError, encodeBytes, nowMs, systemErrorCode, uniqueSuffix } from '../../base/index.js';
import { quoteConfigValue, readConfig, type ConfigEntry } from './config-file.js';
import type { Location } from '../locate.js';

/** Grows when what is put into a seal's folder changes: other versions of Coppice may be running. */
const sealVersion = 1;

/** What git finds where it looks for what all work trees share: these, as they are in the repository, and no others. */
const linkedParts = [
  'HEAD',
  'objects',
  'refs',
  'packed-refs',
  'reftable',
  'logs',
  'shallow',
  'worktrees',
  'info/exclude',
  'info/attributes', // which can name drivers, but there are none
];

const boolean = /^(true|false|yes|no|on|off|0|1|)$/i;
const anything = /^[^\0]*$/;

/**
 * Settings of the repository's own file that are kept, since without them git would read it wrongly. None of them names a program or a
 * path, or makes git reach the network. Anything else, and everything that is included, counts as not there.
 */
const keptSettings: readonly (readonly [name: RegExp, value: RegExp])[] = [
  [/^core\.(filemode|ignorecase|precomposeunicode|symlinks|trustctime)$/, boolean],
  [/^core\.(sparsecheckout|sparsecheckoutcone|protecthfs|protectntfs)$/, boolean],
  [/^core\.checkstat$/, /^(default|minimal)$/],
  // What these say is for git to judge: of a format that it does not know it says so.
  [/^core\.repositoryformatversion$/, anything],
  [/^extensions\.(?!worktreeconfig$|partialclone$)[a-z0-9]+$/, anything],
  [/^branch\.[^\0]*\.(remote|merge|pushremote)$/, anything], // for `main@{upstream}`, and the next two
  [/^remote\.[^\0]*\.(url|fetch|push)$/, anything],
  [/^(remote\.pushdefault|push\.default)$/, anything],
];

/** These hold whatever is above them: nothing is run, asked or fetched. */
const fixedSettings = `[core]
\thooksPath = ${devNull}
\tfsmonitor = false
\tuntrackedCache = keep
\tpager = cat
\taskPass =
\tsshCommand = false
[protocol]
\tallow = never
[submodule]
\trecurse = false
`;

const gitFolderName = 'worktree';
const gitFolderFiles = { HEAD: 'ref: refs/heads/main\n', commondir: '..\n' };

/** Folders of repositories that are gone are removed once they are this old. */
const staleMs = 60 * 60 * 1000;
/** At most so many are looked at when one is made. */
const sweptMax = 200;

/**
 * A folder of ours that stands for a repository's common directory whenever git is run (`GIT_COMMON_DIR`): links to objects and
 * refs, and a configuration of our own. So git cannot see what in a repository would name a program to run or a file to
 * read, by whatever key, driver, hook, include or graft: what is let through is listed here, all else is not there.
 */
export class Seal {
  /** Where git is started: nothing of the repository lies there. */
  readonly folder: string;
  /** What makes git look through the seal, as environment variables. */
  readonly variables: Readonly<Record<string, string>>;
  /**
   * The same for commands that look at a work tree. They must not be told where the common directory is: git would then look
   * for the objects of every folder with a `.git` there, and take for a repository what is none. So they get a git folder of
   * ours that leads there, with a HEAD that none of them looks at.
   */
  readonly worktreeVariables: Readonly<Record<string, string>>;
  private stamp: string | null = null;

  constructor(private readonly location: Location) {
    const identity = [sealVersion, location.gitDir, location.commonDir].join('\0');
    this.folder = join(sealsFolder(), createHash('sha256').update(identity).digest('hex').slice(0, 32));
    this.variables = { GIT_DIR: location.gitDir, GIT_COMMON_DIR: this.folder };
    this.worktreeVariables = { GIT_DIR: this.gitFolder, GIT_INDEX_FILE: join(location.gitDir, 'index') };
  }

  /** Makes the folder, or sees that it is as it must be. GIT_FAILED when it cannot be written. */
  prepare(forWorktree = false): void {
    const stamp = this.currentStamp();
    const isReady = stamp === this.stamp && this.isWhole();
    try {
      if (!isReady) this.make();
      if (forWorktree) this.linkSharedIndexes();
    } catch (cause) {
      throw new CoppiceError('GIT_FAILED', `git cannot be run: no folder for its settings (${String(cause)})`, {
        hint: `make room in ${tmpdir()}, or name another folder for temporary files with TMPDIR`,
        cause,
      });
    }
    this.stamp = stamp;
  }

  private make(): void {
    const { folder } = this;
    if (!exists(folder)) sweep(folder);
    mkdirSync(join(folder, 'info'), { recursive: true, mode: 0o700 });
    for (const part of linkedParts) this.link(part);
    put(join(folder, 'config'), this.configuration());
    mkdirSync(this.gitFolder, { recursive: true, mode: 0o700 });
    for (const [name, content] of Object.entries(gitFolderFiles)) put(join(this.gitFolder, name), content);
  }

  private get gitFolder(): string {
    return join(this.folder, gitFolderName);
  }

  /** Of a split index the larger part, which lies beside it under a name of its own. */
  private linkSharedIndexes(): void {
    const { gitDir } = this.location;
    for (const name of readdirSync(gitDir))
      if (name.startsWith('sharedindex.')) this.link(join(gitFolderName, name), join(gitDir, name));
  }

  private link(part: string, target = join(this.location.commonDir, part)): void {
    const path = join(this.folder, part);
    try {
      symlinkSync(target, path);
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST' || readlinkSync(path) !== target) throw error;
    }
  }

  private configuration(): string {
    const kept = readConfig(this.location).filter(({ name, value }) =>
      keptSettings.some(([names, values]) => names.test(name) && values.test(value)),
    );
    return kept.map(settingText).join('') + fixedSettings;
  }

  private currentStamp(): string {
    return [join(this.location.commonDir, 'config'), join(this.location.gitDir, 'config.worktree')]
      .map((file) => {
        const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
        return stats === undefined ? '' : [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join();
      })
      .join(';');
  }

  /** Temporary files are cleared away on some machines. */
  private isWhole(): boolean {
    const inGitFolder = Object.keys(gitFolderFiles).map((name) => join(gitFolderName, name));
    return ['config', ...linkedParts, ...inGitFolder].every((part) => exists(join(this.folder, part)));
  }
}

function settingText({ section, subsection, key, value }: ConfigEntry): string {
  const header = subsection === null ? section : `${section} "${subsection.replace(/["\\]/g, '\\$&')}"`;
  return `[${header}]\n\t${key} = ${quoteConfigValue(value)}\n`;
}

/** The folder of all seals of this user. Others may write into the folder that it lies in: it must be ours alone. */
function sealsFolder(): string {
  const user = process.geteuid?.();
  const folder = join(tmpdir(), `coppice-git-${user ?? 'user'}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') return folder; // said when it is to be used
  }
  const stats = lstatSync(folder);
  if (!stats.isDirectory() || (user !== undefined && (stats.uid !== user || (stats.mode & 0o077) !== 0))) {
    throw new CoppiceError('GIT_FAILED', `git cannot be run: ${folder} does not belong to this user alone`, {
      hint: 'remove it, or name another folder for temporary files with TMPDIR',
    });
  }
  return folder;
}

/** Removes seals of repositories that are no longer there, of those that come after a new one. */
function sweep(from: string): void {
  const all = dirname(from);
  try {
    // Names are as good as random, so one comes to all of them.
    for (const name of readdirSync(all)
      .sort()
      .filter((name) => name > basename(from))
      .slice(0, sweptMax)) {
      const folder = join(all, name);
      const isGone = !statSync(join(folder, 'objects'), { throwIfNoEntry: false });
      if (isGone && nowMs() - lstatSync(folder).mtimeMs > staleMs) rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    // another process does the same, or it is not for us: nothing depends on it
  }
}

/** Puts a small file in its place as a whole, unless it is there already. */
function put(path: string, content: string): void {
  const bytes = encodeBytes(content);
  try {
    if (readFileSync(path).equals(bytes)) return;
  } catch {
    // not there
  }
  const draft = `${path}.${uniqueSuffix()}`;
  writeFileSync(draft, bytes, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
}

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
