import { join } from 'node:path';
import { isInside } from '../file-rule.js';
import { listFolder, readSmallFile } from '../project-files.js';
import type { Project } from '../types.js';
import { childOf, childText, childrenOf, parseXml, type XmlElement } from './xml.js';

/** `group:artifact` and a version. */
export interface Coordinates {
  readonly id: string;
  readonly version: string;
}

export interface MavenDependency extends Coordinates {
  readonly scope: string;
  readonly optional: boolean;
  readonly exclusions: readonly string[];
}

/** What a `pom.xml` says, its parents included. */
export interface MavenModel extends Coordinates {
  readonly properties: ReadonlyMap<string, string>;
  /** Versions and scopes of what is named without them, by id. */
  readonly managed: ReadonlyMap<string, { readonly version: string; readonly scope: string }>;
  readonly dependencies: readonly MavenDependency[];
}

const parentsMax = 20;
const pomBytesMax = 4 * 1024 * 1024;

/** The caches of Maven and Gradle on this machine. */
export class MavenCaches {
  private readonly models = new Map<string, MavenModel | null>();
  private readonly repository: string;
  private readonly gradle: string;

  constructor({ home, environment }: Project) {
    this.repository = join(home, '.m2/repository');
    this.gradle = join(environment['GRADLE_USER_HOME'] ?? join(home, '.gradle'), 'caches/modules-2/files-2.1');
  }

  /** A file of an artifact, such as `.pom` or `-sources.jar`; null when none of the caches has it. */
  find({ id, version }: Coordinates, ending: string): string | null {
    const [group = '', artifact = ''] = id.split(':');
    const file = `${artifact}-${version}${ending}`;
    if (!isInside(group) || !isInside(artifact) || !isInside(version) || /[/]/.test(`${group}${artifact}${version}`))
      return null;
    const folder = join(this.repository, group.replaceAll('.', '/'), artifact, version);
    if (listFolder(folder).some(({ name, kind }) => kind === 'file' && name === file)) return join(folder, file);
    const inGradle = join(this.gradle, group, artifact, version);
    for (const { name: hash, kind } of listFolder(inGradle))
      if (kind === 'folder' && listFolder(join(inGradle, hash)).some(({ name }) => name === file))
        return join(inGradle, hash, file);
    return null;
  }

  /** The model of an artifact; null when no cache has it, or it is malformed. */
  model(coordinates: Coordinates, depth = 0): MavenModel | null {
    const key = `${coordinates.id}@${coordinates.version}`;
    const known = this.models.get(key);
    if (known !== undefined) return known;
    this.models.set(key, null); // one that is its own parent has none
    const path = this.find(coordinates, '.pom');
    const content = path === null ? null : readSmallFile(path, pomBytesMax);
    const model = content === null ? null : this.read(content, () => null, depth);
    this.models.set(key, model);
    return model;
  }

  /** A model from its text; `near`: what lies at the relative path of its parent. */
  read(content: Buffer, near: (path: string) => Buffer | null, depth = 0): MavenModel | null {
    const project = parseXml(content.toString('utf8'));
    if (project?.name !== 'project' || depth > parentsMax) return null;
    const parent = this.parentOf(project, near, depth);
    const properties = new Map(parent?.properties);
    for (const { name, text } of childrenOf(project, 'properties')) properties.set(name, text.trim());
    const group = childText(project, 'groupId') ?? parent?.id.split(':')[0] ?? '';
    const version = childText(project, 'version') ?? parent?.version ?? '';
    for (const prefix of ['project.', 'pom.', '']) {
      properties.set(`${prefix}groupId`, group);
      properties.set(`${prefix}version`, version);
    }
    if (parent !== null) properties.set('project.parent.version', parent.version);
    const value = (text: string | undefined): string => replaceProperties(text ?? '', properties);
    const managed = new Map(parent?.managed);
    for (const element of childrenOf(childOf(project, 'dependencyManagement'), 'dependencies')) {
      const id = `${value(childText(element, 'groupId'))}:${value(childText(element, 'artifactId'))}`;
      const own = { version: value(childText(element, 'version')), scope: value(childText(element, 'scope')) };
      if (own.scope === 'import') {
        const imported = this.model({ id, version: own.version }, depth + 1);
        for (const [key, entry] of imported?.managed ?? []) if (!managed.has(key)) managed.set(key, entry);
      } else managed.set(id, own);
    }
    const dependencies = childrenOf(project, 'dependencies').map((element): MavenDependency => {
      const id = `${value(childText(element, 'groupId'))}:${value(childText(element, 'artifactId'))}`;
      const rule = managed.get(id);
      return {
        id,
        version: value(childText(element, 'version')) || (rule?.version ?? ''),
        scope: value(childText(element, 'scope')) || rule?.scope || 'compile',
        optional: value(childText(element, 'optional')) === 'true',
        exclusions: childrenOf(element, 'exclusions').map(
          (exclusion) => `${value(childText(exclusion, 'groupId'))}:${value(childText(exclusion, 'artifactId'))}`,
        ),
      };
    });
    const ids = new Set(dependencies.map(({ id }) => id));
    const inherited = (parent?.dependencies ?? []).filter(({ id }) => !ids.has(id));
    return {
      id: `${value(group)}:${value(childText(project, 'artifactId'))}`,
      version: value(version),
      properties,
      managed,
      dependencies: [...dependencies, ...inherited],
    };
  }

  private parentOf(project: XmlElement, near: (path: string) => Buffer | null, depth: number): MavenModel | null {
    const parent = childOf(project, 'parent');
    if (parent === undefined) return null;
    const coordinates = {
      id: `${childText(parent, 'groupId') ?? ''}:${childText(parent, 'artifactId') ?? ''}`,
      version: childText(parent, 'version') ?? '',
    };
    const content = near(childText(parent, 'relativePath') ?? '../pom.xml');
    const model = content === null ? null : this.read(content, () => null, depth + 1);
    return model?.id === coordinates.id
      ? model
      : (this.model(coordinates, depth + 1) ?? {
          ...coordinates,
          properties: new Map(),
          managed: new Map(),
          dependencies: [],
        });
  }
}

/** `${name}` by what is known of it; a property may be made of others. */
function replaceProperties(text: string, properties: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (let tries = 0; tries < 5 && replaced.includes('${'); tries++)
    replaced = replaced.replace(/\$\{([^}]+)\}/g, (whole, name: string) => properties.get(name) ?? whole).slice(0, 500);
  return replaced;
}
