import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytewise, decodeBytes } from '../base/index.js';
import { asOid, type EntryKind, type Oid } from '../model/index.js';
import type { Location } from './locate.js';
import { runGit, type RunOptions } from './process.js';
import { kindOfMode } from './tree-object.js';
import { kindOfStats, worktreeBytes } from './worktree-file.js';

export interface WorktreeChange {
  readonly path: string;
  /** What is on disk now; null when nothing is. */
  readonly kind: Exclude<EntryKind, 'tree' | 'submodule'> | null;
}

export interface WorktreeChanges {
  /** The commit that the changes are against; null before the first. */
  readonly head: Oid | null;
  /** Sorted by path. */
  readonly changed: readonly WorktreeChange[];
  /** Repositories inside the work tree that are not looked into. Those that HEAD's tree records come from there. */
  readonly submodulesSkipped: readonly string[];
}

/**
 * Every path whose state on disk differs from HEAD's tree: modified, staged, deleted, untracked but not ignored, changed
 * in kind, in conflict. Git compares, through the seal and so without filters: a file that an LFS filter would turn back into a pointer
 * counts as changed once its time stamps no longer match the index, and is then read as it lies on disk. `untracked`:
 * those of them that are not in the index.
 */
export async function listWorktreeChanges(
  location: Location,
  options: RunOptions,
): Promise<{ readonly changes: WorktreeChanges; readonly untracked: ReadonlySet<string> }> {
  const args = ['status', '--porcelain=v2', '-z', '--branch', '--no-ahead-behind', '--no-renames'];
  args.push('--untracked-files=all', '--ignore-submodules=all');
  const output = await runGit(args, options);

  let head: Oid | null = null;
  const kinds = new Map<string, WorktreeChange['kind']>();
  const untracked = new Set<string>();
  const submodulesSkipped: string[] = [];
  const onDisk = (path: string): WorktreeChange['kind'] => kindOnDisk(location, path);
  for (const record of decodeBytes(output).split('\0')) {
    const fields = record.split(' ');
    switch (fields[0] ?? '') {
      case '#':
        if (fields[1] === 'branch.oid' && fields[2] !== '(initial)') head = asOid(fields[2]!);
        break;
      case '1': // XY sub mH mI mW hH hI path
        if (fields[2]!.startsWith('S')) break;
        notePath(after(record, 8), fields[5]!);
        break;
      case 'u': // XY sub m1 m2 m3 mW h1 h2 h3 path
        if (fields[2]!.startsWith('S')) break;
        notePath(after(record, 10), fields[6]!);
        break;
      case '?': {
        const path = after(record, 1);
        if (path.endsWith('/')) submodulesSkipped.push(path.slice(0, -1));
        else {
          kinds.set(path, onDisk(path));
          untracked.add(path);
        }
        break;
      }
    }
  }

  function notePath(path: string, mode: string): void {
    if (kinds.has(path)) return; // removed from the index and still on disk: listed as untracked as well
    const kind = kindOfMode(Number.parseInt(mode, 8));
    kinds.set(path, kind === 'tree' || kind === 'submodule' ? null : kind);
  }

  if (existsSync(join(location.gitDir, 'info/sparse-checkout'))) {
    for (const path of await skippedBySparse(options)) {
      if (!kinds.has(path) && onDisk(path) === null) kinds.set(path, null);
    }
  }
  const changed = [...kinds].map(([path, kind]) => ({ path, kind }));
  changed.sort((a, b) => compareBytewise(a.path, b.path));
  return { changes: { head, changed, submodulesSkipped: submodulesSkipped.sort(compareBytewise) }, untracked };
}

/** Tracked paths that a sparse checkout leaves out of the work tree; `status` takes them for unchanged. */
async function skippedBySparse(options: RunOptions): Promise<string[]> {
  const output = await runGit(['ls-files', '-z', '-t'], options);
  return decodeBytes(output)
    .split('\0')
    .filter((record) => record.startsWith('S '))
    .map((record) => record.slice(2));
}

/** What lies at a path. Anything but a file or a symbolic link counts as nothing. */
function kindOnDisk(location: Location, path: string): WorktreeChange['kind'] {
  try {
    return kindOfStats(lstatSync(worktreeBytes(location.workTree!, path)), location.fileMode);
  } catch {
    return null; // gone meanwhile, or a parent is no folder, or may not be searched
  }
}

/** What follows the first `count` spaces. */
function after(record: string, count: number): string {
  let at = 0;
  for (let i = 0; i < count; i++) at = record.indexOf(' ', at) + 1;
  return record.slice(at);
}
