import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';

import { CoppiceError } from '../../base/index.js';
import { compilePathFilter } from '../../pattern/index.js';
import { shorten } from '../limits.js';
import type { RepositoryEntry, Store } from '../../store/index.js';
import { allRepositories, folderPrefix, isGlob, isList, viewPrefix } from '../../model/index.js';
import type { Where } from '../../model/index.js';
import type { ViewDefinition, ViewRoot } from './view-place.js';

/** The roots of a place that is several. USAGE, NOT_A_REPOSITORY, VIEW_NOT_FOUND. */
export function defineView(store: Store, where: Where): ViewDefinition {
  store.refresh();
  if (!isList(where))
    return { name: where === allRepositories ? 'all repositories' : where, roots: rootsOf(store, where) };
  const places = readList(where);
  return { name: places.join(', '), roots: places.flatMap((place) => rootsOf(store, place)) };
}

/** The path of the repository that is named by its path or name. USAGE when several have it, NOT_A_REPOSITORY when none has. */
export function pathOf(store: Store, place: string): string {
  if (isAbsolute(place) || place.startsWith(folderPrefix)) return place;
  store.refresh();
  const known = knownRepositories(store);
  const named = known.filter(({ name }) => name === place);
  const [first, ...others] = named.length > 0 ? named : known.filter(({ name }) => sameName(name, place));
  if (first === undefined) {
    const near = known.filter(({ name }) => name.toLowerCase().includes(place.toLowerCase())).slice(0, 5);
    const listed = (near.length > 0 ? near : known.slice(0, 5)).map(({ name }) => name).join(', ');
    throw new CoppiceError(
      'NOT_A_REPOSITORY',
      `no repository is known by the name "${shorten(place)}", and no such folder is here`,
      {
        hint: listed === '' ? 'name one by its path; once searched it is known by its name' : `known: ${listed}`,
        data: { name: shorten(place) },
      },
    );
  }
  if (others.length > 0) {
    throw new CoppiceError('USAGE', `several repositories are called "${shorten(place)}"`, {
      hint: `name one by its path: ${[first, ...others].map(({ path }) => path).join(', ')}`,
    });
  }
  return first.path;
}

const sameName = (name: string, asked: string): boolean => name.toLowerCase() === asked.toLowerCase();

function rootsOf(store: Store, place: string): ViewRoot[] {
  if (place.startsWith(viewPrefix)) return rootsOfView(store, place.slice(viewPrefix.length));
  if (isGlob(place)) {
    const matches = compilePathFilter([place]);
    const named = knownRepositories(store).filter(({ name }) => place === allRepositories || matches(name));
    if (named.length > 0 || place === allRepositories) return named.map(({ path }) => ({ path, rev: null }));
    throw new CoppiceError('NOT_A_REPOSITORY', `no repository that is known has a name such as "${shorten(place)}"`, {
      hint: '`coppice status` lists those that are known',
    });
  }
  return [rootOf(store, place)];
}

function rootsOfView(store: Store, name: string): ViewRoot[] {
  const view = store.catalog.views.get(name);
  if (view !== undefined) {
    const roots = view.roots.flatMap((place) => rootsOf(store, place));
    return view.deps === true ? roots.map((root) => ({ ...root, deps: true })) : roots;
  }
  const names = [...store.catalog.views.keys()].slice(0, 10).join(', ');
  throw new CoppiceError('VIEW_NOT_FOUND', `there is no view named "${shorten(name)}"`, {
    hint: names === '' ? `make one: coppice view add ${shorten(name)} REPO…` : `views: ${names}`,
    data: { name: shorten(name) },
  });
}

/** `PATH`, `NAME`, `PATH@REV`, `NAME@REV`: what is before the first `@` behind which there is such a place. */
function rootOf(store: Store, place: string): ViewRoot {
  const isThere = (text: string): boolean =>
    isAbsolute(text) || text.startsWith(folderPrefix)
      ? existsSync(text.replace(/^folder:/, ''))
      : knownRepositories(store).some(({ name }) => sameName(name, text));
  if (!isThere(place)) {
    for (let at = place.indexOf('@', 1); at >= 0; at = place.indexOf('@', at + 1)) {
      const before = place.slice(0, at);
      if (isThere(before) && at < place.length - 1) return { path: pathOf(store, before), rev: place.slice(at + 1) };
    }
  }
  return { path: pathOf(store, place), rev: null };
}

/** Those that are where they were seen, each place once. */
function knownRepositories({ catalog }: Store): RepositoryEntry[] {
  const byPath = new Map(Array.from(catalog.repositories.values(), (entry) => [entry.path, entry]));
  return [...byPath.values()].filter(({ path }) => existsSync(path));
}

const placesMax = 1000;

function readList(where: Where): string[] {
  let list: unknown;
  try {
    list = JSON.parse(where);
  } catch {
    list = null;
  }
  const isRight = Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== '' && !isList(item));
  if (!isRight || (list as string[]).length === 0 || (list as string[]).length > placesMax)
    throw new CoppiceError('USAGE', 'the repositories are to be a list of their paths or names', {
      hint: `from one to ${placesMax} of them`,
    });
  return list as string[];
}
