import type { Package } from './types.js';

/** Tells which package a path of the view is in. */
export class PackageIndex {
  private readonly byPlace = new Map<string, Package>();

  /** Packages that share a place (those of Python do) are told apart by their lists of files. */
  constructor(packages: Iterable<Package>) {
    const owners = new Map<string, Package | null>();
    for (const pkg of packages) {
      if (pkg.origin?.kind !== 'listed') {
        this.byPlace.set(pkg.place, pkg);
        continue;
      }
      // A folder is its package's if nobody else has files in it.
      for (const file of pkg.origin.files) {
        for (let end = file.indexOf('/'); ; end = file.indexOf('/', end + 1)) {
          const path = `${pkg.place}/${end < 0 ? file : file.slice(0, end)}`;
          const owner = owners.get(path);
          if (owner === undefined) owners.set(path, pkg);
          else if (owner !== pkg && owner !== null) owners.set(path, null);
          if (end < 0 || owner === undefined) break;
        }
      }
    }
    for (const [path, owner] of owners) if (owner !== null) this.byPlace.set(path, owner);
    // Folders that turned out to be shared: their files one by one.
    const shared = new Set([...owners].flatMap(([path, owner]) => (owner === null ? [path] : [])));
    if (shared.size === 0) return;
    for (const pkg of packages) {
      if (pkg.origin?.kind !== 'listed') continue;
      for (const file of pkg.origin.files) {
        const path = `${pkg.place}/${file}`;
        if (this.find(path) === undefined) this.byPlace.set(path, pkg);
      }
    }
  }

  find(path: string): Package | undefined {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const found = this.byPlace.get(path.slice(0, end));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** The path inside its package, of a path of the view. */
export const pathInside = ({ place }: Package, path: string): string => path.slice(place.length + 1);
