import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../support/git.js';
import type { FileContent, TestRepository } from '../../support/git.js';

/** A tree as a plain map from paths to bytes: what forks and commits are checked against. */
export type FileTree = ReadonlyMap<string, Uint8Array>;

/** With a file written; a file gives way to a folder and a folder to a file, as in git. */
export function withFile(tree: FileTree, path: string, content: Uint8Array): FileTree {
  const next = new Map(tree);
  for (const other of tree.keys()) {
    if (path.startsWith(`${other}/`) || other.startsWith(`${path}/`)) next.delete(other);
  }
  return next.set(path, content);
}

export function withoutFile(tree: FileTree, path: string): FileTree {
  const next = new Map(tree);
  next.delete(path);
  return next;
}

export function sameContent(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0);
}

/**
 * `tree` with what changed from `before` to `after`, or null when it changed the same paths otherwise: how a fork takes
 * over a commit.
 */
export function withChanges(tree: FileTree, before: FileTree, after: FileTree): FileTree | null {
  const removed: string[] = [];
  const written: [string, Uint8Array][] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [old, now, here] = [before.get(path), after.get(path), tree.get(path)];
    if (sameContent(old, now) || sameContent(here, now)) continue;
    if (!sameContent(here, old)) return null;
    if (now === undefined) removed.push(path);
    else written.push([path, now]);
  }
  let next: FileTree = tree;
  for (const path of removed) next = withoutFile(next, path);
  for (const [path, content] of written) next = withFile(next, path, content);
  return next;
}

/** Commits exactly these files on a branch. */
export function commitTree(repository: TestRepository, tree: FileTree, branch = 'main'): string {
  const files: Record<string, FileContent> = Object.fromEntries(tree);
  return repository.commit(files, { replace: true, branch });
}

export const treeOf = (repository: TestRepository, rev: string): string => repository.revParse(`${rev}^{tree}`);

/** The difference between two trees of a repository as a patch, byte for byte. */
export function diffOf(repository: TestRepository, before: string, after: string, renames: boolean): Buffer {
  const output = join(makeFolder(), 'patch');
  const args = ['diff', '--binary', '--full-index', renames ? '-M' : '--no-renames', `--output=${output}`];
  repository.git(...args, before, after);
  return readFileSync(output);
}
