import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { PackageOrigin, Project } from '../types.js';
import { textOf } from '../manifest.js';
import { joinPath, listFolder } from '../project-files.js';
import { parseYaml } from '../yaml.js';
import type { LockedPackage } from './locked.js';

/** Where Yarn keeps what it has installed without `node_modules`: archives in a cache, and folders of what cannot be run from one. */
export interface PlugAndPlay {
  locate(locked: LockedPackage): { readonly place: string; readonly origin: PackageOrigin } | null;
}

/** Null where a folder is not installed in this way. `.pnp.cjs` is a program, and never run: the lock file says what there is, and archives are named by it. */
export async function plugAndPlay(
  { disk, files, home, environment }: Project,
  folder: string,
): Promise<PlugAndPlay | null> {
  if (disk === null) return null;
  const here = join(disk, folder);
  if (!existsSync(join(here, '.pnp.cjs')) && !existsSync(join(here, '.pnp.data.json'))) return null;
  const caches = [join(here, '.yarn/cache')];
  const settings = await files.read(joinPath(folder, '.yarnrc.yml'));
  if (settings !== null) {
    try {
      const named = textOf(parseYaml('.yarnrc.yml', settings.toString('utf8'))['cacheFolder']);
      if (named !== null && !isAbsolute(named)) caches.push(join(here, named));
    } catch {
      // Settings that cannot be read say nothing.
    }
  }
  caches.push(join(environment['YARN_GLOBAL_FOLDER'] ?? join(home, '.yarn/berry'), 'cache'));
  const archives = caches.flatMap((path) =>
    listFolder(path).flatMap(({ name, kind }) =>
      kind === 'file' && name.endsWith('.zip') ? [{ name, path: join(path, name) }] : [],
    ),
  );
  const unplugged = listFolder(join(here, '.yarn/unplugged')).filter(({ kind }) => kind === 'folder');
  const byName = new Map(archives.map((archive) => [archive.name, archive]));
  const names = [...byName.keys()].sort();
  return {
    locate({ name, version, integrity }) {
      const slug = name.startsWith('@') ? name.replace('/', '-') : name;
      const inside = `node_modules/${name}`;
      const isOf = (entry: string): boolean =>
        entry.startsWith(`${slug}-npm-${version}-`) || entry.startsWith(`${slug}-virtual-`);
      const own = unplugged.find(
        (entry) => isOf(entry.name) && existsSync(join(here, '.yarn/unplugged', entry.name, inside, 'package.json')),
      );
      if (own !== undefined) {
        const place = joinPath(folder, `.yarn/unplugged/${own.name}/${inside}`);
        return { place, origin: { kind: 'folder', path: join(here, '.yarn/unplugged', own.name, inside) } };
      }
      const checksum = /^yarn-(?:[^/]*\/)?([0-9a-f]{10})/.exec(integrity ?? '')?.[1];
      const candidates = names.filter(
        (entry) => entry.startsWith(`${slug}-npm-${version}-`) || entry.startsWith(`${slug}-patch-`),
      );
      const archive =
        candidates.find((entry) => checksum !== undefined && entry.endsWith(`-${checksum}.zip`)) ??
        candidates.find((entry) => entry.includes('-npm-'));
      if (archive === undefined) return null;
      const place = joinPath(folder, `.yarn/cache/${archive}/${inside}`);
      return { place, origin: { kind: 'archive', path: byName.get(archive)!.path, folder: inside } };
    },
  };
}
