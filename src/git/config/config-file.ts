import { join } from 'node:path';
import type { Location } from '../locate.js';
import { readText } from '../small-file.js';

export interface ConfigEntry {
  /** In lower case. */
  readonly section: string;
  readonly subsection: string | null;
  /** In lower case. */
  readonly key: string;
  readonly value: string;
  /** `section.key` or `section.subsection.key`. */
  readonly name: string;
}

/**
 * What a repository's own files say, in their order: its `config`, and where that says so the `config.worktree` of the work tree. Includes
 * are not followed: they are read by nobody.
 */
export function readConfig({
  commonDir,
  gitDir,
  readsConfig,
}: Pick<Location, 'commonDir' | 'gitDir' | 'readsConfig'>): ConfigEntry[] {
  if (!readsConfig) return [];
  const entries = parseConfigFile(readText(join(commonDir, 'config')) ?? '');
  if (!isTrue(lastValue(entries, 'extensions.worktreeconfig'))) return entries;
  return [...entries, ...parseConfigFile(readText(join(gitDir, 'config.worktree')) ?? '')];
}

export function parseConfigFile(text: string): ConfigEntry[] {
  const entries: ConfigEntry[] = [];
  let section = '';
  let subsection: string | null = null;
  for (let line of text.replace(/\\\r?\n/g, '').split(/\r?\n/)) {
    const header = /^\s*\[\s*([A-Za-z0-9.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
    if (header) {
      section = header[1]!.toLowerCase();
      subsection = header[2]?.replace(/\\(.)/g, '$1') ?? null;
      line = line.slice(header[0].length);
    }
    const pair = /^\s*([A-Za-z][\w-]*)\s*(?:=(.*))?$/.exec(line);
    if (!pair) continue;
    const key = pair[1]!.toLowerCase();
    const name = [section, ...(subsection === null ? [] : [subsection]), key].join('.');
    entries.push({ section, subsection, key, value: pair[2] === undefined ? 'true' : parseValue(pair[2]), name });
  }
  return entries;
}

/** The value that counts of those that a name was given; undefined when it was given none. */
export function lastValue(entries: readonly ConfigEntry[], name: string): string | undefined {
  return entries.findLast((entry) => entry.name === name)?.value;
}

/** Git's reading of a boolean. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(true|yes|on|[1-9]\d*)$/i.test(value);
}

/** A value as it is written into a configuration file. */
export function quoteConfigValue(value: string): string {
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\b': '\\b', '"': '\\"', '\\': '\\\\' };
  return `"${value.replace(/[\n\t\b"\\]/g, (char) => escapes[char]!)}"`;
}

function parseValue(raw: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b' };
  let value = '';
  let quoted = false;
  let kept = 0;
  for (let i = 0; i < raw.length; i++) {
    const char = raw[i]!;
    if (char === '"') quoted = !quoted;
    else if (char === '\\') value += escapes[raw[++i] ?? ''] ?? raw[i] ?? '';
    else if (!quoted && (char === '#' || char === ';')) break;
    else if (!quoted && /\s/.test(char)) {
      if (value !== '') value += char;
      continue;
    } else value += char;
    kept = value.length;
  }
  return value.slice(0, kept);
}
