import { lstatSync, realpathSync } from 'node:fs';
import { CoppiceError } from '../../base/index.js';
import { namedByEnvironment, type Claim, type Location } from '../locate.js';
import type { UserConfig } from './user-config.js';

/**
 * Refuses with UNSAFE_REPOSITORY what nobody but the repository itself vouches for: one of another user's, as git does when it finds a
 * repository by itself, and one that claims what is not its own (see `Claim`). What the user has said counts before that: `GIT_DIR`, and
 * `safe.directory` of the user's own configuration.
 */
export async function checkTrust(location: Location, userConfig: UserConfig): Promise<void> {
  const foreign = process.env.GIT_TEST_ASSUME_DIFFERENT_OWNER !== undefined || !location.owned.every(isOurs);
  if (!foreign && location.claims.length === 0) return;
  const { safeDirectories } = await userConfig.read();
  const folder = location.workTree ?? location.gitDir;
  if (foreign && !safeDirectories.some((trusted) => trusted === '*' || covers(trusted, folder))) {
    throw new CoppiceError('UNSAFE_REPOSITORY', `the repository at ${folder} belongs to another user`, {
      hint: `if you trust it: ${trustCommand(folder)}`,
      data: { path: folder },
    });
  }
  if (namedByEnvironment(location.gitDir)) return;
  // `*` is said where owners mean nothing, as in containers. It does not say that every folder in a clone is a repository.
  const claim = location.claims.find(({ path }) => {
    return !safeDirectories.some((trusted) => covers(trusted, location.gitDir) || covers(trusted, path));
  });
  if (claim !== undefined) throw unsafe(claim, location);
}

function unsafe(claim: Claim, { gitDir }: Location): CoppiceError {
  const trust = `if you trust it: ${trustCommand(gitDir)}`;
  const { message, hint } = {
    embedded: {
      message: `${gitDir} is a git directory among the files of ${claim.path}: it may have come with them, and is not taken for a repository`,
      hint: `to search these files, name ${claim.path}; to search it as a repository, ${trust}`,
    },
    worktree: {
      message: `the repository at ${gitDir} says that its files are in ${claim.path}, which says nothing of it`,
      hint: trust,
    },
    common: { message: `the repository at ${gitDir} says that it is a part of ${claim.path}`, hint: trust },
    link: { message: `the repository at ${gitDir} has a link that leads out of it, to ${claim.path}`, hint: trust },
  }[claim.kind];
  return new CoppiceError('UNSAFE_REPOSITORY', message, { hint, data: { path: gitDir, claims: claim.path } });
}

/** Whether a value of `safe.directory` means a folder; one that ends in `/*` means all below. */
function covers(trusted: string, folder: string): boolean {
  if (trusted.endsWith('/*')) return folder.startsWith(`${realPath(trusted.slice(0, -2))}/`);
  return trusted !== '' && (trusted === folder || realPath(trusted) === folder);
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
