import type { Oid } from './ids.js';

/** What an entry of a git tree is. Symlinks and submodules are recorded, never followed. Positions are stored: append only. */
export const entryKinds = ['file', 'executable', 'symlink', 'submodule', 'tree'] as const;
export type EntryKind = (typeof entryKinds)[number];

export interface TreeEntry {
  /** One path component. Bytes that are not UTF-8 come as lone surrogates (see base `decodeBytes`). */
  readonly name: string;
  readonly kind: EntryKind;
  readonly oid: Oid;
}

/** Why a file of a tree has no searchable lines. Positions are stored: append only. */
export const skipReasons = ['binary', 'too-large', 'missing', 'ignored', 'minified', 'generated'] as const;
export type SkipReason = (typeof skipReasons)[number];

/** Folders in folders that a path may have: git's own bound (core.maxTreeDepth). */
export const treeDepthMax = 4096;

/** Whether a path has more components than git takes. */
export const isTooDeep = (path: string): boolean => {
  // A component takes two characters, with its slash.
  if (path.length < 2 * treeDepthMax) return false;
  let depth = 1;
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) depth++;
  return depth > treeDepthMax;
};
