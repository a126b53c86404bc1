import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  diskFiles,
  openDependencies,
  type Package,
  type PackageListing,
  type Project,
} from '../../src/dependencies/index.js';

/** A folder with these files; a text that begins with `->` is a link to what follows. */
export function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const root = mkdtempSync(join(tmpdir(), 'coppice-deps-'));
  for (const [path, content] of Object.entries(files)) write(root, path, content);
  return root;
}

export function write(root: string, path: string, content: string | Buffer): void {
  const at = join(root, path);
  mkdirSync(dirname(at), { recursive: true });
  if (typeof content === 'string' && content.startsWith('->')) symlinkSync(content.slice(2), at);
  else writeFileSync(at, content);
}

export function projectAt(disk: string, options: Partial<Project> = {}): Project {
  return { files: diskFiles(disk), disk, installed: true, home: join(disk, '.home'), environment: {}, ...options };
}

export const listAt = (disk: string, options: Partial<Project> = {}): Promise<PackageListing> =>
  openDependencies(projectAt(disk, options)).list();

/** What matters of a listing, one package a line. */
export const shown = ({ packages }: { packages: readonly Package[] }): string[] =>
  packages.map(
    ({ name, version, place, origin, direct, dev, chain }) =>
      `${name}@${version} ${place}${direct ? ' direct' : ''}${dev ? ' dev' : ''}${origin === null ? ' missing' : ''}${chain.length > 0 ? ` < ${chain.join(' < ')}` : ''}`,
  );
