import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { CoppiceError, encodeBytes, systemErrorCode } from '../../base/index.js';
import { asOid, type Oid } from '../../model/index.js';
import type { Location } from '../locate.js';
import { isDotGit } from '../dot-git.js';
import { hashBlob, startObjectHash } from '../objects/object-hash.js';

/** A file of the work tree as it lies on disk. */
export interface WorktreeFile {
  readonly kind: 'file' | 'executable' | 'symlink';
  /** The oid of the blob that has exactly these bytes. */
  readonly oid: Oid;
  readonly size: number;
  /** A symbolic link's content is its target. Null when larger than `maxBytes`. */
  readonly content: Buffer | null;
}

/** What has to be known of a work tree to read its files. */
export type FilePlace = Pick<Location, 'workTree' | 'fileMode' | 'objectFormat'>;

/** A file of so many bytes is read at once. */
const smallBytes = 128 * 1024;
/** Pieces in which a file too large to keep is hashed. */
const pieceBytes = 1 << 20;

/**
 * Reads one file, without following symbolic links, neither the file itself nor a folder on the way. Null when there
 * is no file there (any more). A path that could lead out of the work tree or into `.git` is PATH_NOT_FOUND.
 */
export async function readWorktreeFile(
  location: FilePlace,
  path: string,
  maxBytes = Infinity,
): Promise<WorktreeFile | null> {
  const root = location.workTree!;
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0') || isDotGit(part))) {
    throw new CoppiceError('PATH_NOT_FOUND', `not a path inside the work tree: ${path}`, { data: { path } });
  }
  try {
    // A look takes microseconds; to wait for one in a busy process can take a thousand times as long.
    for (let depth = 1; depth < parts.length; depth++) {
      if (!lstatSync(worktreeBytes(root, parts.slice(0, depth).join('/'))).isDirectory()) return null;
    }
    const file = worktreeBytes(root, path);
    const stats = lstatSync(file);
    const kind = kindOfStats(stats, location.fileMode);
    if (kind === 'symlink') {
      const content = readlinkSync(file, { encoding: 'buffer' });
      return { kind, oid: hashBlob(content, location.objectFormat), size: content.length, content };
    }
    if (kind === null) return null;
    if (stats.size <= Math.min(maxBytes, smallBytes)) return readSmallFile(location, file, maxBytes);
    return await readRegularFile(location, file, maxBytes);
  } catch (error) {
    return failedRead(error, path);
  }
}

/** There is no file, or something else now: a folder, a socket, a link that leads nowhere; or no disk could have the path. */
const nothingThere: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ELOOP',
  'EISDIR',
  'ENXIO',
  'ENODEV',
  'ENAMETOOLONG',
]);
const unreadable: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EIO', 'EBUSY', 'ESTALE', 'EOVERFLOW']);

// Between the look and the opening it may have become a link or a pipe: refuse the one, do not wait on the other.
export const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function readSmallFile(location: FilePlace, file: Buffer, maxBytes: number): WorktreeFile | null {
  const fd = openSync(file, openFlags);
  try {
    const kind = kindOfStats(fstatSync(fd), location.fileMode);
    return kind === null || kind === 'symlink' ? null : wholeFile(location, kind, readFileSync(fd), maxBytes);
  } finally {
    closeSync(fd);
  }
}

/**
 * A regular file in pieces, for one that `readWorktreeFile` has found at this path and told to be too large to keep. A file
 * that changes meanwhile is read as it is.
 */
export async function* readWorktreePieces(location: FilePlace, path: string): AsyncGenerator<Buffer, void, undefined> {
  const handle = await open(worktreeBytes(location.workTree!, path), openFlags);
  try {
    if (!(await handle.stat()).isFile()) return;
    for (;;) {
      const piece = Buffer.allocUnsafe(pieceBytes);
      const { bytesRead } = await handle.read(piece, 0, pieceBytes);
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** Null for what is not there; WORKTREE_UNREADABLE. */
export function failedRead(error: unknown, path: string): null {
  const code = systemErrorCode(error) ?? '';
  if (nothingThere.has(code)) return null;
  if (!unreadable.has(code)) throw error;
  throw new CoppiceError('WORKTREE_UNREADABLE', `${path} of the work tree cannot be read: ${code}`, {
    hint: 'give yourself the right to read it, or search a commit with --rev HEAD',
    data: { path },
    cause: error,
  });
}

function wholeFile(
  { objectFormat }: FilePlace,
  kind: WorktreeFile['kind'],
  content: Buffer,
  maxBytes: number,
): WorktreeFile {
  const size = content.length;
  const kept = size <= maxBytes ? content : null;
  return { kind, oid: hashBlob(content, objectFormat), size, content: kept };
}

async function readRegularFile(location: FilePlace, file: Buffer, maxBytes: number): Promise<WorktreeFile | null> {
  const handle = await open(file, openFlags);
  try {
    const stats = await handle.stat();
    const kind = kindOfStats(stats, location.fileMode);
    if (kind === null || kind === 'symlink') return null;
    if (stats.size <= maxBytes) return wholeFile(location, kind, await handle.readFile(), maxBytes);
    const hash = startObjectHash('blob', stats.size, location.objectFormat);
    const piece = Buffer.allocUnsafe(pieceBytes);
    let size = 0;
    while (size < stats.size) {
      const { bytesRead } = await handle.read(piece, 0, Math.min(pieceBytes, stats.size - size), size);
      if (bytesRead === 0) return null; // shrinks while we read: the next look will tell
      hash.update(piece.subarray(0, bytesRead));
      size += bytesRead;
    }
    return { kind, oid: asOid(hash.digest('hex')), size, content: null };
  } finally {
    await handle.close();
  }
}

/** The bytes of a path of the work tree: paths need not be UTF-8. */
export function worktreeBytes(root: string, path: string): Buffer {
  return encodeBytes(`${root}/${path}`);
}

/** What lies on disk, as git would record it; null when git would not. */
export function kindOfStats(stats: Stats, fileMode: boolean): WorktreeFile['kind'] | null {
  if (stats.isSymbolicLink()) return 'symlink';
  if (!stats.isFile()) return null;
  return fileMode && (stats.mode & constants.S_IXUSR) !== 0 ? 'executable' : 'file';
}
