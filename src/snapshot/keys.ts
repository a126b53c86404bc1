import { contentHash } from '../base/index.js';
import type { Oid, RepositoryId } from '../model/index.js';

/**
 * The part of the configuration that decides what a file or tree looks like in the store; part of every key, so that
 * a change of a rule indexes anew what it touches and nothing else.
 */
export interface KeyContext {
  /** Fingerprint of the skipping rules. */
  readonly rules: string;
  /** Blob of the root's `.coppiceignore`; null without one. */
  readonly ignore: Oid | null;
}

/** Key of a root tree: what a commit, fork or work tree names. */
export const rootKey = (oid: Oid, rules: string): Buffer => contentHash(`root\0${rules}\0${oid}`);

/** Key of a directory below a root. Under a `.coppiceignore` it depends on its path; otherwise on its content alone. */
export const treeKey = (oid: Oid, path: string, { rules, ignore }: KeyContext): Buffer =>
  contentHash(ignore === null ? `tree\0${rules}\0${oid}` : `tree\0${rules}\0${oid}\0${ignore}\0${path}`);

/** Key of a blob read as one language; `byName` is what else its path says of it (see indexing's nameClass). */
export const fileKey = (oid: Oid, language: string, byName: string, rules: string): Buffer =>
  contentHash(`file\0${rules}\0${oid}\0${language}\0${byName}`);

/** Key of a commit's record in the history of a repository. */
export const commitKey = (oid: Oid, repository: RepositoryId, rules: string): Buffer =>
  contentHash(`commit\0${rules}\0${repository}\0${oid}`);

/** Key of a file that a `.coppiceignore` leaves out. */
export const ignoredFileKey = (oid: Oid): Buffer => contentHash(`ignored\0${oid}`);
