import { decodeBytes } from '../base/index.js';
import { asOid, type EntryKind, type Oid } from '../model/index.js';
import { runGit, runGitRaw, type RunOptions } from './process.js';
import { kindOfMode } from './tree-object.js';

/** Texts of printable ASCII to be found in files, as they are or in either case. */
export interface SoughtTexts {
  readonly texts: readonly string[];
  readonly ignoreCase: boolean;
}

/** A file of a tree, with its size in bytes; -1 where its blob is missing. */
export interface ListedFile {
  readonly path: string;
  readonly kind: EntryKind;
  readonly oid: Oid;
  readonly size: number;
}

/**
 * The paths that `git grep` finds one of the texts in: of a tree, or of what the index tracks, as it lies on disk (as the index has it
 * where git is told not to look). Binary files count like others. Null when git cannot tell.
 */
export async function filesWithText(
  { texts, ignoreCase }: SoughtTexts,
  tree: Oid | null,
  options: RunOptions,
): Promise<ReadonlySet<string> | null> {
  const flags = ['--text', '--fixed-strings', ...(ignoreCase ? ['--ignore-case'] : [])];
  const args = ['grep', '--files-with-matches', '-z', '--full-name', '--no-color', ...flags, '-f', '-'];
  const { exitCode, stdout } = await runGitRaw(tree === null ? args : [...args, tree], {
    ...options,
    input: texts.map((text) => `${text}\n`).join(''),
  });
  if (exitCode > 1) return null;
  const paths = decodeBytes(stdout).split('\0').slice(0, -1);
  return new Set(tree === null ? paths : paths.map((path) => path.slice(tree.length + 1)));
}

/** All files of a tree in git's order; submodules are not among them. */
export async function listTree(tree: Oid, options: RunOptions): Promise<ListedFile[]> {
  const output = decodeBytes(await runGit(['ls-tree', '-r', '-l', '-z', tree], options));
  return output
    .split('\0')
    .slice(0, -1)
    .flatMap((row) => {
      const [mode, , oid, size] = row.slice(0, row.indexOf('\t')).split(/ +/) as [string, string, string, string];
      const kind = kindOfMode(Number.parseInt(mode, 8));
      if (kind === null || kind === 'submodule') return [];
      return [{ path: row.slice(row.indexOf('\t') + 1), kind, oid: asOid(oid), size: /^\d+$/.test(size) ? Number(size) : -1 }];
    });
}
