import { decodeBytes } from '../../base/index.js';
import type { FilePatch } from './patch.js';
import { invalidPatch } from './patch-lines.js';

export type PatchHeader = Omit<FilePatch, 'hunks'>;

export const isGitHeader = (line: string): boolean => line.startsWith('diff --git ');

/** Reads `diff --git` and the lines up to the first hunk; `next` is the line after them. */
export function readGitHeader(lines: readonly string[], start: number): { header: PatchHeader; next: number } {
  let kind: FilePatch['kind'] = 'modify';
  let oldPath = commonName(lines[start]!, start);
  let newPath = oldPath;
  let oldMode: string | undefined;
  let newMode: string | undefined;
  let at = start + 1;
  for (; at < lines.length; at++) {
    const line = withoutLineEnd(lines[at]!);
    const [, word = '', value = ''] = headerLine.exec(line) ?? [];
    if (word === '') break;
    if (word === '--- ') {
      oldPath = value.startsWith('/dev/null') ? null : stripped(fileName(value, at), at);
      const next = withoutLineEnd(lines[at + 1] ?? '');
      if (!next.startsWith('+++ ')) throw invalidPatch(at + 1, 'the line after "---" must begin with "+++"');
      newPath = next.startsWith('+++ /dev/null') ? null : stripped(fileName(next.slice(4), at + 1), at + 1);
      at += 2;
      break;
    }
    if (word === 'old mode ') oldMode = value;
    else if (word === 'new mode ') newMode = value;
    else if (word === 'new file mode ') [kind, newMode] = ['add', value];
    else if (word === 'deleted file mode ') [kind, oldMode] = ['delete', value];
    else if (word === 'rename from ' || word === 'rename old ') [kind, oldPath] = ['rename', unquoted(value, at)];
    else if (word === 'rename to ' || word === 'rename new ') [kind, newPath] = ['rename', unquoted(value, at)];
    else if (word === 'copy from ') [kind, oldPath] = ['copy', unquoted(value, at)];
    else if (word === 'copy to ') [kind, newPath] = ['copy', unquoted(value, at)];
    else if (word === 'index ') oldMode ??= / (\d{6})$/.exec(value)?.[1];
  }
  if (kind === 'add') oldPath = null;
  else if (kind === 'delete') newPath = null;
  if ((kind !== 'add' && !oldPath) || (kind !== 'delete' && !newPath)) {
    throw invalidPatch(start, 'the diff does not tell the name of its file');
  }
  const names = { oldPath: checkedPath(oldPath ?? null, start), newPath: checkedPath(newPath ?? null, start) };
  return {
    header: { kind, ...names, oldMode, newMode: kind === 'delete' ? undefined : (newMode ?? oldMode) },
    next: at,
  };
}

const headerLine =
  /^(--- |old mode |new mode |new file mode |deleted file mode |rename from |rename to |rename old |rename new |copy from |copy to |similarity index |dissimilarity index |index )(.*)$/s;

/** Reads the `---` and `+++` lines of a diff that git did not write. */
export function readPlainHeader(lines: readonly string[], start: number): PatchHeader {
  const oldLine = withoutLineEnd(lines[start]!).slice(4);
  const newLine = withoutLineEnd(lines[start + 1]!).slice(4);
  const modes = { oldMode: undefined, newMode: undefined };
  const oldName = fileName(oldLine, start);
  const newName = fileName(newLine, start + 1);
  if (oldName === '/dev/null' || isEpoch(oldLine)) {
    return { kind: 'add', oldPath: null, newPath: checkedPath(plainName(newName, start + 1), start + 1), ...modes };
  }
  if (newName === '/dev/null' || isEpoch(newLine)) {
    return { kind: 'delete', oldPath: checkedPath(plainName(oldName, start), start), newPath: null, ...modes };
  }
  const before = plainName(oldName, start);
  const after = plainName(newName, start + 1);
  // As git: `file.orig` and `file`, or `file` and `file.new`, mean `file`.
  const path = checkedPath(before.length < after.length && after.startsWith(before) ? before : after, start + 1);
  return { kind: 'modify', oldPath: path, newPath: path, ...modes };
}

/** A name without a folder is complete; of others the first component goes. */
const plainName = (name: string, line: number): string => (name.includes('/') ? stripped(name, line) : name);

/** diff writes the beginning of time for a file that is not there. */
const isEpoch = (line: string): boolean =>
  /\t(1969-12-31|1970-01-01) \d\d:\d\d:00(\.0+)? ([+-]\d{4})$/.test(line) &&
  Number(new Date(line.slice(line.lastIndexOf('\t') + 1).replace(/\.0+ /, ' '))) === 0;

/** The name in a `---` or `+++` line: quoted, or up to a tab (after which diff writes the time). */
function fileName(value: string, line: number): string {
  if (value.startsWith('"')) return unquoted(value, line);
  const name = value.split('\t', 1)[0]!;
  return decodeName(name.replace(/ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?( [+-]\d{4})?$/, ''));
}

/** `diff --git a/NAME b/NAME`: the only place of the name when nothing but the mode changes. Undefined if the names differ. */
function commonName(line: string, number: number): string | null | undefined {
  const names = withoutLineEnd(line).slice('diff --git '.length);
  const afterSlash = (name: string): string => name.slice(name.indexOf('/') + 1);
  const quoted =
    /^("(?:[^"\\]|\\.)*"|.*?) ("(?:[^"\\]|\\.)*")$/.exec(names) ?? /^("(?:[^"\\]|\\.)*") (.*)$/.exec(names);
  if (quoted !== null) {
    const [first, second] = [quoted[1]!, quoted[2]!].map((name) => afterSlash(unquoted(name, number)));
    return first === second ? first : undefined;
  }
  // A name may have spaces: both halves must be equal.
  for (let space = names.indexOf(' '); space >= 0; space = names.indexOf(' ', space + 1)) {
    const first = afterSlash(names.slice(0, space));
    if (first !== '' && first === afterSlash(names.slice(space + 1))) return decodeName(first);
  }
  return undefined;
}

function stripped(name: string, line: number): string {
  const slash = name.indexOf('/');
  if (slash < 0) throw invalidPatch(line, `the name "${name}" has no a/ or b/ before it`);
  return name.slice(slash).replace(/^\/+/, '');
}

/** The same names that git refuses: those that no tree can have. */
function checkedPath(path: string | null, line: number): string | null {
  const bad = path
    ?.split('/')
    .some((part) => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git');
  if (bad) throw invalidPatch(line, `"${path}" is no path within a repository`);
  return path;
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  '"': '"',
  '\\': '\\',
};

/** A name in C quotes, or as it is. */
function unquoted(value: string, line: number): string {
  if (!value.startsWith('"')) return decodeName(value);
  const match = /^"((?:[^"\\]|\\.)*)"/.exec(value);
  if (match === null) throw invalidPatch(line, 'the quote is not closed');
  const name = match[1]!.replace(/\\([0-3][0-7]{2}|.)/g, (_, escape: string) => {
    const char = escape.length === 3 ? String.fromCharCode(parseInt(escape, 8)) : escapes[escape];
    if (char === undefined) throw invalidPatch(line, `unknown escape \\${escape} in a name`);
    return char;
  });
  return decodeName(name);
}

const decodeName = (latin1: string): string => decodeBytes(Buffer.from(latin1, 'latin1'));

/** Header lines may end in `\r\n` when the whole patch was converted. */
const withoutLineEnd = (line: string): string => line.replace(/\r?\n$/, '');
