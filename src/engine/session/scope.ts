import type { Freshness, HitLabels, ResolvedRev } from '../types.js';
import type { CallOptions, FileFilter, SkippedFile } from '../types.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { DependencyRequest } from '../packages/project-packages.js';
import type { SharedStore } from '../shared/shared-store.js';
import type { Session } from './session.js';

/** What can be searched as one: a repository or folder (see Session), or a view of several roots. */
export interface Scope {
  readonly shared: SharedStore;
  /** The one repository that it is; null for a view. */
  readonly session: Session | null;
  /** The repositories that it is, or is made of. */
  readonly sessions: readonly Session[];
  /** Of a view: the same with packages of all its repositories. */
  withPackages?(request: DependencyRequest): Scope;
  /** What people call it. */
  readonly name: string;
  /** What a REV names here; undefined: what one sees. */
  resolve(rev: string | undefined, call: CallOptions): Promise<ResolvedRev>;
  /** Opens the snapshot of that, which is indexed first if need be. */
  open(rev: string | undefined, call: CallOptions): Promise<OpenedRev>;
  /** A file's path as the snapshot has it, however it was written: `./a/b`, `/home/me/app/a/b`, `file:///…`. */
  rootedPath(path: string): string;
  /** The same with places on this machine's disk made into places in the snapshot. */
  rooted<T extends FileFilter>(filter: T): T;
}

export interface OpenedRev {
  readonly rev: ResolvedRev;
  /** Release it after use. */
  readonly snapshot: Snapshot;
  /** Asked when the answer is given: until then a work tree may change. */
  readonly freshness: () => Promise<Freshness>;
  /** Where the file of a path of the snapshot is from. */
  readonly origin: (path: string) => Origin;
  /** Packages that could not be read. Absent: none. */
  readonly leftOut?: readonly SkippedFile[];
}

/** Of which root a file of a snapshot is. */
export interface Origin {
  /** Its path there. */
  readonly path: string;
  /** What answers say of where it is from: nothing where one repository is searched. */
  readonly labels: HitLabels;
  readonly rev: ResolvedRev;
  readonly freshness: () => Promise<Freshness>;
  /** The repository that has what the store does not; null for a root that is all in the store. */
  readonly session: Session | null;
}
