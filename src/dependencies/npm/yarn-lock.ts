import { invalidLock, isMembers, lockText, textMembers, textOf, unsupportedLock } from '../manifest.js';
import { joinPath } from '../project-files.js';
import { parseYaml } from '../yaml.js';
import type { Lock, LockedPackage, Manifests } from './locked.js';

/** An entry: the descriptors (`name@range`) that it answers, and what it is. */
interface Entry extends LockedPackage {
  readonly descriptors: readonly string[];
  /** Descriptors of what it needs. */
  readonly needs: readonly string[];
  /** The folder of the project's member that it is, or null. */
  readonly member: string | null;
}

/** Reads a `yarn.lock`, of Yarn 1 or of later ones. */
export function parseYarnLock(path: string, folder: string, content: Buffer, manifests: Manifests): Lock {
  const text = lockText(path, content);
  const isBerry = /^__metadata:/m.test(text);
  const entries = isBerry ? berryEntries(path, text) : classicEntries(path, text);
  const byDescriptor = new Map<string, number>();
  const members: Entry[] = [];
  const packages: Entry[] = [];
  for (const entry of entries) {
    if (entry.member !== null) members.push(entry);
    else for (const descriptor of entry.descriptors) byDescriptor.set(descriptor, packages.length);
    if (entry.member === null) packages.push(entry);
  }
  const find = (descriptor: string): number => byDescriptor.get(descriptor) ?? -1;
  const importers = new Map(
    [...manifests].filter(([place]) => place === folder || place.startsWith(folder === '' ? '' : `${folder}/`)),
  );
  const roots = [...importers.values()].flatMap((manifest) =>
    [
      ...[...manifest.dependencies, ...manifest.optionalDependencies].map((pair) => ({ pair, dev: false })),
      ...[...manifest.devDependencies].map((pair) => ({ pair, dev: true })),
    ].map(({ pair: [name, range], dev }) => ({ node: firstOf(find, name, range), dev })),
  );
  if (importers.size === 0)
    for (const { needs } of members) for (const need of needs) roots.push({ node: find(need), dev: false });
  return {
    path,
    packages,
    graph: {
      labels: packages.map(({ name, version }) => `${name}@${version}`),
      roots: roots.filter(({ node }) => node >= 0),
      edges: (node) => packages[node]!.needs.map(find).filter((next) => next >= 0),
    },
  };
}

function firstOf(find: (descriptor: string) => number, name: string, range: string): number {
  const plain = find(`${name}@${range}`);
  return plain >= 0 ? plain : find(`${name}@npm:${range}`);
}

/** `@scope/name@range`: where the name ends. */
function splitDescriptor(descriptor: string): [name: string, range: string] {
  const at = descriptor.indexOf('@', 1);
  return at < 0 ? [descriptor, ''] : [descriptor.slice(0, at), descriptor.slice(at + 1)];
}

/**
 * Yarn 1's own notation: entries begin at the left margin with their descriptors, their members are two blanks in, what they need four. A value may be quoted.
 */
function classicEntries(path: string, text: string): Entry[] {
  if (!/^# yarn lockfile v/m.test(text) && text.trim() !== '')
    throw invalidLock(path, 'it does not say that it is a lock file of Yarn');
  const version = /^# yarn lockfile v(\S+)/m.exec(text)?.[1];
  if (version !== undefined && version !== '1') throw unsupportedLock(path, version);
  const entries: Entry[] = [];
  let open: { descriptors: string[]; fields: Map<string, string>; needs: string[]; optional: Set<string> } | null =
    null;
  let section = '';
  const close = (): void => {
    if (open === null) return;
    const { descriptors, fields, needs } = open;
    const [given, range] = splitDescriptor(descriptors[0]!);
    const name = range.startsWith('npm:') ? splitDescriptor(range.slice('npm:'.length))[0] : given;
    const version = fields.get('version');
    if (version === undefined) throw invalidLock(path, `${descriptors[0]} has no version`);
    entries.push({
      descriptors,
      name,
      version,
      integrity: fields.get('integrity') ?? sha1OfUrl(fields.get('resolved')),
      resolved: fields.get('resolved')?.replace(/#.*$/, '') ?? null,
      optional: false,
      place: null,
      needs,
      member: null,
    });
  };
  for (const [number, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const wrong = (): Error =>
      invalidLock(path, `line ${number + 1} is not of its notation: ${JSON.stringify(line.slice(0, 60))}`);
    const indent = /^ */.exec(line)![0].length;
    if (indent === 0) {
      close();
      if (!line.endsWith(':')) throw wrong();
      const descriptors = line.slice(0, -1).split(/,\s*/).map(unquoted);
      if (descriptors.some((descriptor) => descriptor === '')) throw wrong();
      open = { descriptors, fields: new Map(), needs: [], optional: new Set() };
      section = '';
      continue;
    }
    if (open === null) throw wrong();
    const pair = /^\s+("(?:[^"\\]|\\.)*"|\S+?):?(?:\s+(.+))?$/.exec(line);
    if (pair === null) throw wrong();
    const key = unquoted(pair[1]!);
    if (indent === 2 && pair[2] === undefined) section = key;
    else if (pair[2] === undefined) throw wrong();
    else if (indent === 2) {
      open.fields.set(key, unquoted(pair[2]));
      section = '';
    } else if (section === 'dependencies' || section === 'optionalDependencies')
      open.needs.push(`${key}@${unquoted(pair[2])}`);
  }
  close();
  return entries;
}

const unquoted = (text: string): string => {
  const bare = text.trim();
  return bare.startsWith('"') && bare.endsWith('"') && bare.length > 1
    ? bare.slice(1, -1).replace(/\\(.)/g, '$1')
    : bare;
};

const sha1OfUrl = (url: string | undefined): string | null => {
  const hash = /#([0-9a-f]{40})$/.exec(url ?? '')?.[1];
  return hash === undefined ? null : `sha1-${Buffer.from(hash, 'hex').toString('base64')}`;
};

function berryEntries(path: string, text: string): Entry[] {
  const lock = parseYaml(path, text);
  return Object.entries(lock).flatMap(([key, value]): Entry[] => {
    if (key === '__metadata') return [];
    if (!isMembers(value)) throw invalidLock(path, `what it says of ${JSON.stringify(key.slice(0, 100))} is no object`);
    const resolution = textOf(value['resolution']);
    const version = textOf(value['version']);
    if (resolution === null || version === null) throw invalidLock(path, `${key.slice(0, 100)} has no resolution`);
    const [name, reference] = splitDescriptor(resolution);
    const needs = [...textMembers(value['dependencies'])].map(
      ([need, range]) => `${need}@${range.includes(':') ? range : `npm:${range}`}`,
    );
    const workspace = /^workspace:(.*)$/.exec(reference)?.[1];
    const checksum = textOf(value['checksum']);
    return [
      {
        descriptors: key.split(/,\s*/),
        name,
        version,
        integrity: checksum === null ? null : `yarn-${checksum}`,
        resolved: /^npm:/.test(reference) ? null : reference,
        optional: value['conditions'] !== undefined,
        place: null,
        needs,
        member: workspace === undefined && value['linkType'] !== 'soft' ? null : joinPath('', workspace ?? ''),
      },
    ];
  });
}
