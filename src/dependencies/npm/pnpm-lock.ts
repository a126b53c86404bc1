import {
  invalidLock,
  isMembers,
  lockText,
  membersOf,
  textMembers,
  textOf,
  unsupportedLock,
  type Members,
} from '../manifest.js';
import { parseYaml } from '../yaml.js';
import type { Lock, LockedPackage } from './locked.js';

/** Reads a `pnpm-lock.yaml` of the versions 5 to 9. */
export function parsePnpmLock(path: string, content: Buffer): Lock {
  // Of the documents of a file the last is the project's.
  const text = lockText(path, content)
    .split(/^---\s*$/m)
    .at(-1)!;
  const lock = parseYaml(path, text);
  const version = textOf(lock['lockfileVersion']) ?? '';
  const major = /^(\d+)(?:\.|$)/.exec(version)?.[1];
  if (major === undefined || Number(major) < 5 || Number(major) > 9)
    throw unsupportedLock(path, lock['lockfileVersion']);
  const described = membersOf(lock['packages']);
  const found = Number(major) >= 9 ? membersOf(lock['snapshots'] ?? lock['packages']) : described;
  const keys = Object.keys(found);
  const index = new Map(keys.map((key, i) => [key, i]));
  const find = (name: string, reference: string): number => {
    const candidates = [
      `${name}@${reference}`,
      reference,
      `/${name}@${reference}`,
      `/${name}/${reference}`,
      `/${reference}`,
    ];
    for (const candidate of candidates) {
      const node = index.get(candidate);
      if (node !== undefined) return node;
    }
    return -1;
  };
  const packages = keys.map((key): LockedPackage => {
    const own = membersOf(found[key]);
    const bare = key.replace(/\(.*$/s, '');
    const facts: Members = Number(major) >= 9 ? membersOf(described[bare]) : own;
    const id = nameAndVersion(bare, Number(major));
    const name = textOf(facts['name']) ?? id?.name;
    const packageVersion = textOf(facts['version']) ?? id?.version;
    if (name === undefined || packageVersion === undefined)
      throw invalidLock(path, `${JSON.stringify(key.slice(0, 100))} is no name of a package`);
    const resolution = membersOf(facts['resolution']);
    return {
      name,
      version: packageVersion,
      integrity: textOf(resolution['integrity']),
      resolved: textOf(resolution['tarball']),
      optional: own['optional'] === 'true' || facts['optional'] === 'true',
      place: null,
    };
  });
  const importers = isMembers(lock['importers']) ? Object.values(lock['importers']).map(membersOf) : [lock];
  const needs = (members: Members, list: string): number[] =>
    Object.entries(membersOf(members[list]))
      .map(([name, value]) => find(name, textOf(value) ?? textOf(membersOf(value)['version']) ?? ''))
      .filter((node) => node >= 0);
  return {
    path,
    packages,
    graph: {
      labels: packages.map(({ name, version: own }) => `${name}@${own}`),
      roots: importers.flatMap((importer) => [
        ...[...needs(importer, 'dependencies'), ...needs(importer, 'optionalDependencies')].map((node) => ({
          node,
          dev: false,
        })),
        ...needs(importer, 'devDependencies').map((node) => ({ node, dev: true })),
      ]),
      edges: (node) => {
        const own = membersOf(found[keys[node]!]);
        return ['dependencies', 'optionalDependencies'].flatMap((list) =>
          [...textMembers(own[list])].map(([name, reference]) => find(name, reference)).filter((next) => next >= 0),
        );
      },
    },
  };
}

/** `/name/1.0.0_peer` of version 5, `/name@1.0.0` of 6, `name@1.0.0` of 9. */
function nameAndVersion(key: string, major: number): { name: string; version: string } | null {
  const path = key.replace(/^[^/@]*\.[^/@]*\/(?=.)/, '/').replace(/^\//, ''); // another registry's host before it
  const found = major === 5 ? /^((?:@[^/]+\/)?[^/]+)\/([^/_]+)/.exec(path) : /^((?:@[^/]+\/)?[^/@]+)@(.+)$/.exec(path);
  return found === null ? null : { name: found[1]!, version: found[2]! };
}
