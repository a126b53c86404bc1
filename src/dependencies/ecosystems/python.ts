import { join, relative, sep } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { compareBytewise } from '../../base/index.js';
import { isInside, isLeftOut } from '../file-rule.js';
import { reasonsOf, type DependencyGraph } from '../graph.js';
import { invalidLock, listOf, lockText, membersOf, parseJson, textOf } from '../manifest.js';
import { joinPath, kindAt, listFolder, readSmallFile } from '../project-files.js';
import type { Package, PackageListing, Project, ProjectEntry } from '../types.js';

export const pythonManifests: ReadonlySet<string> = new Set([
  'requirements.txt',
  'pyproject.toml',
  'poetry.lock',
  'uv.lock',
  'Pipfile.lock',
  'setup.py',
  'setup.cfg',
  'pyvenv.cfg',
]);

/** A distribution as its `*.dist-info` tells. */
interface Distribution {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly needs: readonly string[];
  /** The folder that it is installed in: on disk, and in the view. */
  readonly site: string;
  readonly place: string;
}

/** As PEP 503 compares names. */
const normal = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/** What a project depends on in Python: the distributions of its virtual environment, or what a lock file pins. */
export async function pythonPackages(
  project: Project,
  folders: ReadonlyMap<string, readonly ProjectEntry[]>,
): Promise<PackageListing> {
  const named = await namedRequirements(project, folders);
  const pinned = await pinnedPackages(project, folders, !project.installed);
  const distributions = new Map<string, Distribution>();
  for (const { site, place } of sitePackages(project, folders))
    for (const distribution of readDistributions(site, place))
      if (!distributions.has(normal(distribution.name))) distributions.set(normal(distribution.name), distribution);
  const packages: Package[] = [];
  if (project.installed && distributions.size > 0) {
    const all = [...distributions.values()];
    const index = new Map(all.map(({ name }, i) => [normal(name), i]));
    const direct =
      named.size > 0
        ? [...named]
        : all
            .filter(({ name }) => !all.some(({ needs }) => needs.includes(normal(name))))
            .map(({ name }) => normal(name));
    const graph: DependencyGraph = {
      labels: all.map(({ name, version }) => `${name}@${version}`),
      roots: direct.flatMap((name) => (index.has(name) ? [{ node: index.get(name)!, dev: false }] : [])),
      edges: (node) => all[node]!.needs.flatMap((name) => index.get(name) ?? []),
    };
    const reasons = reasonsOf(graph);
    all.forEach((distribution, i) => packages.push({ ...packageOf(distribution), ...reasons[i]! }));
  }
  for (const { name, version } of pinned.values()) {
    const found = distributions.get(normal(name));
    if (found?.version === version) {
      if (!project.installed)
        packages.push({ ...packageOf(found), direct: named.has(normal(name)), dev: false, chain: [] });
    } else
      packages.push({
        ...{
          ecosystem: 'python',
          name,
          version,
          integrity: null,
          place: `python/${normal(name)}@${version}`,
          origin: null,
        },
        ...{ direct: named.has(normal(name)), dev: false, optional: true, chain: [], resolved: null },
      });
  }
  return { packages, skipped: [] };
}

const packageOf = ({ name, version, files, site, place }: Distribution): Omit<Package, 'direct' | 'dev' | 'chain'> => ({
  ecosystem: 'python',
  name,
  version,
  integrity: null,
  place,
  origin: { kind: 'listed', path: site, files },
  optional: false,
  resolved: null,
});

/** A folder, and no link to one. */
const isFolder = (path: string): boolean => kindAt(path) === 'folder';

/** Folders of installed distributions: those of the virtual environments that lie in the project. */
function* sitePackages(
  { disk }: Project,
  folders: ReadonlyMap<string, unknown>,
): Generator<{ site: string; place: string }> {
  if (disk === null) return;
  const environments: string[] = [];
  for (const folder of new Set(['', ...folders.keys()]))
    for (const name of ['.venv', 'venv', 'env', '__pypackages__']) environments.push(join(disk, folder, name));
  for (const path of environments) {
    if (!isFolder(path) || kindAt(join(path, 'pyvenv.cfg')) !== 'file') continue;
    const libraries = [...listFolder(join(path, 'lib')).map(({ name }) => join('lib', name)), 'Lib'];
    for (const library of libraries) {
      const site = join(path, library, 'site-packages');
      if (!isFolder(join(path, library)) || !isFolder(site)) continue;
      yield { site, place: relative(disk, site).split(sep).join('/') };
    }
  }
}

