import { homedir } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CoppiceError } from '../../base/index.js';
import { folderPrefix, isView } from '../../model/index.js';
import type { Engines, KnownRepository } from '../../engine/index.js';
import { checkPlace } from '../place.js';

const hint = 'leave it out for the usual repository; status lists those that are known, by name and path';

/**
 * The repository that an agent names, as an absolute path: by a path, `~/x`, a `file:` URI, a path from the usual repository (`.`,
 * `../other`), or the name of one that the store knows. USAGE, NOT_A_REPOSITORY.
 */
export async function findRepository(named: string, usual: string | null, engines: Engines): Promise<string> {
  if (named.includes('\0')) return checkPlace(named, hint);
  if (/^file:/i.test(named)) return checkPlace(pathOfUri(named) ?? named, hint);
  if (isView(named) || named.startsWith(folderPrefix)) return checkPlace(named, hint);
  if (named === '~' || /^~[\\/]/.test(named)) return join(homedir(), named.slice(1));
  if (isAbsolute(named)) return named;
  if (/^\.\.?(?:[\\/]|$)/.test(named)) {
    if (usual !== null && isAbsolute(usual)) return resolve(usual, named);
    return checkPlace(named, hint);
  }
  const found = repositoriesNamed(named, await engines.repositories());
  if (found.length === 1) return workTreeOf(found[0]!);
  const paths = found.slice(0, 5).map(workTreeOf);
  throw found.length === 0
    ? new CoppiceError('NOT_A_REPOSITORY', `no repository is known by the name ${JSON.stringify(named)}`)
    : new CoppiceError('USAGE', `${found.length} repositories are called ${JSON.stringify(named)}`, {
        hint: `give the path of one: ${paths.join(', ')}`,
      });
}

/** By its name, letter case aside, or by the last folders of its path: `zoekt`, `sourcegraph/zoekt`. */
function repositoriesNamed(named: string, known: readonly KnownRepository[]): readonly KnownRepository[] {
  const asked = named.toLowerCase().replace(/[\\/]+$/, '');
  const exact = known.filter(({ name }) => name === named);
  if (exact.length > 0) return exact;
  return known.filter((one) => {
    const path = workTreeOf(one)
      .toLowerCase()
      .replaceAll('\\', '/')
      .replace(/\.git$/, '');
    return one.name.toLowerCase() === asked || path.endsWith(`/${asked.replace(/\.git$/, '')}`);
  });
}

const workTreeOf = ({ path }: KnownRepository): string => path.replace(/[\\/]\.git$/, '');

/** What is meant where no repository is named: the folder that the server stands in where the client has it open, else what it has open first. */
export function usualRepository(standing: string | null, roots: readonly string[]): string | null {
  const open = roots.map(pathOfUri).filter((path) => path !== null);
  const isOpen = standing !== null && open.some((root) => isBelow(standing, root));
  return isOpen ? standing : (open[0] ?? standing);
}

const isBelow = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return !way.startsWith('..') && !isAbsolute(way);
};

function pathOfUri(uri: string): string | null {
  try {
    return fileURLToPath(uri);
  } catch {
    return null; // of another machine, or no file at all
  }
}
