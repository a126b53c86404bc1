import type { DependencyGraph } from '../graph.js';
import type { PackageManifest } from './package-manifest.js';

/** A package as a lock file has it. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string | null;
  readonly resolved: string | null;
  readonly optional: boolean;
  /** Where it would be installed; null when the lock file does not say. */
  readonly place: string | null;
}

/** What a lock file says: packages, and why they are there. */
export interface Lock {
  /** Its path. */
  readonly path: string;
  readonly packages: readonly LockedPackage[];
  readonly graph: DependencyGraph;
}

/** A project's folder and what it says that it needs. */
export type Manifests = ReadonlyMap<string, PackageManifest>;
