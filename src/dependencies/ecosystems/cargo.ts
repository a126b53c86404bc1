import { isAbsolute, join } from 'node:path';
import { isInside } from '../file-rule.js';
import { reasonsOf } from '../graph.js';
import { invalidLock, isMembers, listOf, membersOf, textOf, unsupportedLock } from '../manifest.js';
import { joinPath, listFolder } from '../project-files.js';
import type { PackageListing, Package, Project, ProjectEntry } from '../types.js';
import { strictToml } from './python.js';

export const cargoManifests: ReadonlySet<string> = new Set(['Cargo.lock', 'Cargo.toml']);

/** What a project's `Cargo.lock` locks, as the registry folder of Cargo has it. */
export async function cargoPackages(
  project: Project,
  folders: ReadonlyMap<string, readonly ProjectEntry[]>,
): Promise<PackageListing> {
  const packages = new Map<string, Package>();
  const sources = registrySources(project);
  for (const folder of folders.keys()) {
    const path = joinPath(folder, 'Cargo.lock');
    const content = await project.files.read(path);
    if (content === null) continue;
    const lock = strictToml(path, content);
    const version = lock['version'] ?? 1;
    if (typeof version !== 'number' || version < 1 || version > 4) throw unsupportedLock(path, version);
    const entries = listOf(lock['package']).map((entry) => {
      if (!isMembers(entry) || typeof entry['name'] !== 'string' || typeof entry['version'] !== 'string')
        throw invalidLock(path, 'a package has no name or version');
      const needs = listOf(entry['dependencies']).flatMap((need) => textOf(need) ?? []);
      return {
        name: entry['name'],
        version: entry['version'],
        source: textOf(entry['source']),
        checksum: textOf(entry['checksum']),
        needs,
      };
    });
    const byName = new Map<string, number[]>();
    entries.forEach(({ name }, i) => byName.set(name, [...(byName.get(name) ?? []), i]));
    const find = (need: string): number[] => {
      const [name, wanted] = need.split(' ');
      const found = byName.get(name!) ?? [];
      return wanted === undefined ? found : found.filter((i) => entries[i]!.version === wanted);
    };
    const devNames = await developmentNames(project, folders);
    const reasons = reasonsOf({
      labels: entries.map(({ name, version: own }) => `${name}@${own}`),
      roots: entries.flatMap(({ source, needs }) =>
        source === null ? needs.flatMap(find).map((node) => ({ node, dev: devNames.has(entries[node]!.name) })) : [],
      ),
      edges: (node) => entries[node]!.needs.flatMap(find),
    });
    entries.forEach(({ name, version: own, source, checksum }, i) => {
      if (source === null) return; // the project's own
      const inSource = `${name}-${own}`;
      const place = `cargo/${inSource}`;
      if (!isInside(inSource)) throw invalidLock(path, `${JSON.stringify(name.slice(0, 100))} is no name of a crate`);
      const at = sources.get(inSource);
      packages.set(place, {
        ...{
          ecosystem: 'cargo',
          name,
          version: own,
          integrity: checksum,
          place,
          origin: at === undefined ? null : { kind: 'folder', path: at },
        },
        ...{ optional: false, resolved: null, ...reasons[i]! },
      });
    });
  }
  return { packages: [...packages.values()], skipped: [] };
}

/** Crates that are unpacked, by `name-version`, of whichever registry. */
function registrySources({ home, environment }: Project): Map<string, string> {
  const named = environment['CARGO_HOME'];
  const registry = join(named !== undefined && isAbsolute(named) ? named : join(home, '.cargo'), 'registry/src');
  const found = new Map<string, string>();
  for (const { name: index } of listFolder(registry))
    for (const { name, kind } of listFolder(join(registry, index)))
      if (kind === 'folder') found.set(name, join(registry, index, name));
  return found;
}

/** Crates that manifests of the project name for development, and none for work. */
async function developmentNames(
  project: Project,
  folders: ReadonlyMap<string, readonly ProjectEntry[]>,
): Promise<Set<string>> {
  const dev = new Set<string>();
  const prod = new Set<string>();
  for (const folder of folders.keys()) {
    const path = joinPath(folder, 'Cargo.toml');
    const content = await project.files.read(path);
    if (content === null) continue;
    let manifest: Readonly<Record<string, unknown>>;
    try {
      manifest = strictToml(path, content);
    } catch {
      continue; // the lock file tells the rest
    }
    const add = (list: unknown, into: Set<string>): void => {
      for (const [key, value] of Object.entries(membersOf(list))) into.add(textOf(membersOf(value)['package']) ?? key);
    };
    const tables = [
      manifest,
      ...Object.values(membersOf(manifest['target'])).map(membersOf),
      membersOf(manifest['workspace']),
    ];
    for (const table of tables) {
      add(table['dependencies'], prod);
      add(table['build-dependencies'], prod);
      add(table['dev-dependencies'], dev);
    }
  }
  for (const name of prod) dev.delete(name);
  return dev;
}
