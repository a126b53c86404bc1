import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBytes } from '../base/index.js';
import { asOid, type Oid } from '../model/index.js';
import type { Location } from './locate.js';
import type { ObjectReader } from './object-reader.js';
import { runGit, runGitRaw, type RunOptions } from './process.js';

export type RefKind = 'branch' | 'remote' | 'tag';

export interface Ref {
  /** `refs/heads/main`. */
  readonly name: string;
  /** `main`, `origin/main`, `v1.0`. */
  readonly shortName: string;
  readonly kind: RefKind;
  /** The commit it leads to; null for a tag of something else, or when the object is missing. */
  readonly commit: Oid | null;
}

export interface Head {
  /** Null when detached. The branch of an unborn HEAD has a name, and no commit. */
  readonly branch: string | null;
  readonly commit: Oid | null;
}

const prefixes: Readonly<Record<string, RefKind>> = {
  'refs/heads/': 'branch',
  'refs/remotes/': 'remote',
  'refs/tags/': 'tag',
};

/**
 * Branches, remote branches and tags, sorted by full name. Git lists names only; what they name is looked up through the
 * reader, so that one ref to a missing object does not fail the list. Aliases such as `origin/HEAD` are left out.
 */
export async function listRefs(gitDirArgument: string, options: RunOptions, reader: ObjectReader): Promise<Ref[]> {
  const format = '--format=%(refname)%00%(objectname)%00%(symref)';
  const output = await runGit([gitDirArgument, 'for-each-ref', format, ...Object.keys(prefixes)], options);
  const refs: Promise<Ref>[] = [];
  for (const line of decodeBytes(output).split('\n')) {
    const [name, oid, symref] = line.split('\0');
    const prefix = Object.keys(prefixes).find((candidate) => name?.startsWith(candidate));
    if (!name || !oid || !prefix || (symref && prefix === 'refs/remotes/')) continue;
    const kind = prefixes[prefix]!;
    const commit = kind === 'tag' ? peelToCommit(reader, oid) : Promise.resolve(asOid(oid));
    refs.push(commit.then((found) => ({ name, shortName: name.slice(prefix.length), kind, commit: found })));
  }
  return Promise.all(refs);
}

/** HEAD's branch and commit. */
export async function readHead(
  location: Location,
  gitDirArgument: string,
  options: RunOptions,
  reader: ObjectReader,
): Promise<Head> {
  const result = reader.read('HEAD^{commit}', { keep: () => false, fromUser: true });
  const [target, commit] = await Promise.all([readHeadTarget(location, gitDirArgument, options), result]);
  const branch = target?.startsWith('refs/heads/') ? target.slice('refs/heads/'.length) : null;
  return { branch, commit: commit.found ? commit.oid : null };
}

/** The ref that HEAD stands for, or null when it is detached. */
async function readHeadTarget(location: Location, gitDirArgument: string, options: RunOptions): Promise<string | null> {
  if (!location.refsInFiles) {
    const result = await runGitRaw([gitDirArgument, 'symbolic-ref', '--quiet', 'HEAD'], options);
    return result.exitCode === 0 ? decodeBytes(result.stdout).replace(/\n$/, '') : null;
  }
  const file = join(location.gitDir, 'HEAD');
  try {
    return /^ref:\s*(.*?)\s*$/s.exec(decodeBytes(readFileSync(file)))?.[1] ?? null;
  } catch {
    return readLinkTarget(file);
  }
}

/** Very old repositories have HEAD as a symbolic link; one to an unborn branch cannot be read. */
function readLinkTarget(file: string): string | null {
  try {
    return readlinkSync(file);
  } catch {
    return null;
  }
}

async function peelToCommit(reader: ObjectReader, oid: string): Promise<Oid | null> {
  const result = await reader.read(`${oid}^{commit}`, { keep: () => false, fromUser: true });
  return result.found ? result.oid : null;
}
