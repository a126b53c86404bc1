import { collectBatches, type Batches } from '../base/index.js';
import { countRev, grepRev, grepRevs } from './answers/grep.js';
import { searchRev } from './answers/search.js';
import { showFile } from './answers/show.js';
import { definitionOf, outlineOf, symbolsOf } from './answers/symbols.js';
import { checkArguments } from './check-arguments.js';
import { asksForPackages } from './packages/asked-packages.js';
import type { AskedPackages } from './packages/asked-packages.js';
import { withRev } from './revs/revs.js';
import type { Place } from './session/place.js';
import type { Scope } from './session/scope.js';
import { streamUntilHere, untilHere } from './session/until-here.js';
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
    return streamIn(this.place, options, (scope) => grepRev(scope, pattern, scope.rooted(options)));
  }

  async grepCounts(pattern: string, options: api.GrepOptions = {}): Promise<api.GrepCountsResult> {
    const { items, rest } = await collectBatches(this.grepCountBatches(pattern, options));
    return { ...rest, files: items };
  }

  grepCountBatches(pattern: string, options: api.GrepOptions = {}): Batches<api.FileMatchCount, api.GrepCountsSummary> {
    return streamIn(this.place, options, (scope) => countRev(scope, pattern, scope.rooted(options)));
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
    return streamIn(this.place, { ...options, range: { from, to } }, (scope) =>
      grepRevs(scope, pattern, from, to, scope.rooted(options)),
    );
  }

  search(query: string, options: api.SearchOptions = {}): Promise<api.SearchResult> {
    return runIn(this.place, { ...options, query }, (scope) => searchRev(scope, query, scope.rooted(options)));
  }

  symbols(name: string, options: api.SymbolsOptions = {}): Promise<api.SymbolsResult> {
    return runIn(this.place, options, (scope) => symbolsOf(scope, name, scope.rooted(options)));
  }

  definition(name: string, options: api.DefinitionOptions = {}): Promise<api.DefinitionResult> {
    return runIn(this.place, options, (scope) => definitionOf(scope, name, scope.rooted(options)));
  }

  references(name: string, options: api.ReferencesOptions = {}): Promise<api.ReferencesResult> {
    return runIn(this.place, options, async (scope) => {
      const { referencesTo } = await import('./answers/references.js');
      return referencesTo(scope, name, scope.rooted(options));
    });
  }

  outline(
    rev: string | undefined,
    path: string,
    options: api.CallOptions & api.DependencyFilter = {},
  ): Promise<api.OutlineResult> {
    return runIn(this.place, options, (scope) => outlineOf(scope, rev, scope.rootedPath(path), options));
  }

  files(options: api.FilesOptions = {}): Promise<api.FilesResult> {
    return runIn(this.place, options, async (scope) => {
      const { listFiles } = await import('./answers/files.js');
      return listFiles(scope, scope.rooted(options));
    });
  }

  folder(path: string, options: api.FolderOptions = {}): Promise<api.FolderResult> {
    return runIn(this.place, options, async (scope) => {
      const { listFolder } = await import('./answers/folder.js');
      return listFolder(scope, path === '' ? '' : scope.rootedPath(path), options);
    });
  }

  lastChanges(path: string, options: api.LastChangesOptions = {}): AsyncGenerator<api.LastChange, void, undefined> {
    return streamIn(this.place, options, async function* (scope) {
      const { listLastChanges } = await import('./answers/folder.js');
      yield* listLastChanges(scope, path === '' ? '' : scope.rootedPath(path), options);
    });
  }

  compare(
    from: string,
    to: string,
    options: api.CallOptions & api.FileFilter & { limit?: number } = {},
  ): Promise<api.CompareResult> {
    return runIn(this.place, options, async (scope) => {
      const { compareRevs } = await import('./answers/files.js');
      return compareRevs(scope, from, to, scope.rooted(options));
    });
  }

  show(
    rev: string | undefined,
    path: string,
    lines?: { start: number; end: number },
    options: api.CallOptions & api.DependencyFilter = {},
  ): Promise<api.ShownText> {
    return runIn(this.place, options, (scope) =>
      withRev(scope, rev, options, (opened) => showFile(scope, opened, scope.rootedPath(path), lines, options.signal)),
    );
  }

  status(): Promise<api.StatusResult> {
    return this.place.runAnywhere(async (scope) => {
      const { storeStatus } = await import('./upkeep/status.js');
      return storeStatus(this.shared, scope?.sessions ?? []);
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

  addView(
    name: string,
    roots: readonly string[],
    options: api.CallOptions & { deps?: boolean } = {},
  ): Promise<api.ViewInfo> {
    return this.named.add(name, roots, options);
  }

  dropView(name: string): Promise<void> {
    return this.named.drop(name);
  }

  close(): Promise<void> {
    return (this.closing ??= this.place.close().then(this.onClosed));
  }
}

type Asked = AskedPackages & api.CallOptions;
type Searched = Scope & { release(): void };

/** Runs an action where a filter of packages says, else on what is there. */
function runIn<S extends Searched, T>(place: Place<S>, asked: Asked, action: (scope: Scope) => Promise<T>): Promise<T> {
  if (!asksForPackages(asked)) return place.run((scope) => untilHere(asked.signal, () => action(scope)));
  return place.run(async (scope) => {
    const own = await packagesOf(scope, asked);
    return untilHere(asked.signal, () => action(own));
  });
}

/** As `runIn`, for an action with many results. */
function streamIn<S extends Searched, T, R>(
  place: Place<S>,
  asked: Asked,
  action: (scope: Scope) => AsyncGenerator<T, R, undefined>,
): AsyncGenerator<T, R, undefined> {
  if (!asksForPackages(asked)) return place.stream((scope) => streamUntilHere(asked.signal, () => action(scope)));
  return place.stream(async function* (scope) {
    const own = await packagesOf(scope, asked);
    return yield* streamUntilHere(asked.signal, () => action(own));
  });
}

async function packagesOf(scope: Scope, asked: Asked): Promise<Scope> {
  const { dependencyScope, requestOf } = await import('./packages/dependency-scope.js');
  if (scope.session !== null) return dependencyScope(scope.session, asked);
  const request = requestOf(asked);
  return request === null ? scope : (scope.withPackages?.(request) ?? scope);
}
