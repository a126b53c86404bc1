import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isInside } from './file-rule.js';
import { manifestBytesMax } from './types.js';
import type { ProjectEntry, ProjectFiles } from './types.js';

/** The files of a project as they lie on disk. A file that is a link is none: what a repository says of itself is in it. */
export function diskFiles(root: string): ProjectFiles {
  return {
    read: (path) => Promise.resolve(isInside(path) ? readSmallFile(join(root, path)) : null),
    list: (folder) => Promise.resolve(listFolder(folder === '' ? root : join(root, folder))),
  };
}

/** A regular file's bytes; null when there is none, it cannot be read, or it is too large to be a manifest. */
export function readSmallFile(path: string, bytesMax = manifestBytesMax): Buffer | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch {
    return null;
  }
  try {
    const stats = fstatSync(fd);
    return stats.isFile() && stats.size <= bytesMax ? readFileSync(fd) : null;
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

export function listFolder(path: string): ProjectEntry[] {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry): ProjectEntry[] => {
    const { name } = entry;
    if (entry.isDirectory()) return [{ name, kind: 'folder' }];
    if (entry.isSymbolicLink()) return [{ name, kind: 'link' }];
    return entry.isFile() ? [{ name, kind: 'file' }] : [];
  });
}

/** What lies at a path of this machine; null for nothing, or nothing that may be looked at. */
export function kindAt(path: string): ProjectEntry['kind'] | null {
  let stats;
  try {
    stats = lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return null;
  }
  if (stats === undefined) return null;
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isFile() ? 'file' : null;
}

/** Folders so far below the root are looked at for projects. */
const depthMax = 4;
const foldersMax = 4000;
const neverProjects: ReadonlySet<string> = new Set([
  'node_modules',
  'target',
  'vendor',
  '__pycache__',
  'bower_components',
]);

/** Folders (from the root, which is `''`) that hold one of these files: each is a project of its own, or a member of one. */
export async function findProjects(
  files: ProjectFiles,
  isManifest: (name: string) => boolean,
): Promise<Map<string, readonly ProjectEntry[]>> {
  const found = new Map<string, readonly ProjectEntry[]>();
  const queue: { folder: string; depth: number }[] = [{ folder: '', depth: 0 }];
  for (let at = 0; at < queue.length && at < foldersMax; at++) {
    const { folder, depth } = queue[at]!;
    const entries = await files.list(folder);
    if (entries.some(({ name, kind }) => kind === 'file' && isManifest(name))) found.set(folder, entries);
    if (depth === depthMax) continue;
    for (const { name, kind } of entries) {
      if (kind !== 'folder' || name.startsWith('.') || neverProjects.has(name)) continue;
      queue.push({ folder: folder === '' ? name : `${folder}/${name}`, depth: depth + 1 });
    }
  }
  return found;
}

export const joinPath = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);
