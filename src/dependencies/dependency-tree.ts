import { compareBytewise } from '../base/index.js';
import { cargoManifests, cargoPackages } from './ecosystems/cargo.js';
import { goManifests, goPackages } from './ecosystems/go.js';
import { javaManifests, javaPackages } from './ecosystems/java.js';
import { pythonManifests, pythonPackages } from './ecosystems/python.js';
import { folderFiles, listedFiles } from './files/folder-files.js';
import { zipFiles } from './files/zip.js';
import { npmManifests, npmPackages } from './npm/npm.js';
import { findProjects } from './project-files.js';
import type {
  DependencyTree,
  Ecosystem,
  Package,
  PackageFile,
  PackageListing,
  Project,
  ProjectEntry,
} from './types.js';

interface Source {
  readonly manifests: ReadonlySet<string>;
  list(project: Project, folders: ReadonlyMap<string, readonly ProjectEntry[]>): Promise<PackageListing>;
}

/** The door by which every ecosystem comes in. */
const sources: Readonly<Record<Ecosystem, Source>> = {
  npm: { manifests: npmManifests, list: npmPackages },
  python: { manifests: pythonManifests, list: pythonPackages },
  go: { manifests: goManifests, list: goPackages },
  cargo: { manifests: cargoManifests, list: cargoPackages },
  java: { manifests: javaManifests, list: javaPackages },
};

/** Whether a file of this name may say what its project depends on. */
export const isManifest = (name: string): boolean =>
  Object.values(sources).some(({ manifests }) => manifests.has(name));

/** What a project depends on. Nothing is read before it is asked for. */
export function openDependencies(project: Project): DependencyTree {
  return {
    async list() {
      const folders = await findProjects(project.files, isManifest);
      const listings: PackageListing[] = [];
      for (const { manifests, list } of Object.values(sources)) {
        const own = [...folders].filter(([, entries]) =>
          entries.some(({ name, kind }) => kind === 'file' && manifests.has(name)),
        );
        if (own.length > 0) listings.push(await list(project, new Map(own)));
      }
      return {
        packages: listings.flatMap(({ packages }) => packages).sort((a, b) => compareBytewise(a.place, b.place)),
        skipped: listings.flatMap(({ skipped }) => skipped),
        projects: folders,
      };
    },
    open: packageFiles,
  };
}

export function packageFiles({ origin }: Package): Iterable<PackageFile> {
  switch (origin?.kind) {
    case 'folder':
      return folderFiles(origin.path);
    case 'listed':
      return listedFiles(origin.path, origin.files);
    case 'archive':
      return zipFiles(origin.path, origin.folder);
    default:
      return [];
  }
}
