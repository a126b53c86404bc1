import { realpathSync, statSync, type BigIntStats } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { decodeBytes, elapsedMs, nowMs } from '../../base/index.js';
import { lastValue, parseConfigFile, readConfig } from './config-file.js';
import type { Location } from '../locate.js';
import { runGit, runGitRaw, type RunOptions } from '../process.js';
import type { Seal } from './seal.js';
import { readText } from '../small-file.js';

/** A file that changed so lately may change again without its times telling, in milliseconds. */
const racyMsDefault = 2000;
/** Where git looks for the system's configuration is not known for certain, so it is asked again after so long. */
const ageMsMax = 60_000;
const systemFiles = ['/etc/gitconfig', '/usr/local/etc/gitconfig', '/opt/homebrew/etc/gitconfig'];

/** What counts of the configuration of the user and of the machine: of the files that are theirs, and of `GIT_CONFIG_*`. */
export interface UserSettings {
  /** Rules of what to ignore in all repositories; the file need not be there. */
  readonly excludesFile: string;
  /** Attributes in all repositories; likewise. */
  readonly attributesFile: string;
  /** Folders whose repositories are trusted whoever owns them; `*` for all. */
  readonly safeDirectories: readonly string[];
  /** All that decides of it, also files that are not there. Null when that is beyond us. */
  readonly files: readonly string[] | null;
  /** And the name of the branch that is checked out. */
  readonly dependsOnBranch: boolean;
}

interface Known {
  readonly settings: UserSettings;
  readonly signature: string;
  readonly sinceMs: number;
}

/**
 * The user's own configuration, read by git: which files it is in, and what they include for this repository, is for git to say. It is
 * asked again when one of them has changed. Nothing that the repository itself says is in it.
 */
export class UserConfig {
  private known: Known | null = null;
  /** As it was read last. */
  private last: UserSettings | null = null;

  constructor(
    private readonly location: Location,
    private readonly seal: Seal,
    private readonly racyMs = racyMsDefault,
  ) {}

  async read(signal?: AbortSignal): Promise<UserSettings> {
    const { known } = this;
    if (known !== null && elapsedMs() - known.sinceMs < ageMsMax) {
      if (signatureOf(known.settings.files!).text === known.signature) return known.settings;
    }
    this.known = null;
    const sinceMs = elapsedMs();
    const racyFromMs = nowMs() - this.racyMs;
    const options: RunOptions = { seal: this.seal, signal, asUser: true };
    const listing = await runGit(['config', '--list', '--show-origin', '-z'], options);
    const values = parseListing(decodeBytes(listing)).filter(({ file }) => file !== join(this.seal.folder, 'config'));
    const settings: UserSettings = {
      excludesFile: await this.file('core.excludesfile', 'git/ignore', values, options),
      attributesFile: await this.file('core.attributesfile', 'git/attributes', values, options),
      safeDirectories: await safeDirectories(values, options),
      files: configurationFiles(this.location, values, this.seal.folder),
      dependsOnBranch: values.some(({ key }) => key.startsWith('includeif.onbranch:')),
    };
    this.last = settings;
    if (settings.files !== null) {
      const { text, changedMs } = signatureOf(settings.files);
      if (changedMs < racyFromMs) this.known = { settings, signature: text, sinceMs };
    }
    return settings;
  }

  /**
   * A text that changes when one of the files does that what was read last depends on, or one of these. Null when it was not
   * read yet, when it is not known what it depends on, and while one has just changed. What happens in the repository's own
   * folders is for others to watch, but for the branch, where something is included by its name.
   */
  stamp(more: readonly string[]): string | null {
    const { last, location } = this;
    if (last?.files === undefined || last.files === null) return null;
    const outside = last.files.filter(
      (file) => dirname(file) !== location.gitDir && dirname(file) !== location.commonDir,
    );
    const { text, changedMs } = signatureOf([...outside, last.excludesFile, last.attributesFile, ...more]);
    const branch = last.dependsOnBranch ? readText(join(location.gitDir, 'HEAD')) : '';
    return changedMs < nowMs() - this.racyMs ? `${text}\n${branch}` : null;
  }

  private async file(
    name: string,
    otherwise: string,
    values: readonly ListedValue[],
    options: RunOptions,
  ): Promise<string> {
    const value = values.findLast(({ key }) => key === name)?.value;
    if (value === undefined) return join(xdgFolder(), otherwise);
    const [path = value] = isPlainPath(value) ? [] : await pathsOf(name, options, 1);
    return resolve(this.location.workTree ?? this.location.gitDir, atHome(path));
  }
}

/**
 * The file of rules that the repository's own configuration names, if that file is the repository's own too; it need not be there. What
 * lies elsewhere is not for a repository to name.
 */
