import { isAbsolute, join } from 'node:path';
import { isInside } from '../file-rule.js';
import { invalidLock, lockText } from '../manifest.js';
import { joinPath, kindAt } from '../project-files.js';
import type { Package, PackageListing, Project, ProjectEntry } from '../types.js';

export const goManifests: ReadonlySet<string> = new Set(['go.mod']);

/** What the modules of a project require, as the module cache has it: by `go.mod`, which lists all of them since Go 1.17, with the hashes of `go.sum`. */
export async function goPackages(
  project: Project,
  folders: ReadonlyMap<string, readonly ProjectEntry[]>,
): Promise<PackageListing> {
  const cache = moduleCache(project);
  const packages = new Map<string, Package>();
  for (const folder of folders.keys()) {
    const path = joinPath(folder, 'go.mod');
    const content = await project.files.read(path);
    if (content === null) continue;
    const { required, replaced } = parseGoMod(path, lockText(path, content));
    const sums = parseGoSum(
      lockText(joinPath(folder, 'go.sum'), (await project.files.read(joinPath(folder, 'go.sum'))) ?? Buffer.alloc(0)),
    );
    // Before Go 1.17 `go.mod` names only what is direct: what else was downloaded whole, `go.sum` tells.
    if (!required.some(({ indirect }) => indirect)) {
      const known = new Set(required.map(({ name }) => name));
      const newest = new Map<string, string>();
      for (const key of sums.keys()) {
        const [name, version] = key.split(' ') as [string, string];
        if (!known.has(name)) newest.set(name, version); // in its order the last is the newest
      }
      for (const [name, version] of newest) required.push({ name, version, indirect: true });
    }
    for (const { name: given, version: wanted, indirect } of required) {
      const other = replaced.get(`${given} ${wanted}`) ?? replaced.get(given);
      if (other !== undefined && other.version === '') continue; // a folder of the project's own
      const { name, version } = other ?? { name: given, version: wanted };
      const inCache = `${escaped(name)}@${escaped(version)}`;
      const place = `go/${name}@${version}`;
      if (!isInside(inCache)) throw invalidLock(path, `${JSON.stringify(name.slice(0, 100))} is no path of a module`);
      const at = cache === null ? null : join(cache, inCache);
      const isThere = at !== null && kindAt(at) === 'folder';
      if (packages.has(place)) continue;
      packages.set(place, {
        ecosystem: 'go',
        name,
        version,
        integrity: sums.get(`${name} ${version}`) ?? null,
        place,
        origin: isThere ? { kind: 'folder', path: at } : null,
        direct: !indirect,
        dev: false,
        optional: false,
        chain: [],
        resolved: null,
      });
    }
  }
  return { packages: [...packages.values()], skipped: [] };
}

/** In the module cache capital letters are written `!` and the small letter. */
const escaped = (text: string): string => text.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);

function moduleCache({ home, environment }: Project): string | null {
  const named = environment['GOMODCACHE'];
  if (named !== undefined && isAbsolute(named)) return named;
  const path = environment['GOPATH']?.split(':')[0];
  return join(path !== undefined && isAbsolute(path) ? path : join(home, 'go'), 'pkg/mod');
}

interface Required {
  name: string;
  version: string;
  indirect: boolean;
}

function parseGoMod(
  path: string,
  text: string,
): { required: Required[]; replaced: Map<string, { name: string; version: string }> } {
  const required: Required[] = [];
  const replaced = new Map<string, { name: string; version: string }>();
  let block = '';
  for (const raw of text.split(/\r?\n/)) {
    const indirect = /\/\/\s*indirect\b/.test(raw);
    const line = raw.replace(/\/\/.*$/, '').trim();
    if (line === '') continue;
    if (block === '') {
      const opened = /^(\w+)\s*\($/.exec(line);
      if (opened !== null) {
        block = opened[1]!;
        continue;
      }
    } else if (line === ')') {
      block = '';
      continue;
    }
    const [, verb, rest] = block === '' ? (/^(\w+)\s+(.*)$/.exec(line) ?? [null, '', '']) : [null, block, line];
    const words = rest.split(/\s+/).map((word) => word.replace(/^"(.*)"$/, '$1'));
    if (verb === 'require') {
      if (words.length < 2) throw invalidLock(path, `a requirement without a version: ${line.slice(0, 100)}`);
      required.push({ name: words[0]!, version: words[1]!, indirect });
    } else if (verb === 'replace') {
      const arrow = words.indexOf('=>');
      if (arrow < 1 || words[arrow + 1] === undefined)
        throw invalidLock(path, `a replacement by nothing: ${line.slice(0, 100)}`);
      replaced.set(words.slice(0, arrow).join(' '), { name: words[arrow + 1]!, version: words[arrow + 2] ?? '' });
    }
  }
  if (block !== '') throw invalidLock(path, `its ${block} ( … ) does not end`);
  return { required, replaced };
}

/** Hashes of whole modules by `name version`. */
function parseGoSum(text: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [name, version, sum] = line.trim().split(/\s+/);
    if (sum !== undefined && !version!.endsWith('/go.mod')) sums.set(`${name} ${version}`, sum);
  }
  return sums;
}
