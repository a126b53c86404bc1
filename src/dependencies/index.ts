/** What a project depends on: packages, why they are there, where they lie, and their files. Reads; knows nothing of how they are searched. */
export { isManifest, openDependencies, packageFiles } from './dependency-tree.js';
export { tarFiles } from './files/tar.js';
export type { TarFile } from './files/tar.js';
export { PackageIndex, pathInside } from './package-index.js';
export { Registry } from './npm/registry.js';
export type { FetchedPackage } from './npm/registry.js';
export { diskFiles } from './project-files.js';
export { selectPackages } from './selection.js';
export type { PackageSelection } from './selection.js';
export { isLeftOut } from './file-rule.js';
export { ecosystems } from './types.js';
export type {
  DependencyListing,
  DependencyTree,
  Ecosystem,
  Package,
  PackageFile,
  PackageListing,
  PackageOrigin,
  Project,
  ProjectEntry,
  ProjectFiles,
  SkippedPackage,
} from './types.js';
