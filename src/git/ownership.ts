import { lstatSync, realpathSync } from 'node:fs';
import { CoppiceError } from '../base/index.js';
import type { Location } from './locate.js';
import type { UserConfig } from './user-config.js';

/**
 * Refuses a repository of another user's with UNSAFE_REPOSITORY, as git does when it finds a repository by itself, unless
 * the user's own configuration (`safe.directory`) trusts it.
 */
export async function checkOwnership(location: Location, userConfig: UserConfig): Promise<void> {
  if (process.env.GIT_TEST_ASSUME_DIFFERENT_OWNER === undefined && location.owned.every(isOurs)) return;
  const folder = location.workTree ?? location.gitDir;
  if ((await userConfig.read()).safeDirectories.some((trusted) => trusted === '*' || covers(trusted, folder))) return;
  throw new CoppiceError('UNSAFE_REPOSITORY', `the repository at ${folder} belongs to another user`, {
    hint: `if you trust it: ${trustCommand(folder)}`,
    data: { path: folder },
  });
}

/** Whether a value of `safe.directory` means a folder; one that ends in `/*` means all below. */
function covers(trusted: string, folder: string): boolean {
  if (trusted.endsWith('/*')) return folder.startsWith(realPath(trusted.slice(0, -2)) + '/');
  return trusted === folder || realPath(trusted) === folder;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Owned by the user we run as; to root under sudo, what belongs to the user who called sudo is ours too. */
function isOurs(path: string): boolean {
  const user = process.geteuid?.();
  if (user === undefined) return true; // Windows: Node cannot tell
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid;
  if (owner === user) return true;
  return user === 0 && process.env.SUDO_UID !== undefined && owner === Number(process.env.SUDO_UID);
}

const trustCommand = (folder: string): string => `git config --global --add safe.directory ${shellQuoted(folder)}`;

function shellQuoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replace(/'/g, `'\\''`)}'`;
}
