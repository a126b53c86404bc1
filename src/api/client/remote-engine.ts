import type { Batches } from '../../base/index.js';
import type {
  AddedLabel,
  ApplyResult,
  ApplyStep,
  CallOptions,
  ChangedLines,
  ChangesOptions,
  CompareResult,
  DefinitionOptions,
  DefinitionResult,
  DoctorResult,
  DescribeOptions,
  DescribeResult,
  Engine,
  FileChanges,
  FileFilter,
  FileMatchCount,
  FilesOptions,
  FilesResult,
  FolderOptions,
  FolderResult,
  LastChange,
  LastChangesOptions,
  ForkInfo,
  ForkResult,
  GcResult,
  GrepCountsResult,
  GrepCountsSummary,
  GrepOptions,
  GrepRangeOptions,
  GrepRangeResult,
  GrepRangeSummary,
  GrepResult,
  GrepSummary,
  IndexOptions,
  IndexResult,
  Label,
  LeaseInfo,
  LineHistory,
  LineMatch,
  LogOptions,
  OccurrenceChange,
  OutlineResult,
  OverlayFile,
  OverlayInfo,
  RangeLineMatch,
  ReferencesOptions,
  ReferencesResult,
  PlannedDescription,
  ResolvedRev,
  RevsOptions,
  RevsResult,
  SearchOptions,
  SearchResult,
  ShownText,
  StatusResult,
  SymbolsOptions,
  SymbolsResult,
  ViewInfo,
} from '../../engine/index.js';
import type { Where } from '../../model/index.js';
import type { Operations } from '../operations.js';
import { operations } from '../operations.js';
import { toWireParameter, type WireContent } from '../wire-content.js';
import type { ClientCall } from './wire-answer.js';

/** How operations are asked of a daemon. */
export interface Transport {
  ask(operation: string, body: object, list: string | undefined, call: ClientCall): Promise<unknown>;
  /** The items of an operation in batches, and what else it answers at the end. */
  batches(operation: string, body: object, call: ClientCall): Batches<unknown, object>;
}

export interface RemoteEngineOptions {
  readonly storePath: string;
  readonly repo: Where;
  readonly transport: Transport;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** An engine that a daemon has: the same answers, without opening anything here. */
export class RemoteEngine implements Engine {
  constructor(private readonly options: RemoteEngineOptions) {}

  get storePath(): string {
    return this.options.storePath;
  }

  resolve(rev: string | undefined, call?: CallOptions): Promise<ResolvedRev> {
    return this.ask('resolve', { rev }, call);
  }

  index(revs: readonly string[], options?: IndexOptions): Promise<IndexResult> {
    return this.ask('index', { revs }, options);
  }

  grep(pattern: string, options?: GrepOptions): Promise<GrepResult> {
    return this.ask('grep', { pattern }, options);
  }

  grepBatches(pattern: string, options?: GrepOptions): Batches<LineMatch, GrepSummary> {
    return this.batches('grep', { pattern }, options);
  }

  grepCounts(pattern: string, options?: GrepOptions): Promise<GrepCountsResult> {
    return this.ask('grepCounts', { pattern }, options);
  }

  grepCountBatches(pattern: string, options?: GrepOptions): Batches<FileMatchCount, GrepCountsSummary> {
    return this.batches('grepCounts', { pattern }, options);
  }

  grepRange(pattern: string, from: string, to: string, options?: GrepRangeOptions): Promise<GrepRangeResult> {
    return this.ask('grepRange', { pattern, from, to }, options);
  }

  grepRangeBatches(
    pattern: string,
    from: string,
    to: string,
    options?: GrepRangeOptions,
  ): Batches<RangeLineMatch, GrepRangeSummary> {
    return this.batches('grepRange', { pattern, from, to }, options);
  }

  search(query: string, options?: SearchOptions): Promise<SearchResult> {
    return this.ask('search', { query }, options);
  }

  describe(revs: readonly string[] = [], options?: DescribeOptions): Promise<DescribeResult> {
    return this.ask('describe', { revs }, options);
  }

  changes(rev: string, options?: ChangesOptions): AsyncIterable<FileChanges> {
    return this.stream('changes', { rev }, options);
  }

  async changedLines(
    parent: string,
    commit: string,
    path: string,
    options?: CallOptions,
  ): Promise<readonly ChangedLines[]> {
    return (await this.ask<{ lines: readonly ChangedLines[] }>('changedLines', { parent, commit, path }, options))
      .lines;
  }

  addLabel(label: Label): Promise<AddedLabel> {
    return this.ask('addLabel', label);
  }

  describePlan(revs: readonly string[] = [], options?: CallOptions): AsyncIterable<PlannedDescription> {
    return this.stream('describePlan', { revs }, options);
  }

  symbols(name: string, options?: SymbolsOptions): Promise<SymbolsResult> {
    return this.ask('symbols', { name }, options);
  }

  definition(name: string, options?: DefinitionOptions): Promise<DefinitionResult> {
    return this.ask('definition', { name }, options);
  }

  references(name: string, options?: ReferencesOptions): Promise<ReferencesResult> {
    return this.ask('references', { name }, options);
  }

  outline(rev: string | undefined, path: string, options?: CallOptions): Promise<OutlineResult> {
    return this.ask('outline', { rev, path }, options);
  }

  revs(options?: RevsOptions): Promise<RevsResult> {
    return this.ask('revs', {}, options);
  }

  files(options?: FilesOptions): Promise<FilesResult> {
    return this.ask('files', {}, options);
  }

  folder(path: string, options?: FolderOptions): Promise<FolderResult> {
    return this.ask('folder', { path }, options);
  }

