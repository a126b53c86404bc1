import { CoppiceError } from '../base/index.js';
import { ScopeEngine } from './scope-engine.js';
import type * as api from './types.js';
import type { ViewScope } from './views/view-scope.js';

/** One store seen from a view: what is asked of one repository is refused. */
export class ViewEngine extends ScopeEngine<ViewScope> implements api.Engine {
  index(revs: readonly string[], options: api.IndexOptions = {}): Promise<api.IndexResult> {
    return this.place.run(async (view) => {
      const { indexView } = await import('./indexing/index-view.js');
      return indexView(view, revs, options);
    });
  }

  async *log(): AsyncGenerator<api.LineHistory, void, undefined> {
    return this.refuse('log');
  }

  async *logCommits(): AsyncGenerator<api.OccurrenceChange, void, undefined> {
    return this.refuse('log');
  }

  describe(): Promise<api.DescribeResult> {
    return this.refuse('describe');
  }

  async *describePlan(): AsyncGenerator<api.PlannedDescription, void, undefined> {
    return this.refuse('describe');
  }

  async *changes(): AsyncGenerator<api.FileChanges, void, undefined> {
    return this.refuse('changes');
  }

  changedLines(): Promise<readonly api.ChangedLines[]> {
    return this.refuse('changedLines');
  }

  addLabel(): Promise<api.AddedLabel> {
    return this.refuse('addLabel');
  }

  revs(): Promise<api.RevsResult> {
    return this.refuse('revs');
  }

  fork(): Promise<api.ForkResult> {
    return this.refuse('fork');
  }

  apply(): Promise<api.ApplyResult> {
    return this.refuse('apply');
  }

  forks(): Promise<readonly api.ForkInfo[]> {
    return this.refuse('forks');
  }

  drop(): Promise<void> {
    return this.refuse('drop');
  }

  renewLease(): Promise<api.LeaseInfo> {
    return this.refuse('renewLease');
  }

  releaseLease(): Promise<void> {
    return this.refuse('releaseLease');
  }

  lease(): Promise<api.LeaseInfo> {
    return this.refuse('lease');
  }

  putOverlay(): Promise<api.OverlayInfo> {
    return this.refuse('putOverlay');
  }

  dropOverlay(): Promise<void> {
    return this.refuse('dropOverlay');
  }

  private async refuse(what: string): Promise<never> {
    throw new CoppiceError('NOT_IN_A_VIEW', `${what} is of one repository, and several were named`, {
      hint: 'name the one that is meant, with --repo',
    });
  }
}
