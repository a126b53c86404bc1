import { CoppiceError, compareBytewise } from '../../base/index.js';
import { reasonsOf } from '../graph.js';
import { membersOf, parseJson, textOf } from '../manifest.js';
import { joinPath } from '../project-files.js';
import type { Package, PackageListing, Project, ProjectEntry, SkippedPackage } from '../types.js';
import { scanInstalled, type Installed } from './installed.js';
import type { Lock, LockedPackage, Manifests } from './locked.js';
import { parsePackageLock } from './package-lock.js';
import { importerOf, parseManifest, type PackageManifest } from './package-manifest.js';
import { placedGraph } from './placed-graph.js';
import { plugAndPlay } from './pnp.js';
import { parsePnpmLock } from './pnpm-lock.js';
import { parseYarnLock } from './yarn-lock.js';

/** Of several in one folder the first counts, as for npm and the others where theirs is. */
const lockNames = ['npm-shrinkwrap.json', 'package-lock.json', 'pnpm-lock.yaml', 'yarn.lock'];
export const npmManifests: ReadonlySet<string> = new Set(['package.json', ...lockNames]);

type Folders = ReadonlyMap<string, readonly ProjectEntry[]>;

/** What a project depends on by npm, pnpm or Yarn; `folders`: those with manifests or lock files. */
export async function npmPackages(project: Project, folders: Folders): Promise<PackageListing> {
  const manifests = await readManifests(project, folders);
  return project.installed && project.disk !== null
    ? installedPackages(project, project.disk, folders, manifests)
    : lockedPackages(project, folders, manifests);
}

async function readManifests({ files }: Project, folders: Folders): Promise<Manifests> {
  const manifests = new Map<string, PackageManifest>();
  for (const [folder, entries] of folders) {
    if (!entries.some(({ name, kind }) => kind === 'file' && name === 'package.json')) continue;
    const manifest = parseManifest(await files.read(joinPath(folder, 'package.json')));
    if (manifest !== null) manifests.set(folder, manifest);
  }
  return manifests;
}

/** The lock files of a project: one in each folder that has any. */
async function* readLocks(
  { files }: Project,
  folders: Folders,
  manifests: Manifests,
): AsyncGenerator<{ folder: string; path: string; parse: () => Lock }> {
  for (const [folder, entries] of folders) {
    const name = lockNames.find((lock) => entries.some((entry) => entry.kind === 'file' && entry.name === lock));
    if (name === undefined) continue;
    const path = joinPath(folder, name);
    const content = await files.read(path);
    if (content === null) continue;
    const parse = (): Lock => {
      if (name === 'yarn.lock') return parseYarnLock(path, folder, content, manifests);
      return name === 'pnpm-lock.yaml'
        ? parsePnpmLock(path, content)
        : parsePackageLock(path, folder, content, manifests);
    };
    yield { folder, path, parse };
  }
}

const idOf = ({ name, version }: { readonly name: string; readonly version: string }): string => `${name}@${version}`;

async function installedPackages(
  project: Project,
  disk: string,
  folders: Folders,
  manifests: Manifests,
): Promise<PackageListing> {
  const {
    packages: found,
    links,
    skipped: linkSkips,
  } = scanInstalled(disk, new Set(['', ...folders.keys()]), manifests);
  const skipped: SkippedPackage[] = [...linkSkips];
  const graph = placedGraph(
    found,
    [...manifests].map(([place, manifest]) => importerOf(place, manifest)),
    links,
  );
  const reasons = reasonsOf(graph);
  const locked = new Map<string, LockedPackage>();
  const missing: Package[] = [];
  const archived: Package[] = [];
  const installed = new Set(found.map(idOf));
  for await (const { folder, path, parse } of readLocks(project, folders, manifests)) {
    let lock: Lock;
    try {
      lock = parse();
    } catch (error) {
      if (!(error instanceof CoppiceError)) throw error;
      skipped.push({
        what: path,
        reason: `${error.message}; what is installed counts`,
      });
      continue;
    }
    const pnp = await plugAndPlay(project, folder);
    const why = reasonsOf(lock.graph);
    lock.packages.forEach((pkg, i) => {
      locked.set(idOf(pkg), pkg);
      if (installed.has(idOf(pkg))) return;
      const located = pnp?.locate(pkg) ?? null;
      const place = located?.place ?? pkg.place ?? joinPath(folder, `node_modules/${pkg.name}`);
      const { name, version, integrity, optional, resolved } = pkg;
      (located === null ? missing : archived).push({
        ecosystem: 'npm',
        name,
        version,
        integrity,
        optional,
        resolved,
        place,
        origin: located?.origin ?? null,
        ...why[i]!,
      });
    });
  }
  const integrities = await installedIntegrities(project, folders);
  const present = found.map((pkg, i): Package => {
    const lock = locked.get(idOf(pkg));
    return {
      ecosystem: 'npm',
      name: pkg.name,
      version: pkg.version,
      integrity: integrities.get(pkg.place) ?? lock?.integrity ?? null,
      place: pkg.place,
      origin: pkg.origin,
      optional: lock?.optional ?? false,
      resolved: lock?.resolved ?? null,
      ...reasons[i]!,
    };
  });
  return { packages: distinct([...present, ...archived, ...missing]), skipped };
}

