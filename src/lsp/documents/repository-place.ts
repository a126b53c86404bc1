import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';

/** Where a file or folder lies in a work tree. */
export interface RepositoryPlace {
  /** The work tree's folder, free of symbolic links. */
  readonly root: string;
  /** In the work tree, with slashes; empty for the work tree itself. */
  readonly path: string;
}

/**
 * The innermost work tree around a path, which need not exist. Symbolic links are followed, as an editor that saves through
 * one changes what it points to. Null outside of any work tree and in a `.git` folder.
 */
export async function placeOf(path: string): Promise<RepositoryPlace | null> {
  const real = await followLinks(path);
  for (let folder = real; ; folder = dirname(folder)) {
    if (await isWorkTree(folder)) {
      const inside = relative(folder, real).split(sep).join('/');
      return inside.toLowerCase().split('/').includes('.git') ? null : { root: folder, path: inside };
    }
    if (folder === dirname(folder)) return null;
  }
}

/** The path, from a folder that is no repository, of what lies below it, in a repository or not; null for what does not, and in a `.git` folder. */
export async function pathBelow(root: string, path: string): Promise<string | null> {
  const names = relative(root, await followLinks(path)).split(sep);
  return names[0] === '..' || names.some((name) => name.toLowerCase() === '.git') ? null : names.join('/');
}

/** A folder without symbolic links in its path; null when there is none. */
export async function folderAt(path: string): Promise<string | null> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() && !real.split(sep).includes('.git') ? real : null;
  } catch {
    return null;
  }
}

/**
 * The work tree's folder by the name under which a client knows it, seen from a folder inside: a client that came
 * through a symbolic link takes `root` for another place.
 */
export async function rootAsSeenFrom(folder: string, { root, path }: RepositoryPlace): Promise<string> {
  const up = path === '' ? [] : path.split('/').map(() => '..');
  const seen = join(folder, ...up);
  return (await followLinks(seen)) === root ? seen : root;
}

/** As `realpath`, for a path whose last parts do not exist yet as well. */
async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await followLinks(parent), basename(path));
  }
}

/** Git takes a folder `.git` without HEAD for any other folder; a linked work tree and a submodule have a file there. */
async function isWorkTree(folder: string): Promise<boolean> {
  const isFile = (path: string): Promise<boolean> =>
    stat(path).then(
      (stats) => stats.isFile(),
      () => false,
    );
  return (await isFile(join(folder, '.git'))) || (await isFile(join(folder, '.git', 'HEAD')));
}
