import { collectBatches, type Batches } from '../base/index.js';
import { countRev, grepRev, grepRevs } from './answers/grep.js';
import { searchRev } from './answers/search.js';
import { showFile } from './answers/show.js';
import { definitionOf, outlineOf, symbolsOf } from './answers/symbols.js';
import { checkArguments } from './check-arguments.js';
import { withRev } from './revs/revs.js';
import type { Place } from './session/place.js';
import type { Scope } from './session/scope.js';
import type { SharedStore } from './shared/shared-store.js';
import type * as api from './types.js';
import type { NamedViews } from './views/named-views.js';

/** What an engine answers wherever it looks: at one repository, or at a view. What a search of an indexed rev does not need is loaded on use. */
export abstract class ScopeEngine<S extends Scope & { release(): void }> {
  private closing: Promise<void> | null = null;

  constructor(
    protected readonly shared: SharedStore,
    protected readonly place: Place<S>,
    private readonly named: NamedViews,
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
    return this.place.run((scope) => scope.resolve(rev, options));
  }

  async grep(pattern: string, options: api.GrepOptions = {}): Promise<api.GrepResult> {
    const { items, rest } = await collectBatches(this.grepBatches(pattern, options));
    return { ...rest, lines: items };
  }

  grepBatches(pattern: string, options: api.GrepOptions = {}): Batches<api.LineMatch, api.GrepSummary> {
    return this.place.stream((scope) => grepRev(scope, pattern, scope.rooted(options)));
  }

  async grepCounts(pattern: string, options: api.GrepOptions = {}): Promise<api.GrepCountsResult> {
    const { items, rest } = await collectBatches(this.grepCountBatches(pattern, options));
    return { ...rest, files: items };
  }

  grepCountBatches(pattern: string, options: api.GrepOptions = {}): Batches<api.FileMatchCount, api.GrepCountsSummary> {
    return this.place.stream((scope) => countRev(scope, pattern, scope.rooted(options)));
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
    return this.place.stream((scope) => grepRevs(scope, pattern, from, to, scope.rooted(options)));
  }

  search(query: string, options: api.SearchOptions = {}): Promise<api.SearchResult> {
    return this.place.run((scope) => searchRev(scope, query, scope.rooted(options)));
  }

  symbols(name: string, options: api.SymbolsOptions = {}): Promise<api.SymbolsResult> {
    return this.place.run((scope) => symbolsOf(scope, name, scope.rooted(options)));
  }

  definition(name: string, options: api.DefinitionOptions = {}): Promise<api.DefinitionResult> {
    return this.place.run((scope) => definitionOf(scope, name, scope.rooted(options)));
  }

  references(name: string, options: api.ReferencesOptions = {}): Promise<api.ReferencesResult> {
    return this.place.run(async (scope) => {
      const { referencesTo } = await import('./answers/references.js');
      return referencesTo(scope, name, scope.rooted(options));
    });
  }

  outline(rev: string | undefined, path: string, options: api.CallOptions = {}): Promise<api.OutlineResult> {
    return this.place.run((scope) => outlineOf(scope, rev, scope.rootedPath(path), options));
  }

  files(options: api.FilesOptions = {}): Promise<api.FilesResult> {
    return this.place.run(async (scope) => {
      const { listFiles } = await import('./answers/files.js');
      return listFiles(scope, scope.rooted(options));
    });
  }

  compare(
    from: string,
    to: string,
    options: api.CallOptions & api.FileFilter & { limit?: number } = {},
  ): Promise<api.CompareResult> {
    return this.place.run(async (scope) => {
      const { compareRevs } = await import('./answers/files.js');
      return compareRevs(scope, from, to, scope.rooted(options));
    });
  }

  show(
    rev: string | undefined,
    path: string,
    lines?: { start: number; end: number },
    options: api.CallOptions = {},
  ): Promise<api.ShownText> {
    return this.place.run((scope) =>
      withRev(scope, rev, options, (opened) => showFile(scope, opened, scope.rootedPath(path), lines, options.signal)),
    );
  }

  status(): Promise<api.StatusResult> {
    return this.place.runAnywhere(async (scope) => {
      const { storeStatus } = await import('./upkeep/status.js');
      return storeStatus(this.shared, scope?.session ?? null);
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

  views(): Promise<readonly api.ViewInfo[]> {
    return Promise.resolve(this.named.list());
  }

  addView(name: string, roots: readonly string[], options: api.CallOptions = {}): Promise<api.ViewInfo> {
    return this.named.add(name, roots, options);
  }

  dropView(name: string): Promise<void> {
    return this.named.drop(name);
  }

  close(): Promise<void> {
    return (this.closing ??= this.place.close().then(this.onClosed));
  }
}