/** What npm noted of what it installed, by place. */
async function installedIntegrities({ files }: Project, folders: Folders): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of folders.keys()) {
    const path = joinPath(folder, 'node_modules/.package-lock.json');
    const content = await files.read(path);
    if (content === null) continue;
    try {
      for (const [place, value] of Object.entries(membersOf(parseJson(path, content)['packages']))) {
        const integrity = textOf(membersOf(value)['integrity']);
        if (integrity !== null) found.set(joinPath(folder, place), integrity);
      }
    } catch {
      // npm writes it anew; without it the lock file tells.
    }
  }
  return found;
}

async function lockedPackages(project: Project, folders: Folders, manifests: Manifests): Promise<PackageListing> {
  const packages: Package[] = [];
  let onDisk: Installed | null = null;
  for await (const { folder, parse } of readLocks(project, folders, manifests)) {
    const lock = parse();
    const why = reasonsOf(lock.graph);
    onDisk ??=
      project.disk === null
        ? { packages: [], links: new Map(), skipped: [] }
        : scanInstalled(project.disk, new Set(['', ...folders.keys()]), manifests);
    const origins = new Map(onDisk.packages.map((pkg) => [idOf(pkg), pkg.origin]));
    const pnp = await plugAndPlay(project, folder);
    const placed = placesOf(lock.packages, folder);
    lock.packages.forEach((pkg, i) => {
      const { name, version, integrity, optional, resolved } = pkg;
      const origin = origins.get(idOf(pkg)) ?? pnp?.locate(pkg)?.origin ?? null;
      packages.push({
        ecosystem: 'npm',
        name,
        version,
        integrity,
        optional,
        resolved,
        place: placed[i]!,
        origin,
        ...why[i]!,
      });
    });
  }
  return { packages: distinct(packages), skipped: [] };
}

/** Where packages would be: as the lock file says, else by their names, with the version where a name has several. */
function placesOf(packages: readonly LockedPackage[], folder: string): string[] {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of packages) versions.set(name, (versions.get(name) ?? new Set()).add(version));
  return packages.map(
    (pkg) => pkg.place ?? joinPath(folder, `node_modules/${versions.get(pkg.name)!.size === 1 ? pkg.name : idOf(pkg)}`),
  );
}

/** One at each place (those that differ by their peers alone are one), in order of place. */
function distinct(packages: readonly Package[]): Package[] {
  const byPlace = new Map<string, Package>();
  for (const pkg of packages) {
    const before = byPlace.get(pkg.place);
    if (before === undefined) byPlace.set(pkg.place, pkg);
    else if (idOf(before) === idOf(pkg)) byPlace.set(pkg.place, better(before, pkg));
    else byPlace.set(`${pkg.place}@${pkg.version}`, { ...pkg, place: `${pkg.place}@${pkg.version}` });
  }
  return [...byPlace.values()].sort((a, b) => compareBytewise(a.place, b.place));
}

const better = (a: Package, b: Package): Package => ({
  ...(a.chain.length <= b.chain.length ? a : b),
  direct: a.direct || b.direct,
  dev: a.dev && b.dev,
  chain: a.direct || b.direct ? [] : a.chain.length <= b.chain.length ? a.chain : b.chain,
});
