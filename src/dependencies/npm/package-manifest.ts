import { isMembers, textMembers, textOf, type Members } from '../manifest.js';
import type { Importer } from './placed-graph.js';

/** What of a `package.json` counts here. */
export interface PackageManifest {
  readonly name: string | null;
  readonly version: string;
  readonly dependencies: ReadonlyMap<string, string>;
  readonly devDependencies: ReadonlyMap<string, string>;
  readonly optionalDependencies: ReadonlyMap<string, string>;
  readonly peerDependencies: ReadonlyMap<string, string>;
}

export function readManifest(members: Members): PackageManifest {
  return {
    name: textOf(members['name']),
    version: textOf(members['version']) ?? '',
    dependencies: textMembers(members['dependencies']),
    devDependencies: textMembers(members['devDependencies']),
    optionalDependencies: textMembers(members['optionalDependencies']),
    peerDependencies: textMembers(members['peerDependencies']),
  };
}

/** Null when it is no JSON object: a package without a manifest is still a folder of files. */
export function parseManifest(content: Buffer | null): PackageManifest | null {
  if (content === null) return null;
  try {
    const value: unknown = JSON.parse(content.toString('utf8').replace(/^\uFEFF/, ''));
    return isMembers(value) ? readManifest(value) : null;
  } catch {
    return null;
  }
}

/** All that it needs at work. */
export const needsOf = (manifest: PackageManifest): string[] => [
  ...manifest.dependencies.keys(),
  ...manifest.optionalDependencies.keys(),
  ...manifest.peerDependencies.keys(),
];

export const importerOf = (place: string, manifest: PackageManifest): Importer => ({
  place,
  prod: needsOf(manifest),
  dev: [...manifest.devDependencies.keys()],
});
