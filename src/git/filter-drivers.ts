import { statSync, type BigIntStats } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { decodeBytes, elapsedMs, nowMs } from '../base/index.js';
import type { Location } from './locate.js';
import { runGit, type RunOptions, type Setting } from './process.js';

/** A file that changed so lately may change again without its times telling, in milliseconds. */
const racyMsDefault = 2000;
/** Where git looks for the system's configuration is not known for certain, so it is asked again after so long. */
const ageMsMax = 60_000;
const systemFiles = ['/etc/gitconfig', '/usr/local/etc/gitconfig', '/opt/homebrew/etc/gitconfig'];

interface KnownDrivers {
  readonly settings: readonly Setting[];
  /** What they were read from, also files that are not there. */
  readonly files: readonly string[];
  readonly signature: string;
  readonly sinceMs: number;
}

/**
 * Settings that override every filter's programs with nothing, so that `status` hashes files as they lie on disk. Which
 * filters there are is for git to say; it is asked again when a file of its configuration has changed.
 */
export class FilterDrivers {
  private known: KnownDrivers | null = null;

  constructor(
    private readonly location: Location,
    private readonly gitDirArgument: string,
    private readonly racyMs = racyMsDefault,
  ) {}

  async neutralised(options: RunOptions): Promise<readonly Setting[]> {
    const { known } = this;
    if (known !== null && elapsedMs() - known.sinceMs < ageMsMax && signatureOf(known.files).text === known.signature)
      return known.settings;
    this.known = null;
    const sinceMs = elapsedMs();
    const racyFromMs = nowMs() - this.racyMs;
    const listing = await runGit([this.gitDirArgument, 'config', '--list', '--show-origin', '-z'], options);
    const values = parseListing(decodeBytes(listing));
    const settings = [...new Set(values.flatMap(({ key }) => /^filter\.(.+)\.[^.]+$/s.exec(key)?.[1] ?? []))].flatMap(
      (driver): Setting[] => [
        [`filter.${driver}.clean`, ''],
        [`filter.${driver}.smudge`, ''],
        [`filter.${driver}.process`, ''],
        [`filter.${driver}.required`, 'false'],
      ],
    );
    const files = configurationFiles(this.location, values, options.folder);
    if (files !== null) {
      const { text, changedMs } = signatureOf(files);
      if (changedMs < racyFromMs) this.known = { settings, files, signature: text, sinceMs };
    }
    return settings;
  }
}

interface ListedValue {
  /** The file that has it; null for what the command line said. */
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

/**
 * Every file that decides what the configuration says: those it came from, those it would come from if they were there,
 * those that may be included. Null when that is beyond us.
 */
function configurationFiles(location: Location, values: readonly ListedValue[], folder: string): string[] | null {
  const { GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM, XDG_CONFIG_HOME, HOME } = process.env;
  const home = HOME ?? homedir();
  const global = [join(home, '.gitconfig'), join(XDG_CONFIG_HOME || join(home, '.config'), 'git/config')];
  const files = new Set([
    join(location.commonDir, 'config'),
    join(location.gitDir, 'config.worktree'),
    join(location.gitDir, 'HEAD'), // a file may be included on some branch only
    ...(GIT_CONFIG_GLOBAL === undefined ? global : [resolve(folder, GIT_CONFIG_GLOBAL)]),
    ...(GIT_CONFIG_SYSTEM === undefined ? systemFiles : [resolve(folder, GIT_CONFIG_SYSTEM)]),
  ]);
  for (const { file, key, value } of values) {
    if (file === null) continue;
    files.add(resolve(folder, file));
    if (!/^include(if\..*)?\.path$/s.test(key)) continue;
    if (/^(%|~[^/])/.test(value)) return null; // relative to where git is installed, or to another user's home
    if (key.startsWith('includeif.onbranch:') && !location.refsInFiles) return null;
    files.add(value.startsWith('~/') ? join(home, value.slice(2)) : resolve(dirname(resolve(folder, file)), value));
  }
  return [...files];
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
