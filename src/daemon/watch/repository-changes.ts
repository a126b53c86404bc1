import type { ChangeKind } from './change-notifier.js';

/** What a change at a path means. */
export interface Meaning {
  readonly kinds: readonly ChangeKind[];
  /** It may change the files of the work tree, as git sees them, or what HEAD is. */
  readonly counts: boolean;
  /** It may change what is ignored, and how files are compared; `index`: which files are tracked. */
  readonly rules: boolean | 'index';
}

const files: Meaning = { kinds: ['worktree'], counts: true, rules: false };
const rules: Meaning = { kinds: ['worktree'], counts: true, rules: true };
const head: Meaning = { kinds: ['head'], counts: true, rules: false };
const index: Meaning = { kinds: ['head'], counts: true, rules: 'index' };
const refs: Meaning = { kinds: ['refs'], counts: true, rules: false };
const otherWorktrees: Meaning = { kinds: ['refs'], counts: false, rules: false };
const everything: Meaning = { kinds: ['worktree', 'head', 'refs'], counts: true, rules: true };

/** Of a path in a work tree. */
export function meaningInWorktree(path: string): Meaning {
  if (path === '.git') return everything;
  const name = path.slice(path.lastIndexOf('/') + 1);
  // A `.git` makes a repository of its own, not looked into; `.ignore` counts in folders that are no repository.
  return name === '.gitignore' || name === '.ignore' || name === '.git' ? rules : files;
}

/** Of a path in the work tree's own git folder, which may be the one that all work trees share. Null: nothing. */
export function meaningInGitDir(path: string): Meaning | null {
  return meaningInAny(path, path === 'index' ? index : head);
}

/** Of a path in the git folder that all work trees share, where that is not the work tree's own. Null: nothing. */
export function meaningInCommonDir(path: string): Meaning | null {
  return meaningInAny(path, path === 'HEAD' ? otherWorktrees : null); // the main work tree's HEAD
}

function meaningInAny(path: string, otherwise: Meaning | null): Meaning | null {
  if (path === '') return everything;
  if (path.endsWith('.lock')) return null; // what becomes of it is told when it gets its name
  if (path.startsWith('sharedindex.')) return null; // never changed, but touched when read; the index names another
  const [top, , inner] = path.split('/');
  switch (top) {
    case 'refs':
    case 'reftable':
    case 'packed-refs':
    case 'shallow':
      return refs;
    case 'config':
    case 'config.worktree':
    case 'info':
      return rules;
    case 'worktrees':
      // That there is one, where it is, and its HEAD; not its index.
      return inner === undefined || ['HEAD', 'gitdir', 'locked'].includes(inner) ? otherWorktrees : null;
    default:
      return otherwise;
  }
}

/** Folders of a git folder in which something matters; never objects, logs or hooks. */
export function isWantedInGitDir(path: string): boolean {
  const names = path.split('/');
  switch (names[0]) {
    case 'refs':
    case 'reftable':
      return true;
    case 'info':
      return names.length === 1;
    case 'worktrees':
      return names.length <= 2;
    default:
      return false;
  }
}
