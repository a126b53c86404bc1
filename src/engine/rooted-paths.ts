import { posix } from 'node:path';
import type { FileFilter } from './types.js';

/** The same with paths on this machine's disk, `/home/me/app/src` or `file:///home/me/app/src`, made into places in the work tree. */
export function rootedPaths<T extends FileFilter>(filter: T, workTree: string | null): T {
  if (filter.paths === undefined) return filter;
  const rooted = (pattern: string): string => {
    const not = pattern.startsWith('!') ? '!' : '';
    const below = belowRoot(pattern.slice(not.length), workTree);
    return below === null ? pattern : `${not}./${below}`;
  };
  return { ...filter, paths: filter.paths.map(rooted) };
}

/** A file's path from the root, however it was written: `./a/b`, `a/../a/b`, `/home/me/app/a/b`, `file:///…`. */
export function rootedPath(path: string, workTree: string | null): string {
  const given = belowRoot(path, workTree) ?? path;
  return given.split('/').some((name) => name === '.' || name === '..') ? posix.normalize(given) : given;
}

/** What follows the work tree's own path; null when that is not how it begins. */
function belowRoot(given: string, workTree: string | null): string | null {
  if (workTree === null) return null;
  const path = given.startsWith('file:///') ? decodePath(given.slice('file://'.length)) : given;
  if (path === workTree) return '';
  return path.startsWith(`${workTree}/`) ? path.slice(workTree.length + 1) : null;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
