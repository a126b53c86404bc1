import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A store has copies of what may be private: nobody but its user looks into it. */
export const privateFolderMode = 0o700;
export const privateFileMode = 0o600;

const othersMask = 0o077;

/**
 * Takes from everybody else what they may do with a store's folder and all in it, where an older version has left them that. The file `last` is
 * done last: it tells that nothing is left to do. What belongs to another user stays as it is.
 */
export function tighten(folder: string, last: string): void {
  if (!isOpen(folder) && !isOpen(join(folder, last))) return;
  closeToOthers(folder);
  tightenBelow(folder, last);
  closeToOthers(join(folder, last));
}

function tightenBelow(folder: string, except?: string): void {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return; // gone meanwhile, or not for us to look into
  }
  for (const entry of entries) {
    if (entry.name === except || entry.isSymbolicLink()) continue;
    const path = join(folder, entry.name);
    closeToOthers(path);
    if (entry.isDirectory()) tightenBelow(path);
  }
}

function closeToOthers(path: string): void {
  try {
    const stats = lstatSync(path);
    if ((stats.mode & othersMask) !== 0 && !stats.isSymbolicLink()) chmodSync(path, stats.mode & 0o700);
  } catch {
    // gone meanwhile, or another user's
  }
}

function isOpen(path: string): boolean {
  return ((lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0) & othersMask) !== 0;
}
