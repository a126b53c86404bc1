import { dropFork, forkRev, listForks } from './forks/forks.js';
import { ScopeEngine } from './scope-engine.js';
import type { Session } from './session/session.js';
import type * as api from './types.js';

/** One store seen from the repository at a place. */
export class RepositoryEngine extends ScopeEngine<Session> implements api.Engine {
  index(revs: readonly string[], options: api.IndexOptions = {}): Promise<api.IndexResult> {
    return this.place.run(async (session) => {
      const { indexRevs } = await import('./indexing/index-revs.js');
      return indexRevs(session, revs, options);
    });
  }

  describe(revs: readonly string[] = [], options: api.DescribeOptions = {}): Promise<api.DescribeResult> {
    return this.place.run(async (session) => {
      const { describeRevs } = await import('./answers/describe.js');
      return describeRevs(session, revs, options);
    });
  }

  describePlan(
    revs: readonly string[] = [],
    options: api.CallOptions = {},
  ): AsyncGenerator<api.PlannedDescription, void, undefined> {
    return this.place.stream(async function* (session) {
      const { planDescriptions } = await import('./answers/describe.js');
      yield* planDescriptions(session, revs, options);
    });
  }

  changes(rev: string, options: api.ChangesOptions = {}): AsyncGenerator<api.FileChanges, void, undefined> {
    return this.place.stream(async function* (session) {
      const { listChanges } = await import('./answers/changes.js');
      yield* listChanges(session, rev, options);
    });
  }

  changedLines(
    parent: string,
    commit: string,
    path: string,
    options: api.CallOptions = {},
  ): Promise<readonly api.ChangedLines[]> {
    return this.place.run(async (session) => {
      const { linesChanged } = await import('./answers/changes.js');
      return linesChanged(session, parent, commit, path, options);
    });
  }

  addLabel(label: api.Label): Promise<api.AddedLabel> {
    return this.place.run(async (session) => {
      const { addLabel } = await import('./answers/labels.js');
      return addLabel(session, label);
    });
  }

  revs(options: api.RevsOptions = {}): Promise<api.RevsResult> {
    return this.place.run(async (session) => {
      const { listRevs } = await import('./answers/named-revs.js');
      return listRevs(session, options);
    });
  }

  log(
    pattern: string,
    revs: readonly string[] = [],
    options: api.LogOptions = {},
  ): AsyncGenerator<api.LineHistory, void, undefined> {
    return this.place.stream(async function* (session) {
      const { logLines } = await import('./answers/log.js');
      yield* logLines(session, pattern, revs, session.rooted(options));
    });
  }

  logCommits(
    pattern: string,
    revs: readonly string[] = [],
    options: api.LogOptions = {},
  ): AsyncGenerator<api.OccurrenceChange, void, undefined> {
    return this.place.stream(async function* (session) {
      const { logCommits } = await import('./answers/log.js');
      yield* logCommits(session, pattern, revs, session.rooted(options));
    });
  }

  fork(name: string, options: api.CallOptions & { from?: string; ttlMs?: number } = {}): Promise<api.ForkResult> {
    return this.place.run((session) => forkRev(session, name, options.from ?? 'HEAD', options));
  }

  apply(name: string, steps: readonly api.ApplyStep[], options: api.CallOptions = {}): Promise<api.ApplyResult> {
    return this.place.run(async (session) => {
      const { applySteps } = await import('./forks/apply.js');
      return applySteps(session, name, steps, options);
    });
  }

  forks(): Promise<readonly api.ForkInfo[]> {
    return this.place.run(listForks);
  }

  drop(name: string): Promise<void> {
    return this.place.run((session) => dropFork(session, name));
  }

  lease(rev: string, options: api.CallOptions & { ttlMs?: number } = {}): Promise<api.LeaseInfo> {
    return this.place.run(async (session) => {
      const { leaseRev } = await import('./forks/leases.js');
      return leaseRev(session, rev, options);
    });
  }

  renewLease(lease: string, options: api.CallOptions & { ttlMs?: number } = {}): Promise<api.LeaseInfo> {
    return this.place.run(async (session) => {
      const { renewLease } = await import('./forks/leases.js');
      return renewLease(session, lease, options.ttlMs);
    });
  }

  releaseLease(lease: string): Promise<void> {
    return this.place.run(async (session) => {
      const { releaseLease } = await import('./forks/leases.js');
      return releaseLease(session, lease);
    });
  }

  putOverlay(
    id: string,
    files: readonly api.OverlayFile[],
    options: api.CallOptions & { ttlMs?: number } = {},
  ): Promise<api.OverlayInfo> {
    return this.place.run((session) => session.overlays.put(id, files, options.ttlMs));
  }

  dropOverlay(id: string): Promise<void> {
    return this.place.run((session) => Promise.resolve(session.overlays.drop(id)));
  }
}
