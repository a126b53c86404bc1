import { lstatSync } from 'node:fs';
import { CoppiceError } from '../base/index.js';
import type { Location } from './locate.js';
import { runGitRaw } from './process.js';

/**
 * Refuses a repository of another user's with UNSAFE_REPOSITORY, as git does when it finds a repository by itself.
 * Since we tell git where the repository is, it would not check. Only when an owner differs is git asked, which knows
 * the user's `safe.directory`.
 */
export async function checkOwnership(location: Location): Promise<void> {
  if (process.env.GIT_TEST_ASSUME_DIFFERENT_OWNER === undefined && location.owned.every(isOurs)) return;
  const { exitCode, stderr } = await runGitRaw(['rev-parse', '--git-dir'], {
    folder: location.workTree ?? location.gitDir,
  });
  if (exitCode === 0 || !stderr.includes('dubious ownership')) return;
  const folder = location.workTree ?? location.gitDir;
  throw new CoppiceError('UNSAFE_REPOSITORY', `the repository at ${folder} belongs to another user`, {
    hint: `if you trust it: git config --global --add safe.directory ${shellQuoted(folder)}`,
    data: { path: folder },
  });
}

/** Owned by the user we run as; to root under sudo, what belongs to the user who called sudo is ours too. */
function isOurs(path: string): boolean {
  const user = process.geteuid?.();
  if (user === undefined) return false; // Windows: git knows
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid;
  if (owner === user) return true;
  return user === 0 && process.env.SUDO_UID !== undefined && owner === Number(process.env.SUDO_UID);
}

function shellQuoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replace(/'/g, `'\\''`)}'`;
}