function* readDistributions(site: string, place: string): Generator<Distribution> {
  for (const { name: folder, kind } of listFolder(site)) {
    if (kind !== 'folder' || !folder.endsWith('.dist-info')) continue;
    const metadata = readSmallFile(join(site, folder, 'METADATA'))?.toString('utf8') ?? '';
    const head = metadata.split(/\r?\n\r?\n/, 1)[0]!;
    const fields = head.split(/\r?\n/).map((line) => /^([A-Za-z-]+): *(.+)$/.exec(line));
    const field = (name: string): string[] =>
      fields.flatMap((found) => (found?.[1]!.toLowerCase() === name.toLowerCase() ? [found[2]!.trim()] : []));
    const [stem = ''] = [folder.slice(0, -'.dist-info'.length)];
    const name = field('Name')[0] ?? stem.replace(/-[^-]*$/, '');
    const version = field('Version')[0] ?? /-([^-]*)$/.exec(stem)?.[1] ?? '';
    const record = readSmallFile(join(site, folder, 'RECORD'))?.toString('utf8') ?? '';
    // What it lists outside of this folder (scripts, say) is no part of what is searched.
    const files = record
      .split(/\r?\n/)
      .map(firstField)
      .filter((path) => isInside(path) && !isLeftOut(path) && !path.endsWith('.pyc'));
    const needs = field('Requires-Dist')
      .filter((need) => !/;.*\bextra\b/.test(need))
      .map((need) => normal(/^[A-Za-z0-9._-]+/.exec(need)?.[0] ?? ''));
    yield { name, version, files: files.sort(compareBytewise), needs, site, place };
  }
}

/** Of a line of comma-separated values, which may be quoted. */
function firstField(line: string): string {
  if (!line.startsWith('"')) return line.split(',', 1)[0]!;
  return (/^"((?:[^"]|"")*)"/.exec(line)?.[1] ?? '').replaceAll('""', '"');
}

/** Names that the project itself asks for. */
async function namedRequirements(
  { files }: Project,
  folders: ReadonlyMap<string, readonly ProjectEntry[]>,
): Promise<Set<string>> {
  const names = new Set<string>();
  const add = (requirement: unknown): void => {
    const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(textOf(requirement) ?? '')?.[1];
    if (name !== undefined) names.add(normal(name));
  };
  for (const [folder, entries] of folders) {
    for (const { name, kind } of entries) {
      if (kind !== 'file') continue;
      if (name === 'requirements.txt')
        (await textAt(files, joinPath(folder, name)))
          .split(/\r?\n/)
          .filter((line) => !/^\s*[#-]/.test(line))
          .forEach(add);
      if (name !== 'pyproject.toml') continue;
      const settings = tomlOf(await textAt(files, joinPath(folder, name)));
      const own = membersOf(settings['project']);
      [
        ...listOf(own['dependencies']),
        ...Object.values(membersOf(own['optional-dependencies'])).flatMap(listOf),
      ].forEach(add);
      Object.keys(membersOf(membersOf(membersOf(settings['tool'])['poetry'])['dependencies']))
        .filter((key) => key !== 'python')
        .forEach(add);
    }
  }
  return names;
}

const textAt = async (files: Project['files'], path: string): Promise<string> =>
  (await files.read(path))?.toString('utf8') ?? '';

/** The members of a TOML document; none where it is malformed. */
function tomlOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return parseToml(text);
  } catch {
    return {};
  }
}

/** What lock files pin, and requirements that name one version. A malformed lock file is an error where nothing else tells. */
async function pinnedPackages(
  { files }: Project,
  folders: ReadonlyMap<string, readonly ProjectEntry[]>,
  strict: boolean,
): Promise<Map<string, { name: string; version: string }>> {
  const pinned = new Map<string, { name: string; version: string }>();
  const add = (name: unknown, version: unknown): void => {
    if (typeof name === 'string' && typeof version === 'string') pinned.set(normal(name), { name, version });
  };
  for (const [folder, entries] of folders) {
    for (const { name, kind } of entries) {
      const path = joinPath(folder, name);
      if (kind !== 'file') continue;
      try {
        if (name === 'requirements.txt') {
          for (const line of (await textAt(files, path)).split(/\r?\n/)) {
            const found = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*==\s*([^\s;,#*\\]+)\s*(?:[;#\\].*)?$/.exec(
              line,
            );
            if (found !== null) add(found[1], found[2]);
          }
        } else if (name === 'poetry.lock' || name === 'uv.lock') {
          const content = await files.read(path);
          if (content === null) continue;
          for (const entry of listOf(strictToml(path, content)['package'])) {
            const { source } = membersOf(entry) as { source?: unknown };
            if (membersOf(source)['virtual'] === undefined && membersOf(source)['editable'] === undefined)
              add(membersOf(entry)['name'], membersOf(entry)['version']);
          }
        } else if (name === 'Pipfile.lock') {
          const content = await files.read(path);
          if (content === null) continue;
          const lock = parseJson(path, content);
          for (const section of ['default', 'develop'])
            for (const [key, value] of Object.entries(membersOf(lock[section])))
              add(key, textOf(membersOf(value)['version'])?.replace(/^==/, ''));
        }
      } catch (error) {
        if (strict) throw error;
      }
    }
  }
  return pinned;
}

export function strictToml(path: string, content: Buffer): Readonly<Record<string, unknown>> {
  const text = lockText(path, content);
  try {
    return parseToml(text);
  } catch (error) {
    throw invalidLock(path, 'it is no TOML', error);
  }
}
