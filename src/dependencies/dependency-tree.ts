import { CoppiceError, compareBytewise } from '../base/index.js';
import { cargoManifests, cargoPackages } from './ecosystems/cargo.js';
import { goManifests, goPackages } from './ecosystems/go.js';
import { javaManifests, javaPackages } from './ecosystems/java.js';
import { pythonManifests, pythonPackages } from './ecosystems/python.js';
import { isInside } from './file-rule.js';
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
      const listings: Listed[] = [];
      for (const { manifests, list } of Object.values(sources)) {
        const own = [...folders].filter(([, entries]) =>
          entries.some(({ name, kind }) => kind === 'file' && manifests.has(name)),
        );
        if (own.length > 0) listings.push(await listLeniently(list, project, new Map(own)));
      }
      const distinct = new Map(
        listings.flatMap(({ packages }) => packages).map((pkg) => [`${pkg.place}\0${pkg.name}\0${pkg.version}`, pkg]),
      );
      const all = [...distinct.values()].sort((a, b) => compareBytewise(a.place, b.place));
      const failure = listings.flatMap(({ failures }) => failures)[0];
      if (all.length === 0 && failure !== undefined) throw failure;
      // Whatever an ecosystem lets through: nothing lies outside of the view, nor tells a terminal what to do.
      const isSound = ({ name, version, place }: Package): boolean => isInside(place) && !control.test(name + version);
      return {
        packages: all.filter(isSound),
        skipped: [
          ...listings.flatMap(({ skipped }) => skipped),
          ...all
            .filter((pkg) => !isSound(pkg))
            .map(({ place }) => ({ what: place, reason: 'no package can have such a name and version' })),
        ],
        projects: folders,
      };
    },
    open: packageFiles,
  };
}

interface Listed extends PackageListing {
  /** Lock files that could not be read. */
  readonly failures: readonly CoppiceError[];
}

/** On disk a lock file that cannot be read leaves what others say as it is; at a rev it is an error. */
async function listLeniently(
  list: Source['list'],
  project: Project,
  folders: ReadonlyMap<string, readonly ProjectEntry[]>,
): Promise<Listed> {
  try {
    return { ...(await list(project, folders)), failures: [] };
  } catch (error) {
    if (!project.installed || !(error instanceof CoppiceError)) throw error;
    if (folders.size === 1) {
      const [folder] = folders.keys();
      return { packages: [], skipped: [{ what: folder || '.', reason: error.message }], failures: [error] };
    }
    const parts: Listed[] = [];
    for (const one of folders) parts.push(await listLeniently(list, project, new Map([one])));
    return {
      packages: parts.flatMap(({ packages }) => packages),
      skipped: parts.flatMap(({ skipped }) => skipped),
      failures: parts.flatMap(({ failures }) => failures),
    };
  }
}

const control = /[\x00-\x1f\x7f-\x9f]/;

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
