import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LruCache, decodeBytes } from '../../base/index.js';
import { asOid, type Oid } from '../../model/index.js';
import type { Location } from '../locate.js';
import type { ObjectReader } from '../objects/object-reader.js';
import { runGit, runGitRaw, type RunOptions } from '../process.js';
import type { NamedObject, RefFiles } from './ref-files.js';
import { readText } from '../small-file.js';

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

const peeledMax = 50_000;

const prefixes: Readonly<Record<string, RefKind>> = {
  'refs/heads/': 'branch',
  'refs/remotes/': 'remote',
  'refs/tags/': 'tag',
};

/** What is known of refs from the last time, so that only what changed is looked up. */
export class RefLister {
  /** What tags lead to. */
  private readonly peeled = new LruCache<Oid, Oid>(peeledMax);
  private lastNamed: readonly NamedObject[] | null = null;
  private lastRefs: readonly Ref[] = [];

  constructor(
    private readonly files: RefFiles,
    private readonly reader: ObjectReader,
  ) {}

  /**
   * Branches, remote branches and tags, sorted by full name. What they name is looked up through the reader, so that one
   * ref to a missing object does not fail the list. Aliases such as `origin/HEAD` are left out.
   */
  async list(options: RunOptions): Promise<readonly Ref[]> {
    const named = this.files.list(Object.keys(prefixes)) ?? (await askForRefs(options));
    if (named === this.lastNamed) return this.lastRefs;
    const commits = await Promise.all(named.map((ref) => this.commitOf(ref)));
    const refs = named.map(({ name }, i) => {
      const prefix = Object.keys(prefixes).find((candidate) => name.startsWith(candidate))!;
      return { name, shortName: name.slice(prefix.length), kind: prefixes[prefix]!, commit: commits[i]! };
    });
    // What is missing may come.
    if (!commits.includes(null)) [this.lastNamed, this.lastRefs] = [named, refs];
    return refs;
  }

  private async commitOf({ name, oid }: NamedObject): Promise<Oid | null> {
    if (!name.startsWith('refs/tags/')) return oid;
    const known = this.peeled.get(oid);
    if (known !== undefined) return known;
    const result = await this.reader.read(`${oid}^{commit}`, { keep: () => false, fromUser: true });
    if (!result.found) return null;
    this.peeled.set(oid, result.oid);
    return result.oid;
  }
}

async function askForRefs(options: RunOptions): Promise<NamedObject[]> {
  const format = '--format=%(refname)%00%(objectname)%00%(symref)';
  const output = await runGit(['for-each-ref', format, ...Object.keys(prefixes)], options);
  return decodeBytes(output)
    .split('\n')
    .flatMap((line) => {
      const [name, oid, symref] = line.split('\0');
      if (!name || !oid || (symref && name.startsWith('refs/remotes/'))) return [];
      return [{ name, oid: asOid(oid) }];
    });
}

/** HEAD's branch and commit. */
export async function readHead(location: Location, options: RunOptions, reader: ObjectReader): Promise<Head> {
  const result = reader.read('HEAD^{commit}', { keep: () => false, fromUser: true });
  const [target, commit] = await Promise.all([readHeadTarget(location, options), result]);
  const branch = target?.startsWith('refs/heads/') ? target.slice('refs/heads/'.length) : null;
  return { branch, commit: commit.found ? commit.oid : null };
}

/** The ref that HEAD stands for, or null when it is detached. */
async function readHeadTarget(location: Location, options: RunOptions): Promise<string | null> {
  if (!location.refsInFiles) {
    const result = await runGitRaw(['symbolic-ref', '--quiet', 'HEAD'], options);
    return result.exitCode === 0 ? decodeBytes(result.stdout).replace(/\n$/, '') : null;
  }
  return headTarget(location.gitDir);
}

/** The ref that the HEAD of a git directory stands for, as its file tells; null when it is detached. */
export function headTarget(gitDir: string): string | null {
  const file = join(gitDir, 'HEAD');
  // Very old repositories have HEAD as a symbolic link; one to an unborn branch cannot be read.
  return /^ref:\s*(.*?)\s*$/s.exec(readText(file) ?? '')?.[1] ?? readLinkTarget(file);
}

function readLinkTarget(file: string): string | null {
  try {
    const target = readlinkSync(file);
    return target.startsWith('refs/') ? target : null;
  } catch {
    return null;
  }
}
