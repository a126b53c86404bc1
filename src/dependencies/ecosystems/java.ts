import { posix } from 'node:path';
import { isInside } from '../file-rule.js';
import { invalidLock, lockText } from '../manifest.js';
import { joinPath } from '../project-files.js';
import type { Package, PackageListing, Project, ProjectEntry } from '../types.js';
import { MavenCaches, type Coordinates, type MavenModel } from './maven-model.js';

export const javaManifests: ReadonlySet<string> = new Set([
  'pom.xml',
  'gradle.lockfile',
  'build.gradle',
  'build.gradle.kts',
  'libs.versions.toml',
]);

interface Found extends Coordinates {
  readonly direct: boolean;
  readonly dev: boolean;
  readonly chain: readonly string[];
}

/**
 * What a project depends on by Maven or Gradle, as far as its caches have sources. Gradle's versions are those of its lock files; Maven has none, so versions are
 * resolved as it does: the nearest wins, by the models in its cache.
 */
export async function javaPackages(
  project: Project,
  folders: ReadonlyMap<string, readonly ProjectEntry[]>,
): Promise<PackageListing> {
  const caches = new MavenCaches(project);
  const found = new Map<string, Found>();
  const add = (one: Found): void => {
    const key = `${one.id}@${one.version}`;
    const before = found.get(key);
    if (before === undefined || (one.direct && !before.direct) || (before.dev && !one.dev)) found.set(key, one);
  };
  for (const one of await resolvedByMaven(project, folders, caches)) add(one);
  for (const one of await lockedByGradle(project, folders)) add(one);
  const packages = [...found.values()].map(({ id, version, direct, dev, chain }): Package => {
    const archive = caches.find({ id, version }, '-sources.jar');
    return {
      ...{ ecosystem: 'java', name: id, version, integrity: null, place: `java/${id.replace(':', '/')}-${version}` },
      ...{
        origin: archive === null ? null : { kind: 'archive', path: archive, folder: '' },
        direct,
        dev,
        chain,
        optional: false,
        resolved: null,
      },
    };
  });
  return { packages, skipped: [] };
}

async function resolvedByMaven(
  { files }: Project,
  folders: ReadonlyMap<string, readonly ProjectEntry[]>,
  caches: MavenCaches,
): Promise<Found[]> {
  const texts = new Map<string, Buffer>();
  for (const folder of folders.keys()) {
    const path = joinPath(folder, 'pom.xml');
    const content = await files.read(path);
    if (content !== null) texts.set(path, content);
  }
  const models: MavenModel[] = [];
  for (const [path, content] of texts) {
    const near = (other: string): Buffer | null => {
      const at = posix.join(posix.dirname(path), other);
      return texts.get(at) ?? texts.get(joinPath(at === '.' ? '' : at, 'pom.xml')) ?? null;
    };
    const model = caches.read(Buffer.from(lockText(path, content)), near);
    if (model === null) throw invalidLock(path, 'it is no model of a project');
    models.push(model);
  }
  const own = new Set(models.map(({ id }) => id));
  return models.flatMap((model) => resolve(model, caches, own));
}

interface Wanted extends Found {
  readonly excluded: ReadonlySet<string>;
}

/** All that a module needs, each artifact in the version that is named nearest to it. */
function resolve(model: MavenModel, caches: MavenCaches, own: ReadonlySet<string>): Found[] {
  const chosen = new Map<string, Found>();
  let level: Wanted[] = model.dependencies
    .filter(({ id }) => !own.has(id))
    .map(({ id, version, scope, exclusions }) => ({
      id,
      version,
      direct: true,
      dev: scope === 'test',
      chain: [],
      excluded: new Set(exclusions),
    }));
  while (level.length > 0 && chosen.size < 20_000) {
    const next: Wanted[] = [];
    for (const wanted of level) {
      const { id, version, dev, chain, excluded } = wanted;
      if (chosen.has(id) || version === '' || !isInside(version)) continue;
      chosen.set(id, { id, version, direct: wanted.direct, dev, chain });
      for (const dependency of caches.model({ id, version })?.dependencies ?? []) {
        const isPassedOn = (dependency.scope === 'compile' || dependency.scope === 'runtime') && !dependency.optional;
        const [group = ''] = dependency.id.split(':');
        if (!isPassedOn || chosen.has(dependency.id) || own.has(dependency.id)) continue;
        if (excluded.has(dependency.id) || excluded.has(`${group}:*`) || excluded.has('*:*')) continue;
        const rule = model.managed.get(dependency.id);
        next.push({
          ...{
            id: dependency.id,
            version: rule?.version || dependency.version,
            direct: false,
            dev,
            chain: [...chain, `${id}@${version}`],
          },
          excluded: new Set([...excluded, ...dependency.exclusions]),
        });
      }
    }
    level = next;
  }
  return [...chosen.values()];
}

/** `group:artifact:version=configurations` of each line. What build files name is direct. */
async function lockedByGradle(
  { files }: Project,
  folders: ReadonlyMap<string, readonly ProjectEntry[]>,
): Promise<Found[]> {
  const locked: Found[] = [];
  let named = '';
  for (const folder of folders.keys()) {
    for (const name of ['build.gradle', 'build.gradle.kts', 'libs.versions.toml'])
      named += (await files.read(joinPath(folder, name)))?.toString('utf8') ?? '';
  }
  for (const folder of folders.keys()) {
    const path = joinPath(folder, 'gradle.lockfile');
    const content = await files.read(path);
    if (content === null) continue;
    for (const line of lockText(path, content).split(/\r?\n/)) {
      if (line.trim() === '' || line.startsWith('#') || line.startsWith('empty=')) continue;
      const entry = /^([^:=\s]+):([^:=\s]+):([^:=\s]+)=(.*)$/.exec(line);
      if (entry === null) throw invalidLock(path, `a line that is not of its notation: ${line.slice(0, 100)}`);
      const [, group, artifact, version, configurations] = entry as unknown as [string, string, string, string, string];
      const id = `${group}:${artifact}`;
      const dev = configurations.split(',').every((configuration) => /^test|^androidTest/.test(configuration));
      locked.push({ id, version, direct: named.includes(id) || named.includes(`"${artifact}"`), dev, chain: [] });
    }
  }
  return locked;
}
