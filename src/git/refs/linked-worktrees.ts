import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { assertNotExhausted, compareBytewise } from '../../base/index.js';
import type { Oid } from '../../model/index.js';
import type { Location } from '../locate.js';
import type { ObjectReader } from '../objects/object-reader.js';
import { headTarget } from './refs.js';
import { readText } from '../small-file.js';

/** One of the work trees that share this repository's objects. */
export interface LinkedWorktree {
  readonly path: string;
  /** Null for what HEAD does not lead to: on an unborn branch, or when the commit is missing. */
  readonly head: Oid | null;
  /** Short name; null when detached. */
  readonly branch: string | null;
}

/** All work trees of the repository, the main one (or the bare repository) first. */
export async function listWorktrees({ commonDir }: Location, reader: ObjectReader): Promise<LinkedWorktree[]> {
  const main = basename(commonDir) === '.git' ? dirname(commonDir) : commonDir;
  const linked = idsOf(commonDir).flatMap((id) => {
    const link = readText(join(commonDir, 'worktrees', id, 'gitdir'))?.trimEnd();
    if (!link) return [];
    const gitDir = join(commonDir, 'worktrees', id);
    return [describe(dirname(resolve(gitDir, link)), gitDir, `worktrees/${id}/HEAD`, reader)];
  });
  return Promise.all([describe(main, commonDir, 'main-worktree/HEAD', reader), ...linked]);
}

async function describe(path: string, gitDir: string, head: string, reader: ObjectReader): Promise<LinkedWorktree> {
  const commit = await reader.read(`${head}^{commit}`, { keep: () => false, fromUser: true });
  const branch = headTarget(gitDir)?.replace(/^refs\/heads\//, '') ?? null;
  return { path, head: commit.found ? commit.oid : null, branch };
}

/** The names of linked work trees; git gives them none that has a line end. */
function idsOf(commonDir: string): string[] {
  try {
    const names = readdirSync(join(commonDir, 'worktrees'));
    return names.filter((name) => !/[\r\n]/.test(name)).sort(compareBytewise);
  } catch (error) {
    assertNotExhausted(error, commonDir);
    return [];
  }
}
