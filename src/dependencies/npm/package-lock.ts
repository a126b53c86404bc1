import {
  invalidLock,
  isMembers,
  membersOf,
  parseJson,
  textMembers,
  textOf,
  unsupportedLock,
  type Members,
} from '../manifest.js';
import { isInside } from '../file-rule.js';
import { joinPath } from '../project-files.js';
import type { Lock, LockedPackage, Manifests } from './locked.js';
import { importerOf, needsOf, readManifest } from './package-manifest.js';
import { placedGraph, type Importer, type PlacedNode } from './placed-graph.js';

/** Reads `package-lock.json` or `npm-shrinkwrap.json` of the versions 1 to 3. `folder`: where it lies. */
export function parsePackageLock(path: string, folder: string, content: Buffer, manifests: Manifests): Lock {
  const lock = parseJson(path, content);
  const version = lock['lockfileVersion'] ?? 1;
  if (version === 2 || version === 3) return packagesOf(path, folder, lock);
  if (version === 1) return nestedOf(path, folder, lock, manifests);
  throw unsupportedLock(path, version);
}

function packagesOf(path: string, folder: string, lock: Members): Lock {
  if (!isMembers(lock['packages'])) throw invalidLock(path, 'it has no "packages"');
  const packages: LockedPackage[] = [];
  const nodes: PlacedNode[] = [];
  const importers: Importer[] = [];
  const links = new Map<string, string>();
  for (const [key, value] of Object.entries(lock['packages'])) {
    if (key !== '' && !isInside(key)) {
      if (key.startsWith('../')) continue; // what a link leads to, outside of the project
      throw invalidLock(path, `it names a place outside of the project: ${JSON.stringify(key.slice(0, 100))}`);
    }
    if (!isMembers(value)) throw invalidLock(path, `what it says of ${JSON.stringify(key.slice(0, 100))} is no object`);
    const place = joinPath(folder, key).replace(/\/$/, '');
    const at = key.lastIndexOf('node_modules/');
    const manifest = readManifest(value);
    if (value['link'] === true) {
      const target = textOf(value['resolved']);
      if (target !== null) links.set(place, joinPath(folder, target));
    } else if (at < 0) importers.push(importerOf(place, manifest));
    else {
      const name = manifest.name ?? key.slice(at + 'node_modules/'.length);
      nodes.push({ place, name, version: manifest.version, needs: needsOf(manifest) });
      packages.push({
        name,
        version: manifest.version,
        integrity: textOf(value['integrity']),
        resolved: textOf(value['resolved']),
        optional: value['optional'] === true || value['devOptional'] === true,
        place,
      });
    }
  }
  return { path, packages, graph: placedGraph(nodes, importers, links) };
}

/** Version 1: dependencies in one another, as they lie in folders. What the project needs itself is in its manifest alone. */
function nestedOf(path: string, folder: string, lock: Members, manifests: Manifests): Lock {
  const packages: LockedPackage[] = [];
  const nodes: PlacedNode[] = [];
  const open: { place: string; list: unknown }[] = [{ place: folder, list: lock['dependencies'] ?? {} }];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    if (!isMembers(top.list)) throw invalidLock(path, 'its "dependencies" are no object');
    for (const [given, value] of Object.entries(top.list)) {
      if (!isInside(given)) throw invalidLock(path, `${JSON.stringify(given.slice(0, 100))} is no name of a package`);
      if (!isMembers(value))
        throw invalidLock(path, `what it says of ${JSON.stringify(given.slice(0, 100))} is no object`);
      const written = textOf(value['version']) ?? '';
      const alias = /^npm:(.+)@([^@]+)$/.exec(written);
      const [name, version] = alias === null ? [given, written] : [alias[1]!, alias[2]!];
      const place = joinPath(top.place, `node_modules/${given}`);
      nodes.push({ place, name, version, needs: [...textMembers(value['requires']).keys()] });
      packages.push({
        name,
        version,
        integrity: textOf(value['integrity']),
        resolved: textOf(value['resolved']),
        optional: value['optional'] === true,
        place,
      });
      if (value['dependencies'] !== undefined) open.push({ place, list: membersOf(value['dependencies']) });
    }
  }
  const own = manifests.get(folder);
  const importers: Importer[] = own === undefined ? [] : [importerOf(folder, own)];
  return { path, packages, graph: placedGraph(nodes, importers, new Map()) };
}
