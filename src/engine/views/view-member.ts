import type { TreeId } from '../../model/index.js';
import type { DependencyRequest } from '../packages/project-packages.js';
import type { Session } from '../session/session.js';
import type { CallOptions, Freshness, HitLabels, ResolvedRev, SkippedFile } from '../types.js';

/** A root tree in the place that it has in a view. */
export interface MountedRoot {
  /** The folder of the view that it is: one or more names with `/` between. No mount of a view lies in another. */
  readonly mount: string;
  /** Stored, or in memory. */
  readonly tree: TreeId;
  /** What it is the root of. */
  readonly rev: ResolvedRev;
  /** What hits in a file carry besides `repo`, which is its mount: of a package that the store has all of; null for a file of the repository's own. */
  readonly labelsOf?: (path: string) => Omit<HitLabels, 'repo'> | null;
  /** The repository that has what the store has not; null: the store has all. */
  readonly session: Session | null;
  /** Packages in it that could not be read. */
  readonly leftOut?: readonly SkippedFile[];
  readonly freshness: () => Promise<Freshness>;
}

/** A repository that is a member of a view. */
export interface MountedRepository {
  readonly mount: string;
  readonly session: Session;
  /** The rev that it always has there; null: what is asked for. */
  readonly rev: string | null;
}

/** Something that a view is made of: a repository, a folder, the packages of a project. Held while it is searched. */
export interface ViewMember {
  /** The repository that it is; null: it is none. */
  readonly repository: MountedRepository | null;
  /** The roots that it is at a rev, indexed first if need be; undefined: at the rev that it has by itself. */
  roots(rev: string | undefined, call: CallOptions): Promise<readonly MountedRoot[]>;
  /** The same with packages of what it is, in place of those that it has by itself. */
  withPackages(request: DependencyRequest): ViewMember;
  /** Where in the view a path on this machine's disk is; null when it is not in this member. */
  locate(path: string): string | null;
  release(): void;
}