  lastChanges(path: string, options?: LastChangesOptions): AsyncIterable<LastChange> {
    return this.stream('lastChanges', { path }, options);
  }

  compare(from: string, to: string, options?: CallOptions & FileFilter & { limit?: number }): Promise<CompareResult> {
    return this.ask('compare', { from, to }, options);
  }

  log(pattern: string, revs: readonly string[] = [], options?: LogOptions): AsyncIterable<LineHistory> {
    return this.stream('log', { pattern, revs }, options);
  }

  logCommits(pattern: string, revs: readonly string[] = [], options?: LogOptions): AsyncIterable<OccurrenceChange> {
    return this.stream('logCommits', { pattern, revs }, options);
  }

  async show(
    rev: string | undefined,
    path: string,
    lines?: { start: number; end: number },
    options?: CallOptions,
  ): Promise<ShownText> {
    const { text, encoding, ...shown } = await this.ask<Omit<ShownText, 'content'> & WireContent>(
      'show',
      { rev, path, ...lines },
      options,
    );
    return { ...shown, content: Buffer.from(text, encoding) };
  }

  fork(name: string, options?: CallOptions & { from?: string; ttlMs?: number }): Promise<ForkResult> {
    return this.ask('fork', { name }, options);
  }

  apply(name: string, steps: readonly ApplyStep[], options?: CallOptions): Promise<ApplyResult> {
    return this.ask('apply', { name, steps: steps.map(toWireStep) }, options);
  }

  async forks(): Promise<readonly ForkInfo[]> {
    return (await this.ask<{ forks: readonly ForkInfo[] }>('forks', {})).forks;
  }

  async drop(name: string): Promise<void> {
    await this.ask('drop', { name });
  }

  lease(rev: string, options?: CallOptions & { ttlMs?: number }): Promise<LeaseInfo> {
    return this.ask('lease', { rev }, options);
  }

  renewLease(lease: string, options?: CallOptions & { ttlMs?: number }): Promise<LeaseInfo> {
    return this.ask('renewLease', { lease }, options);
  }

  async releaseLease(lease: string): Promise<void> {
    await this.ask('releaseLease', { lease });
  }

  putOverlay(
    id: string,
    files: readonly OverlayFile[],
    options?: CallOptions & { ttlMs?: number },
  ): Promise<OverlayInfo> {
    const buffers = files.map(({ path, content }) =>
      content === null ? { path, removed: true } : { path, ...toWireParameter(content) },
    );
    return this.ask('putOverlay', { id, files: buffers }, options);
  }

  async dropOverlay(id: string): Promise<void> {
    await this.ask('dropOverlay', { id });
  }

  async views(): Promise<readonly ViewInfo[]> {
    return (await this.askAnywhere<{ views: readonly ViewInfo[] }>('views', {})).views;
  }

  addView(
    name: string,
    roots: readonly string[],
    { deps, ...options }: CallOptions & { deps?: boolean } = {},
  ): Promise<ViewInfo> {
    return this.askAnywhere('addView', { name, roots, ...(deps === true ? { deps } : {}) }, options);
  }

  async dropView(name: string): Promise<void> {
    await this.askAnywhere('dropView', { name });
  }

  status(options?: CallOptions): Promise<StatusResult> {
    return this.ask('status', {}, options);
  }

  gc(options?: CallOptions & { dryRun?: boolean }): Promise<GcResult> {
    return this.ask('gc', {}, options);
  }

  doctor(options?: CallOptions & { repair?: boolean }): Promise<DoctorResult> {
    return this.ask('doctor', {}, options);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async ask<R>(operation: keyof Operations, input: object, options: CallOptions = {}): Promise<R> {
    const { body, call } = this.request(input, options);
    const { name, list } = operations[operation] as { name: string; list?: string };
    return (await this.options.transport.ask(name, body, list, call)) as R;
  }

  /** Of the store alone. */
  private async askAnywhere<R>(operation: keyof Operations, input: object, options: CallOptions = {}): Promise<R> {
    const { body, call } = this.request(input, options);
    const { repo: _, ...rest } = body;
    const { name, list } = operations[operation] as { name: string; list?: string };
    return (await this.options.transport.ask(name, rest, list, call)) as R;
  }

  private batches<I, R>(operation: keyof Operations, input: object, options: CallOptions = {}): Batches<I, R> {
    const { body, call } = this.request(input, options);
    return this.options.transport.batches(operations[operation].name, body, call) as Batches<I, R>;
  }

  private async *stream<I>(
    operation: 'log' | 'logCommits' | 'describePlan' | 'changes' | 'lastChanges',
    input: object,
    options?: CallOptions,
  ): AsyncGenerator<I, void, undefined> {
    for await (const batch of this.batches<I, object>(operation, input, options)) yield* batch;
  }

  /** Options that are no parameters are what the call itself needs. */
  private request(input: object, options: CallOptions): { body: { readonly repo: unknown }; call: ClientCall } {
    const { signal, onProgress, ...parameters } = options;
    const { repo, onNote } = this.options;
    return {
      body: { repo: toWirePlace(repo), ...input, ...parameters },
      call: { onNote, ...(signal && { signal }), ...(onProgress && { onProgress }) },
    };
  }
}

/** Several places go as a list. */
const toWirePlace = (where: Where): unknown => (where.startsWith('[') ? (JSON.parse(where) as unknown) : where);

function toWireStep(step: ApplyStep): object {
  switch (step.kind) {
    case 'commit':
    case 'remove':
      return step;
    case 'patch':
      return { kind: step.kind, ...toWireParameter(step.patch) };
    case 'put':
      return { kind: step.kind, path: step.path, ...toWireParameter(step.content) };
  }
}
