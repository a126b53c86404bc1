import { CoppiceError } from '../../base/index.js';
import type { DependencyRequest } from '../packages/project-packages.js';
import { rootedPath } from '../rooted-paths.js';
import { ensureRoot, freshnessOf, withTarget } from '../revs/revs.js';
import type { Target } from '../revs/revs.js';
import type { CallOptions } from '../types.js';
import type { MountedRepository, MountedRoot, ViewMember } from './view-member.js';

/** A repository or folder in a view, alone or with the packages that it depends on: these lie in it where they are installed, or would be. */
export class RepositoryMember implements ViewMember {
  /** `rev`: the one that it has in this view, whichever is asked for; null: what is asked for, else what one sees. */
  constructor(
    readonly repository: MountedRepository,
    private readonly packages: DependencyRequest | null = null,
  ) {}

  async roots(asked: string | undefined, call: CallOptions): Promise<readonly MountedRoot[]> {
    const { session, mount, rev: own } = this.repository;
    const rev = own ?? asked ?? session.defaultRev;
    try {
      const root = await withTarget(session, rev, call, async (target) =>
        this.packages === null ? this.ownRoot(target, call) : this.rootWithPackages(target, this.packages, call),
      );
      return root === null ? [] : [root];
    } catch (error) {
      if (!(error instanceof CoppiceError) || !ofTheRev.has(error.code)) throw error;
      const { code, message, hint, data } = error;
      throw new CoppiceError(code, `${mount}: ${message}`, { ...(hint && { hint }), data: { ...data, repo: mount } });
    }
  }

  withPackages(request: DependencyRequest): RepositoryMember {
    return new RepositoryMember(this.repository, request);
  }

  locate(path: string): string | null {
    const { session, mount } = this.repository;
    const below = rootedPath(path, session.repository.workTree);
    return below === path ? null : `${mount}/${below}`;
  }

  release(): void {
    this.repository.session.release();
  }

  private async ownRoot(target: Target, call: CallOptions): Promise<MountedRoot> {
    const { session, mount } = this.repository;
    const tree = await ensureRoot(session, target, call);
    return { mount, tree, rev: target.resolved, session, freshness: freshnessOf(session, target) };
  }

  /** Null where it has no such packages, and its own files are not asked for. */
  private async rootWithPackages(
    target: Target,
    request: DependencyRequest,
    call: CallOptions,
  ): Promise<MountedRoot | null> {
    const { session, mount } = this.repository;
    const { packageLabels, leftOut } = await import('../packages/dependency-scope.js');
    const packages = await session.packages();
    try {
      const { root, tree, index, unreadable } = await packages.view(target, request, call);
      const commit = target.worktree === null ? target.resolved.commit : null;
      const rev = { ...target.resolved, commit, tree };
      const freshness = freshnessOf(session, target);
      return {
        mount,
        tree: root,
        rev,
        labelsOf: packageLabels(index),
        leftOut: unreadable.map(leftOut),
        session,
        freshness,
      };
    } catch (error) {
      const isWithout = error instanceof CoppiceError && withoutPackages.has(error.code);
      if (!isWithout) throw error;
      return request.withOwn === true ? this.ownRoot(target, call) : null;
    }
  }
}

const withoutPackages: ReadonlySet<string> = new Set(['NO_DEPENDENCIES', 'PACKAGE_NOT_FOUND']);

/** Errors that need to be told of which repository they are. */
const ofTheRev: ReadonlySet<string> = new Set([
  'REV_NOT_FOUND',
  'REV_NOT_A_TREE',
  'EMPTY_REPOSITORY',
  'NO_WORKTREE',
  'LOCKFILE_INVALID',
  'LOCKFILE_UNSUPPORTED',
]);
