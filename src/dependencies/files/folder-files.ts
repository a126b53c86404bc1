import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { CoppiceError, decodeBytes, encodeBytes, systemErrorCode } from '../../base/index.js';
import { isTooDeep } from '../../model/index.js';
import { isForeignFolder, isInside, isLeftOut } from '../file-rule.js';
import type { PackageFile } from '../types.js';

/** A package with more files is none. */
export const filesMax = 200_000;

/**
 * The files below a folder. Neither links nor mounts of other kinds are followed; `node_modules` at its top is where other packages are. What cannot be
 * listed is left out as an empty folder would be.
 */
export function* folderFiles(root: string): Generator<PackageFile> {
  let count = 0;
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let entries;
    try {
      entries = readdirSync(encodeBytes(folder === '' ? root : `${root}/${folder}`), {
        withFileTypes: true,
        encoding: 'buffer',
      });
    } catch (error) {
      if (folder === '') throw unreadable(root, error);
      continue;
    }
    for (const entry of entries) {
      const name = decodeBytes(entry.name);
      const path = folder === '' ? name : `${folder}/${name}`;
      if (entry.isDirectory()) {
        if (isForeignFolder(name) || (folder === '' && name === 'node_modules') || isTooDeep(path)) continue;
        folders.push(path);
      } else if (entry.isFile() && !isLeftOut(name)) {
        if (++count > filesMax) throw unreadable(root, null, `it has more than ${filesMax} files`);
        const file = fileAt(root, path);
        if (file !== null) yield file;
      }
    }
  }
}

/** Those of a list that are files below a folder, without a link on the way. */
export function* listedFiles(root: string, paths: readonly string[]): Generator<PackageFile> {
  const folders = new Map<string, boolean>();
  const isFolder = (path: string): boolean => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const above = path.lastIndexOf('/');
    const is = (above < 0 || isFolder(path.slice(0, above))) && lookAt(`${root}/${path}`)?.isDirectory() === true;
    folders.set(path, is);
    return is;
  };
  for (const path of paths) {
    const slash = path.lastIndexOf('/');
    if (!isInside(path) || isTooDeep(path) || isLeftOut(path.slice(slash + 1))) continue;
    if (slash >= 0 && !isFolder(path.slice(0, slash))) continue;
    const file = fileAt(root, path);
    if (file !== null) yield file;
  }
}

function lookAt(path: string): ReturnType<typeof lstatSync> {
  try {
    return lstatSync(encodeBytes(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function fileAt(root: string, path: string): PackageFile | null {
  const stats = lookAt(`${root}/${path}`);
  if (stats?.isFile() !== true) return null;
  const { size, mtimeMs, ctimeMs, ino, mode } = stats;
  const changedMs = Math.max(Number(mtimeMs), Number(ctimeMs));
  const executable = (Number(mode) & 0o100) !== 0;
  return new DiskFile(root, path, Number(size), executable, `${size}:${mtimeMs}:${ctimeMs}:${ino}`, changedMs);
}

class DiskFile implements PackageFile {
  constructor(
    private readonly root: string,
    readonly path: string,
    readonly sizeBytes: number,
    readonly executable: boolean,
    readonly stamp: string,
    readonly changedMs: number,
  ) {}

  read(): Buffer {
    try {
      return readRegularFile(`${this.root}/${this.path}`);
    } catch (error) {
      throw unreadable(`${this.root}/${this.path}`, error);
    }
  }
}

// Between the look and the opening it may have become a link or a pipe: refuse the one, do not wait on the other.
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function readRegularFile(path: string): Buffer {
  const fd = openSync(encodeBytes(path), openFlags);
  try {
    if (!fstatSync(fd).isFile()) throw new Error('it is no file any more');
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** PACKAGE_UNREADABLE */
export function unreadable(path: string, cause: unknown, why?: string): CoppiceError {
  const reason = why ?? systemErrorCode(cause) ?? (cause instanceof Error ? cause.message : 'unknown failure');
  return new CoppiceError('PACKAGE_UNREADABLE', `${path} cannot be read: ${reason}`, {
    hint: 'install it again',
    data: { path },
    cause,
  });
}
