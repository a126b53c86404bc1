import type { Package } from '../../dependencies/index.js';
import type { Oid } from '../../model/index.js';
import type { Store } from '../../store/index.js';

/** Of a package of a registry: what tells it from all others. Null for one that has no integrity. */
export const registryKey = ({ ecosystem, name, version, integrity }: Package): string | null =>
  integrity === null || version === '' ? null : `${ecosystem}:${name}@${version}#${integrity}`;

/** The trees of packages that the store has seen, by what lock files say of them: so that a lock file is enough where nothing is installed. */
export class KnownPackages {
  constructor(private readonly store: Store) {}

  find(pkg: Package): Oid | null {
    const key = registryKey(pkg);
    return key === null ? null : (this.store.packages.find(key) ?? null);
  }

  /** Remembers what packages hold, as far as it is not known. One that was seen otherwise before keeps what it had, unless this was `verified` by its integrity. */
  remember(packages: Iterable<readonly [Package, Oid]>, verified = false): void {
    const found = new Map<string, Oid>();
    for (const [pkg, oid] of packages) {
      const key = registryKey(pkg);
      if (key === null) continue;
      const known = this.store.packages.find(key);
      if (known === undefined || (verified && known !== oid)) found.set(key, oid);
    }
    this.store.packages.add(found);
  }
}
