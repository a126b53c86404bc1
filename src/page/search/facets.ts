import type { Place, Side } from '../state/place.js';
import type { Item } from './item.js';

/** The part of a place that narrows results. */
export type Narrowing = Pick<Place, 'languages' | 'folder' | 'kinds' | 'repos' | 'packages' | 'side'>;

export interface FacetValue<T extends string = string> {
  readonly value: T;
  /** How many results there would be with it chosen, everything else being as it is. */
  readonly count: number;
}

export interface Facets {
  /** The most frequent first; folders are those directly in the chosen one, with a slash at the end. */
  readonly languages: readonly FacetValue[];
  readonly folders: readonly FacetValue[];
  readonly kinds: readonly FacetValue[];
  readonly repos: readonly FacetValue[];
  readonly packages: readonly FacetValue[];
  /** In the order of `sides`. */
  readonly sides: readonly FacetValue<Side>[];
}

type FacetName = keyof Narrowing;

/** The results that are left. */
export function narrow(items: readonly Item[], narrowing: Narrowing): readonly Item[] {
  return isNarrowing(narrowing) ? items.filter((item) => misses(item, narrowing).length === 0) : items;
}

export function isNarrowing({ languages, folder, kinds, repos, packages, side }: Narrowing): boolean {
  return folder !== '' || side !== null || [languages, kinds, repos, packages].some((chosen) => chosen.length > 0);
}

/** Counts over all results. A facet's own choice does not count against its other values: they can be chosen too. */
export function facetsOf(items: readonly Item[], narrowing: Narrowing): Facets {
  const languages = new Map<string, number>();
  const folders = new Map<string, number>();
  const kinds = new Map<string, number>();
  const repos = new Map<string, number>();
  const packages = new Map<string, number>();
  const sides = new Map<Side, number>();
  for (const item of items) {
    const missed = misses(item, narrowing);
    const counts = (facet: FacetName): boolean => missed.length === 0 || (missed.length === 1 && missed[0] === facet);
    if (counts('languages')) add(languages, item.language);
    if (counts('kinds') && item.kind !== '') add(kinds, item.kind);
    if (counts('repos') && item.root !== '') add(repos, item.root);
    if (counts('packages') && item.package !== '') add(packages, item.package);
    if (counts('side') && item.side !== null) add(sides, item.side);
    // Below the chosen folder, so its own choice does count.
    if (missed.length === 0) {
      const end = item.path.indexOf('/', narrowing.folder.length);
      if (end >= 0) add(folders, item.path.slice(0, end + 1));
    }
  }
  // A choice stays in sight, to be taken back, also when nothing is left of it.
  for (const language of narrowing.languages) add(languages, language, 0);
  for (const kind of narrowing.kinds) add(kinds, kind, 0);
  for (const repo of narrowing.repos) add(repos, repo, 0);
  for (const name of narrowing.packages) add(packages, name, 0);
  return {
    languages: sorted(languages),
    folders: sorted(folders),
    kinds: sorted(kinds),
    repos: sorted(repos),
    packages: sorted(packages),
    sides: (['a', 'b', 'both'] as const).flatMap((value) =>
      sides.size === 0 ? [] : [{ value, count: sides.get(value) ?? 0 }],
    ),
  };
}

/** The facets that an item does not meet. */
function misses(item: Item, { languages, folder, kinds, repos, packages, side }: Narrowing): FacetName[] {
  const missed: FacetName[] = [];
  if (languages.length > 0 && !languages.includes(item.language)) missed.push('languages');
  if (!item.path.startsWith(folder)) missed.push('folder');
  if (kinds.length > 0 && !kinds.includes(item.kind)) missed.push('kinds');
  if (repos.length > 0 && !repos.includes(item.root)) missed.push('repos');
  if (packages.length > 0 && !packages.includes(item.package)) missed.push('packages');
  if (side !== null && item.side !== side) missed.push('side');
  return missed;
}

function add<K>(counts: Map<K, number>, key: K, count = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function sorted(counts: ReadonlyMap<string, number>): FacetValue[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}
