import { collectBatches, type Batches } from '../base/index.js';
import { checkArguments } from './check-arguments.js';
import { dropFork, forkRev, listForks } from './forks/forks.js';
import { countRev, grepRev, grepRevs } from './answers/grep.js';
import { resolveTarget, withRev } from './revs/revs.js';
import { searchRev } from './answers/search.js';
import { rootedPath, rootedPaths } from './rooted-paths.js';
import type { Session } from './session/session.js';
import type { RepositoryPlace } from './session/sessions.js';
import type { SharedStore } from './shared/shared-store.js';
import { showFile } from './answers/show.js';
import { definitionOf, outlineOf, symbolsOf } from './answers/symbols.js';
import type * as api from './types.js';

const rooted = <T extends api.FileFilter>({ repository }: Session, options: T): T =>
  rootedPaths(options, repository.workTree);

/** One store seen from the repository at a place. What a search of an indexed rev does not need is loaded on use. */
export class RepositoryEngine implements api.Engine {
  private closing: Promise<void> | null = null;

  constructor(
    private readonly shared: SharedStore,
    private readonly place: RepositoryPlace,
    private readonly onClosed: () => Promise<void> | void,
  ) {
    checkArguments(this);
  }

  get isOpen(): boolean {
    return this.closing === null;
  }

  get storePath(): string {
    return this.shared.store.path;
  }

  resolve(rev: string | undefined, options: api.CallOptions = {}): Promise<api.ResolvedRev> {
    return this.place.run(
      async (session) => (await resolveTarget(session, rev ?? session.defaultRev, options)).resolved,
    );
  }

  index(revs: readonly string[], options: api.IndexOptions = {}): Promise<api.IndexResult> {
    return this.place.run(async (session) => {
      const { indexRevs } = await import('./indexing/index-revs.js');
      return indexRevs(session, revs, options);
    });
  }

  async grep(pattern: string, options: api.GrepOptions = {}): Promise<api.GrepResult> {
    const { items, rest } = await collectBatches(this.grepBatches(pattern, options));
    return { ...rest, lines: items };
  }

  grepBatches(pattern: string, options: api.GrepOptions = {}): Batches<api.LineMatch, api.GrepSummary> {
    return this.place.stream((session) => grepRev(session, pattern, rooted(session, options)));
  }

  async grepCounts(pattern: string, options: api.GrepOptions = {}): Promise<api.GrepCountsResult> {
    const { items, rest } = await collectBatches(this.grepCountBatches(pattern, options));
    return { ...rest, files: items };
  }

  grepCountBatches(pattern: string, options: api.GrepOptions = {}): Batches<api.FileMatchCount, api.GrepCountsSummary> {
    return this.place.stream((session) => countRev(session, pattern, rooted(session, options)));
  }

  async grepRange(
    pattern: string,
    from: string,
    to: string,
    options: api.GrepRangeOptions = {},
  ): Promise<api.GrepRangeResult> {
    const { items, rest } = await collectBatches(this.grepRangeBatches(pattern, from, to, options));
    return { ...rest, lines: items };
  }

  grepRangeBatches(
    pattern: string,
    from: string,
    to: string,
    options: api.GrepRangeOptions = {},
  ): Batches<api.RangeLineMatch, api.GrepRangeSummary> {
    return this.place.stream((session) => grepRevs(session, pattern, from, to, rooted(session, options)));
  }

  search(query: string, options: api.SearchOptions = {}): Promise<api.SearchResult> {
    return this.place.run((session) => searchRev(session, query, rooted(session, options)));
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

  symbols(name: string, options: api.SymbolsOptions = {}): Promise<api.SymbolsResult> {
    return this.place.run((session) => symbolsOf(session, name, rooted(session, options)));
  }

  definition(name: string, options: api.DefinitionOptions = {}): Promise<api.DefinitionResult> {
    return this.place.run((session) => definitionOf(session, name, rooted(session, options)));
  }

  references(name: string, options: api.ReferencesOptions = {}): Promise<api.ReferencesResult> {
    return this.place.run(async (session) => {
      const { referencesTo } = await import('./answers/references.js');
      return referencesTo(session, name, rooted(session, options));
    });
  }

  outline(rev: string | undefined, path: string, options: api.CallOptions = {}): Promise<api.OutlineResult> {
    return this.place.run((session) =>
      outlineOf(session, rev ?? session.defaultRev, rootedPath(path, session.repository.workTree), options),
    );
  }

  revs(options: api.RevsOptions = {}): Promise<api.RevsResult> {
    return this.place.run(async (session) => {
      const { listRevs } = await import('./answers/named-revs.js');
      return listRevs(session, options);
    });
  }

  files(options: api.FilesOptions = {}): Promise<api.FilesResult> {
    return this.place.run(async (session) => {
      const { listFiles } = await import('./answers/files.js');
      return listFiles(session, rooted(session, options));
    });
  }

  compare(
    from: string,
    to: string,
    options: api.CallOptions & api.FileFilter & { limit?: number } = {},
  ): Promise<api.CompareResult> {
    return this.place.run(async (session) => {
      const { compareRevs } = await import('./answers/files.js');
      return compareRevs(session, from, to, rooted(session, options));
    });
  }

  log(
    pattern: string,
    revs: readonly string[] = [],
    options: api.LogOptions = {},
  ): AsyncGenerator<api.LineHistory, void, undefined> {
    return this.place.stream(async function* (session) {
      const { logLines } = await import('./answers/log.js');
      yield* logLines(session, pattern, revs, rooted(session, options));
    });
  }

  logCommits(
    pattern: string,
    revs: readonly string[] = [],
    options: api.LogOptions = {},
  ): AsyncGenerator<api.OccurrenceChange, void, undefined> {
    return this.place.stream(async function* (session) {
      const { logCommits } = await import('./answers/log.js');
      yield* logCommits(session, pattern, revs, rooted(session, options));
    });
  }

  show(
    rev: string | undefined,
    path: string,
    lines?: { start: number; end: number },
    options: api.CallOptions = {},
  ): Promise<api.ShownText> {
    return this.place.run((session) =>
      withRev(session, rev ?? session.defaultRev, options, (opened) =>
        showFile(session, opened, rootedPath(path, session.repository.workTree), lines, options.signal),
      ),
    );
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

  status(): Promise<api.StatusResult> {
    return this.place.runAnywhere(async (session) => {
      const { storeStatus } = await import('./upkeep/status.js');
      return storeStatus(this.shared, session);
    });
  }

  gc(options: api.CallOptions & { dryRun?: boolean } = {}): Promise<api.GcResult> {
    return this.place.runAnywhere(async () => {
      const { collect } = await import('./upkeep/maintenance.js');
      return collect(this.shared, options);
    });
  }

  doctor(options: api.CallOptions & { repair?: boolean } = {}): Promise<api.DoctorResult> {
    return this.place.runAnywhere(async () => {
      const { examine } = await import('./upkeep/maintenance.js');
      return examine(this.shared, options);
    });
  }

  close(): Promise<void> {
    return (this.closing ??= this.place.close().then(this.onClosed));
  }
}
