import { CoppiceError } from '../../base/index.js';
import { rootedPath } from '../rooted-paths.js';
import { ensureRoot, freshnessOf, withTarget } from '../revs/revs.js';
import type { CallOptions } from '../types.js';
import type { MountedRepository, MountedRoot, ViewMember } from './view-member.js';

/** A repository or folder in a view. */
export class RepositoryMember implements ViewMember {
  /** `rev`: the one that it has in this view, whichever is asked for; null: what is asked for, else what one sees. */
  constructor(readonly repository: MountedRepository) {}

  async roots(asked: string | undefined, call: CallOptions): Promise<readonly MountedRoot[]> {
    const { session, mount, rev: own } = this.repository;
    const rev = own ?? asked ?? session.defaultRev;
    try {
      const root = await withTarget(session, rev, call, async (target) => ({
        mount,
        tree: await ensureRoot(session, target, call),
        rev: target.resolved,
        session,
        freshness: freshnessOf(session, target),
      }));
      return [root];
    } catch (error) {
      if (!(error instanceof CoppiceError) || !ofTheRev.has(error.code)) throw error;
      const { code, message, hint, data } = error;
      throw new CoppiceError(code, `${mount}: ${message}`, { ...(hint && { hint }), data: { ...data, repo: mount } });
    }
  }

  locate(path: string): string | null {
    const { session, mount } = this.repository;
    const below = rootedPath(path, session.repository.workTree);
    return below === path ? null : `${mount}/${below}`;
  }

  release(): void {
    this.repository.session.release();
  }
}

/** Errors that need to be told of which repository they are. */
const ofTheRev: ReadonlySet<string> = new Set(['REV_NOT_FOUND', 'REV_NOT_A_TREE', 'EMPTY_REPOSITORY', 'NO_WORKTREE']);