export function ownExcludesFile(location: Location): string | null {
  const value = lastValue(readConfig(location), 'core.excludesfile');
  const { workTree, commonDir } = location;
  if (value === undefined || workTree === null) return null;
  const file = resolve(workTree, atHome(value));
  const isIn = (path: string): boolean => [workTree, commonDir].some((folder) => path.startsWith(`${folder}/`));
  try {
    const real = realpathSync(file);
    return [workTree, commonDir].some((folder) => real.startsWith(`${realpathSync(folder)}/`)) ? real : null;
  } catch {
    return isIn(file) ? file : null; // no rules then, also none of the user's
  }
}

/**
 * The user's file of what to ignore everywhere, for a folder without git; it need not be there. Told by the usual files of configuration alone:
 * what they include is not read.
 */
export function userExcludesFile(): string {
  const { GIT_CONFIG_GLOBAL } = process.env;
  const files =
    GIT_CONFIG_GLOBAL === undefined
      ? [join(xdgFolder(), 'git/config'), join(home(), '.gitconfig')]
      : [GIT_CONFIG_GLOBAL];
  const entries = files.flatMap((file) => parseConfigFile(readText(file) ?? ''));
  const named = lastValue(entries, 'core.excludesfile');
  return named === undefined ? join(xdgFolder(), 'git/ignore') : resolve(home(), atHome(named));
}

interface ListedValue {
  /** The file that has it; null for what the environment said. */
  readonly file: string | null;
  readonly key: string;
  readonly value: string;
}

/** Reads `<origin>\0<key>\n<value>\0`; a key without a value has no newline. */
function parseListing(text: string): ListedValue[] {
  const parts = text.split('\0');
  const values: ListedValue[] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const origin = parts[i]!;
    const [key, ...value] = parts[i + 1]!.split('\n');
    values.push({ file: origin.startsWith('file:') ? origin.slice(5) : null, key: key!, value: value.join('\n') });
  }
  return values;
}

/** What was said after the last empty value, which takes back all before it. */
async function safeDirectories(values: readonly ListedValue[], options: RunOptions): Promise<string[]> {
  let said = values.filter(({ key }) => key === 'safe.directory').map(({ value }) => value);
  if (!said.every(isPlainPath)) said = await pathsOf('safe.directory', options, said.length);
  return said.slice(said.lastIndexOf('') + 1).map(atHome);
}

/** Values as git expands them, where only it knows how. */
async function pathsOf(name: string, options: RunOptions, last: number): Promise<string[]> {
  const result = await runGitRaw(['config', '--type=path', '-z', '--get-all', name], options);
  return decodeBytes(result.stdout).split('\0').slice(0, -1).slice(-last);
}

/** Not relative to where git is installed, nor to another user's home. */
const isPlainPath = (value: string): boolean => !/^(%|~[^/])/.test(value);

const home = (): string => process.env.HOME ?? homedir();
const xdgFolder = (): string => process.env.XDG_CONFIG_HOME || join(home(), '.config');
const atHome = (path: string): string => (path.startsWith('~/') ? join(home(), path.slice(2)) : path);

/**
 * Every file that decides what the configuration says: those it came from, those it would come from if they were there,
 * those that may be included. Null when that is beyond us.
 */
function configurationFiles(location: Location, values: readonly ListedValue[], folder: string): string[] | null {
  const { GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM } = process.env;
  const global = [join(home(), '.gitconfig'), join(xdgFolder(), 'git/config')];
  const files = new Set([
    join(location.commonDir, 'config'), // includes may depend on a remote's address
    join(location.gitDir, 'HEAD'), // or on the branch
    ...(GIT_CONFIG_GLOBAL === undefined ? global : [resolve(folder, GIT_CONFIG_GLOBAL)]),
    ...(GIT_CONFIG_SYSTEM === undefined ? systemFiles : [resolve(folder, GIT_CONFIG_SYSTEM)]),
  ]);
  for (const { file, key, value } of values) {
    if (file !== null) files.add(resolve(folder, file));
    if (!/^include(if\..*)?\.path$/s.test(key)) continue;
    if (!isPlainPath(value)) return null;
    if (key.startsWith('includeif.onbranch:') && !location.refsInFiles) return null;
    files.add(resolve(file === null ? folder : dirname(resolve(folder, file)), atHome(value)));
  }
  return [...files];
}

/** A text that changes whenever what the user's own excludes file says may have. */
export function userExcludesStamp(): string {
  const file = userExcludesFile();
  return `${file}\n${signatureOf([file]).text}`;
}

/** A text that changes whenever one of the files does, and when the last of them did. */
function signatureOf(files: readonly string[]): { text: string; changedMs: number } {
  let changedMs = 0;
  const parts = files.map((file) => {
    const stats = statsOf(file);
    if (stats === undefined) return '';
    const { dev, ino, size, mtimeMs, ctimeMs, mtimeNs, ctimeNs } = stats;
    changedMs = Math.max(changedMs, Number(mtimeMs), Number(ctimeMs));
    return [dev, ino, size, mtimeNs, ctimeNs].join();
  });
  return { text: parts.join(';'), changedMs };
}

function statsOf(file: string): BigIntStats | undefined {
  try {
    return statSync(file, { bigint: true });
  } catch {
    return undefined; // not there, or not for us to see: git does not read it either
  }
}
