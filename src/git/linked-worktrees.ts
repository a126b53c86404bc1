import { decodeBytes } from '../base/index.js';
import { asOid, type Oid } from '../model/index.js';
import { runGit, runGitRaw, type RunOptions } from './process.js';

/** One of the work trees that share this repository's objects. */
export interface LinkedWorktree {
  readonly path: string;
  /** Null for a bare repository's own entry and on an unborn branch. */
  readonly head: Oid | null;
  /** Short name; null when detached. */
  readonly branch: string | null;
}

/** All work trees of the repository, the main one (or the bare repository) first. */
export async function listWorktrees(gitDirArgument: string, options: RunOptions): Promise<LinkedWorktree[]> {
  const args = [gitDirArgument, 'worktree', 'list', '--porcelain'];
  // Git before 2.36 has no -z here; it then prints a path with a newline as two lines.
  const separated = await runGitRaw([...args, '-z'], options);
  const end = separated.exitCode === 0 ? '\0' : '\n';
  const text = decodeBytes(separated.exitCode === 0 ? separated.stdout : await runGit(args, options));
  return text
    .split(end + end)
    .filter((record) => record.startsWith('worktree '))
    .map((record) => {
      const fields = record.split(end);
      const value = (key: string): string | null =>
        fields.find((field) => field.startsWith(`${key} `))?.slice(key.length + 1) ?? null;
      const head = value('HEAD');
      const unborn = head === null || /^0+$/.test(head);
      return {
        path: value('worktree')!,
        head: unborn ? null : asOid(head),
        branch: value('branch')?.replace(/^refs\/heads\//, '') ?? null,
      };
    });
}
