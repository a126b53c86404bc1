import type { FileId, Oid, TreeId } from '../model/index.js';

/** A file whose blob has to be read. */
export interface PendingFile {
  readonly key: Buffer;
  readonly oid: Oid;
  readonly path: string;
  readonly language: string;
  /** What its path alone says of it (see nameClass). */
  readonly byName: string;
  /** Once it is stored. */
  id: FileId | null;
  missing: boolean;
  /** It fell back for a reason that is not in it, and is stored under another key than its own. */
  provisional: boolean;
}

/** A directory that was not stored when it was planned. Children are stored ones, by number, or planned ones. */
export interface PlannedTree {
  /** Another once it turns out that the tree is incomplete. */
  key: Buffer;
  readonly oid: Oid;
  readonly path: string;
  /** Empty again once it is stored. */
  entries: readonly PlannedEntry[];
  /** Once it is stored. */
  id: TreeId | null;
  /** Something below is missing or provisional: it is stored under another key, to be planned again when it is next met. */
  incomplete: boolean;
  /** Something below is provisional. */
  provisional: boolean;
}

export type PlannedEntry =
  | {
      readonly kind: 'file' | 'executable';
      readonly name: string;
      readonly oid: Oid;
      readonly file: FileId | PendingFile;
    }
  | { readonly kind: 'tree'; readonly name: string; readonly oid: Oid; readonly tree: TreeId | PlannedTree }
  | { readonly kind: 'symlink' | 'submodule'; readonly name: string; readonly oid: Oid };
