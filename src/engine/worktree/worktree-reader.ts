import { lstatSync } from 'node:fs';

import { encodeBytes, nowMs } from '../../base/index.js';
import type { Repository } from '../../git/index.js';
import type { FileReader } from '../trees/seen-files.js';

/** The times of a file that was changed later than this before it was read may not tell of the next change. */
const racyMs = 2000;

/** Reads the files of a work tree as they lie on disk. */
export const worktreeReader = (repository: Repository): FileReader => ({
  read: (path, maxBytes) => repository.readWorktreeFile(path, { maxBytes }),
  stampOf: (path) => stampOfFile(`${repository.workTree}/${path}`),
});

/** Equal as long as a file has not changed; null when that cannot be told by its size and times. */
export function stampOfFile(path: string): string | null {
  const seenMs = nowMs();
  let stats;
  try {
    stats = lstatSync(encodeBytes(path), { bigint: true, throwIfNoEntry: false });
  } catch {
    return null; // a folder above became something else; reading it will tell
  }
  if (stats === undefined || Math.max(Number(stats.mtimeMs), Number(stats.ctimeMs)) > seenMs - racyMs) return null;
  return [stats.size, stats.mtimeNs, stats.ctimeNs, stats.ino, stats.mode].join(':');
}
