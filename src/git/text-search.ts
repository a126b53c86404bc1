import { compareBytewise, decodeBytes } from '../base/index.js';
import { asOid, type Oid } from '../model/index.js';
import { runGit, runGitRaw, type RunOptions } from './process.js';
import { kindOfMode } from './objects/tree-object.js';

/** Texts of printable ASCII to be found in files, as they are or in either case. */
export interface SoughtTexts {
  readonly texts: readonly string[];
  readonly ignoreCase: boolean;
}

export interface TreeFile {
  readonly path: string;
  readonly oid: Oid;
}

/**
 * The paths that `git grep` finds one of the texts in, in its order, below a folder: of a tree, or of what is tracked, as it lies on disk.
 * Binary files count like others. Null when git cannot tell of all.
 */
export async function filesWithText(
  { texts, ignoreCase }: SoughtTexts,
  folder: string,
  tree: Oid | null,
  options: RunOptions,
): Promise<string[] | null> {
  const flags = ['--text', '--fixed-strings', ...(ignoreCase ? ['--ignore-case'] : [])];
  const where = tree === null ? [] : [tree];
  const args = ['grep', '--files-with-matches', '-z', '--full-name', '--no-color', ...flags, '-f', '-', ...where];
  const { exitCode, stdout, stderr } = await runGitRaw([...args, ...below(folder)], {
    ...options,
    input: texts.map((text) => `${text}\n`).join(''),
  });
  // What it could not read it says, and goes on.
  if (exitCode > 1 || stderr !== '') return null;
  const paths = decodeBytes(stdout).split('\0').slice(0, -1);
  return tree === null ? paths : paths.map((path) => path.slice(tree.length + 1));
}

/** The paths of what is not ignored, below a folder: of what is tracked, or is not. Perhaps several times. */
export async function listFiles(which: 'cached' | 'others', folder: string, options: RunOptions): Promise<string[]> {
  const args = ['ls-files', '-z', `--${which}`, '--exclude-standard', ...below(folder)];
  return decodeBytes(await runGit(args, options))
    .split('\0')
    .slice(0, -1);
}

/** Paths in git's order, each once. */
export const inOrder = (paths: readonly string[]): string[] => [...new Set(paths)].sort(compareBytewise);

/** The files of a tree, with all below it, in git's order; neither links nor submodules. */
export async function listTree(tree: Oid, options: RunOptions): Promise<TreeFile[]> {
  const rows = decodeBytes(await runGit(['ls-tree', '-r', '-z', tree], options)).split('\0');
  return rows.slice(0, -1).flatMap((row) => {
    const tab = row.indexOf('\t');
    const [mode, , oid] = row.slice(0, tab).split(' ') as [string, string, string];
    const kind = kindOfMode(Number.parseInt(mode, 8));
    return kind === 'file' || kind === 'executable' ? [{ path: row.slice(tab + 1), oid: asOid(oid) }] : [];
  });
}

const below = (folder: string): string[] => (folder === '' ? [] : ['--', `:(top,literal)${folder}/`]);
