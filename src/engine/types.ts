import type { Batches } from '../base/index.js';
import type { SkipReason, SymbolKind, WorkPhase } from '../model/index.js';
import type { FolderOptions, FolderResult, LastChange, LastChangesOptions } from './folder-types.js';
import type { HitExplanation, HitLabels, NearestHit } from './hit-types.js';
import type {
  ApplyResult,
  ApplyStep,
  ForkInfo,
  ForkResult,
  LeaseInfo,
  OverlayFile,
  OverlayInfo,
  ViewInfo,
} from './name-types.js';
import type {
  DefinitionOptions,
  DefinitionResult,
  OutlineResult,
  ReferencesOptions,
  ReferencesResult,
  SymbolsOptions,
  SymbolsResult,
} from './symbol-types.js';
import type {
  AddedLabel,
  ChangedLines,
  ChangesOptions,
  DescribeOptions,
  DescribeResult,
  FileChanges,
  Label,
  PlannedDescription,
  PlannedRequests,
  RerankSummary,
  SearchEffort,
} from './model-types.js';
import type { LineHistory, LogOptions, OccurrenceChange } from './log-types.js';
import type { DoctorResult, GcResult, SkippedFile, StatusResult } from './store-types.js';

export type { ExplainedTerm, HitExplanation, HitLabels, NearestHit } from './hit-types.js';
export type { CommitInfo, LineChange, LineHistory, LogOptions, OccurrenceChange } from './log-types.js';
export type * from './model-types.js';
export type { EngineOptions, EnginesOptions, WatchedPlace, WorktreeMonitor } from './open-types.js';
export type {
  ApplyResult,
  ApplyStep,
  ForkInfo,
  ForkResult,
  LeaseInfo,
  OverlayFile,
  OverlayInfo,
  ViewInfo,
} from './name-types.js';
export type {
  DefinedSymbol,
  DefinitionHit,
  DefinitionOptions,
  DefinitionResult,
  MentionPlace,
  OutlineResult,
  OutlineSymbol,
  Reference,
  ReferenceGroup,
  ReferencesOptions,
  ReferencesResult,
  SymbolHit,
  SymbolsOptions,
  SymbolsResult,
} from './symbol-types.js';
export type { FolderEntry, FolderOptions, FolderResult, LastChange, LastChangesOptions } from './folder-types.js';
export type {
  DoctorProblem,
  DoctorResult,
  GcResult,
  MemoryStatus,
  PackagesStatus,
  ProvisionalTree,
  RepositoryStatus,
  RevStatus,
  SkippedFile,
  StatusResult,
  VectorStatus,
} from './store-types.js';

/** How far a long operation has come. `total` is 0 while unknown. */
export interface Progress {
  readonly phase: WorkPhase;
  readonly done: number;
  readonly total: number;
  readonly unit: 'files' | 'chunks' | 'commits' | 'bytes' | 'records';
  /** Bytes of text read so far, for a rate. */
  readonly bytes: number;
  /** What is being worked on, for people: a rev, a path. */
  readonly what: string;
}

/** Options of every call that may take long. */
export interface CallOptions {
  /** Cancels: the call rejects with ABORTED and what was published stays consistent. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /**
   * A watched work tree may be answered as it was last read, and be called `stale`, instead of being read again first.
   * Default: it is read first, so that the answer is `live`.
   */
  readonly allowStale?: boolean;
}

/** What a REV names. */
export interface ResolvedRev {
  /** As the user wrote it. */
  readonly rev: string;
  readonly kind: 'commit' | 'tree' | 'fork' | 'worktree' | 'lease' | 'overlay' | 'view';
  /** The commit, 40 or 64 hex digits; null for a work tree with changes, an edited fork, or a bare tree. */
  readonly commit: string | null;
  /** Oid of the root tree; of our own making for an edited work tree or fork. Empty for a work tree that was only read (`MissingIndex`). */
  readonly tree: string;
}

export type Freshness = 'exact' | 'live' | 'stale';

export interface IndexedRev extends ResolvedRev {
  /** Of which repository of a view. */
  readonly repo?: string;
  readonly files: number;
  /** Chunks of its files, as often as they occur. */
  readonly chunks: number;
  /** Files read, chunked and stored by this call; 0 when the rev was indexed already. */
  readonly newFiles: number;
  readonly newChunks: number;
  readonly newBytes: number;
  /** Files that were cut by lines for a reason that is not in them, and are analysed again when the rev is next asked for; absent: none. */
  readonly provisional?: number;
  readonly tookMs: number;
}

export interface IndexOptions extends CallOptions {
  /** Every branch and tag as well. */
  readonly all?: boolean;
  /** Every commit reachable from the revs as well. */
  readonly history?: boolean;
  /** What the project depends on as well. */
  readonly deps?: boolean;
  /** False: work trees are only made ready for the next search of this process; what need not be stored is not. */
  readonly lasting?: boolean;
}

export interface IndexResult {
  readonly revs: readonly IndexedRev[];
  /** With `history`: commits that were not recorded before; else how many of the revs name commits. */
  readonly commits: number;
  /** What this call added to the store. */
  readonly newFiles: number;
  readonly newChunks: number;
  readonly newBytes: number;
  readonly tookMs: number;
}

/** Which files a search looks at. All that are given must hold. */
export interface FileFilter {
  /** Globs or plain substrings (as in `path:`); one that starts with `!` excludes. Any of the including ones suffices. */
  readonly paths?: readonly string[];
  /** Language ids (`typescript`) or usual aliases (`ts`); one that starts with `!` excludes. */
  readonly languages?: readonly string[];
}

/** In which packages a search looks, of those that the project depends on: installed ones for a work tree, locked ones for all other revs. */
export interface DependencyFilter {
  /**
   * Instead of the project's own files those of packages: `react`, `@types/*`, `lodash@^4`, any of them suffices; `!name` leaves out; `:direct` and
   * `:prod` are those that the project names itself, and that are not for development alone. Empty: all.
   */
  readonly deps?: readonly string[];
  /** The project's own files as well. */
  readonly withDeps?: boolean;
  /** Packages that nobody has on disk are fetched from the registry that npm is configured to use, their integrity checked. */
  readonly fetch?: boolean;
}

/** Where a command stands in a repository, and what it names there. */
export interface PlaceFilter {
  /** A folder from the root: nothing above it is looked at, unless a pathspec says so. */
  readonly folder?: string;
  /** As git reads them in `folder`: `src`, `*.ts`, `../lib`, `:!test`. Any of the including ones suffices. */
  readonly pathspecs?: readonly string[];
}

export interface GrepOptions extends CallOptions, FileFilter, PlaceFilter, DependencyFilter {
  /** A REV, default `@worktree`, or `HEAD` in a bare repository. For `A..B` see `grepRange`. */
  readonly rev?: string;
  /** The lines that do not match. */
  readonly invert?: boolean;
  /** The pattern is literal text, not a regular expression. */
  readonly literal?: boolean;
  readonly ignoreCase?: boolean;
  /** Only matches with no word character on either side. */
  readonly wholeWord?: boolean;
  /** Stop after this many lines. Counts are always of all. */
  readonly maxCount?: number;
  /** Lines of context around each match, as `grep -C`; `before` and `after` as `-B` and `-A`, default `context`. */
  readonly context?: number;
  readonly before?: number;
  readonly after?: number;
  /** Give up with PATTERN_TIMEOUT after this long, in milliseconds. Default 10,000. */
  readonly deadlineMs?: number;
}

export type GrepRangeOptions = Omit<GrepOptions, 'rev' | 'context' | 'before' | 'after'>;

/** A matching line (or, with `context`, a line near one). */
export interface LineMatch extends HitLabels {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units, of the first match in the line; 0 in a context line. */
  readonly column: number;
  /** Of the first match, in UTF-16 units; 0 in a context line. */
  readonly length: number;
  readonly text: string;
  /** True for a context line. */
  readonly context?: boolean;
}

export interface GrepResult {
  readonly rev: ResolvedRev;
  readonly lines: readonly LineMatch[];
  /** True when `maxCount` cut the list. */
  readonly truncated: boolean;
  /** Files asked about that were not looked into, as git grep would: too large, or missing from the repository. */
  readonly unsearched: readonly SkippedFile[];
  /** Of the paths and pathspecs that take files in, those that no file there matches. */
  readonly unmatched: readonly string[];
  readonly freshness: Freshness;
  readonly tookMs: number;
  readonly index?: MissingIndex;
}

/** The answer was read from the files, as there is no index yet: it is being made meanwhile, or is not. */
export type MissingIndex = 'being-made' | 'none';

/** What is true of all lines together. */
export type GrepSummary = Omit<GrepResult, 'lines'>;

/** A line that only one end of a range has. Lines of a path are compared by text, as many times as they occur. */
export interface RangeLineMatch extends LineMatch {
  readonly side: '+' | '-';
}

export interface GrepRangeResult {
  readonly from: ResolvedRev;
  readonly to: ResolvedRev;
  readonly lines: readonly RangeLineMatch[];
  readonly truncated: boolean;
  /** Of both ends; see `GrepResult`. */
  readonly unsearched: readonly SkippedFile[];
  readonly unmatched: readonly string[];
  /** Of the end that is the least fresh. */
  readonly freshness: Freshness;
  readonly tookMs: number;
}

export interface GrepCountsResult {
  readonly rev: ResolvedRev;
  readonly files: readonly FileMatchCount[];
  /** See `GrepResult`. */
  readonly unsearched: readonly SkippedFile[];
  readonly unmatched: readonly string[];
  readonly freshness: Freshness;
  readonly index?: MissingIndex;
}

export type GrepRangeSummary = Omit<GrepRangeResult, 'lines'>;

export type GrepCountsSummary = Omit<GrepCountsResult, 'files'>;

export interface FileMatchCount extends HitLabels {
  readonly path: string;
  /** Matching lines. */
  readonly count: number;
}

export type SearchMode = 'hybrid' | 'lexical' | 'semantic';

export interface SearchOptions extends CallOptions, FileFilter, DependencyFilter {
  /**
   * A REV, or a range `A..B` to find what is new in B (`rev:` in the query wins). Default as for `grep`. New is a chunk with a line
   * that the file at its path does not have as often in A. It is ranked and scored as in a search of B.
   */
  readonly rev?: string;
  /** Hits to return. Default 10. */
  readonly limit?: number;
  /** Only `lexical` is available so far; `hybrid` (the default) is lexical until vectors exist. */
  readonly mode?: SearchMode;
  /** Hits for which next to nothing speaks are in the answer too, marked weak. Default: none is where all are such. */
  readonly weak?: boolean;
  /** Each hit says what gave it its score. */
  readonly explain?: boolean;
  /**
   * `best` (the default) uses what the settings name: a model that orders hits, an embedding behind an endpoint. `fast` asks nobody
   * outside of this process.
   */
  readonly effort?: SearchEffort;
  /** Ranking signals by name, in place of those of the settings; for engines of this process alone. */
  readonly ranking?: Readonly<Record<string, number>>;
  /** Says what would be sent to put the hits in order, and sends nothing: see `SearchResult.planned`. */
  readonly dryRun?: boolean;
  /** Give up with PATTERN_TIMEOUT when the query's regular expressions take so long, in milliseconds. Default 10,000. */
  readonly deadlineMs?: number;
}

export interface MatchSpan {
  /** All 1-based; column and length in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

export interface Hit extends HitLabels {
  /** Of a view as in HitLabels; else the repository's name. */
  readonly repo: string;
  readonly rev: string;
  readonly commit: string | null;
  readonly path: string;
  readonly blob: string;
  /** 1-based, both inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  readonly language: string;
  /** Qualified name of the definition shown, or empty: the one that the query names, else the one around the lines that match most. */
  readonly symbol: string;
  readonly kind: SymbolKind | '';
  /** 1-based line of its name; null when there is none, or when it begins before these lines. One of the matches is on it when the query names it. */
  readonly symbolLine: number | null;
  readonly score: number;
  /** `weak`: little of what the query asks for is in it. Absent: nothing of the kind is known. */
  readonly confidence?: 'weak';
  /** When it was asked for. */
  readonly explanation?: HitExplanation;
  /** Rank of the hit by each kind of evidence, from 1. */
  readonly signals: Readonly<Record<string, number>>;
  /** What a model wrote on what the chunk does (`coppice describe`). It is found by its words too. */
  readonly description?: string;
  readonly matches: readonly MatchSpan[];
  readonly text: string;
  /** The earliest commit of the indexed history with exactly this text; null where no history is indexed. */
  readonly firstSeen: FirstSeen | null;
  readonly freshness: Freshness;
}

export interface FirstSeen {
  readonly commit: string;
  /** Committer date, ISO 8601 in UTC. */
  readonly date: string;
}

export interface SearchResult {
  readonly query: string;
  /** Of a range its end. */
  readonly rev: string;
  readonly commit: string | null;
  /** Where a range begins: hits are what is new since. */
  readonly from?: { readonly rev: string; readonly commit: string | null };
  readonly hits: readonly Hit[];
  /** `weak`: nothing good was found; what hits there are, are weak. */
  readonly confidence?: 'weak';
  /** Where nothing was found that is worth a hit: the nearest, which is most likely not what was meant. */
  readonly nearest?: NearestHit;
  /** The query with names that are there in place of words that are not, the likeliest first. The hits are those of the first. */
  readonly didYouMean?: readonly string[];
  /** What of the query was read otherwise than it may have been meant. */
  readonly notes?: readonly string[];
  /** Where a model was asked for the order of the hits. */
  readonly rerank?: RerankSummary;
  /** With `dryRun`: what would be sent for that; null: nothing. */
  readonly planned?: PlannedRequests | null;
  /** Share of the snapshot's chunks that each kind of evidence covers. */
  readonly coverage: { readonly lexical: number; readonly semantic: number };
  readonly tookMs: number;
}

export interface RevsOptions extends CallOptions {
  /** Only names that contain this, letter case aside. */
  readonly match?: string;
  /** Default 100. */
  readonly limit?: number;
}

/** A name that can be searched. */
export interface NamedRev {
  /** As it is written where a REV is asked for. */
  readonly rev: string;
  readonly kind: 'head' | 'branch' | 'remote' | 'tag' | 'fork' | 'worktree';
  readonly commit: string | null;
  /** The branch that is checked out. */
  readonly current: boolean;
  /** Of another work tree: its folder, which is the repository to ask about its `@worktree`. */
  readonly path?: string;
  /** Its snapshot is stored: a search of it indexes nothing; of a work tree that of its HEAD, so that only differences are indexed. */
  readonly indexed: boolean;
}

export interface RevsResult {
  /** HEAD, work trees, branches (the current one first), tags, forks, remote branches; each sort by name, tags from the newest version. */
  readonly revs: readonly NamedRev[];
  readonly truncated: boolean;
}

export interface FilesOptions extends CallOptions, FileFilter, PlaceFilter, DependencyFilter {
  readonly rev?: string;
  /** Default 1,000. */
  readonly limit?: number;
}

export interface FileEntry extends HitLabels {
  readonly path: string;
  readonly language: string;
  readonly sizeBytes: number;
  /** Why it has no searchable lines, or null. */
  readonly skipped: SkipReason | null;
}

export interface FilesResult {
  readonly rev: ResolvedRev;
  /** In the order of the tree. */
  readonly files: readonly FileEntry[];
  /** Matching files in all. */
  readonly total: number;
  readonly freshness: Freshness;
}

export interface ComparedFile extends HitLabels {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'modified';
}

export interface CompareResult {
  readonly from: ResolvedRev;
  readonly to: ResolvedRev;
  readonly files: readonly ComparedFile[];
  /** Files that differ in all. */
  readonly total: number;
  readonly freshness: Freshness;
}

export interface ShownText extends HitLabels {
  readonly rev: ResolvedRev;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  /** The bytes of these lines exactly as stored in the blob. */
  readonly content: Uint8Array;
  readonly freshness: Freshness;
}

/** One store seen from one repository. Safe to use concurrently; every answer comes from one snapshot. */
export interface Engine {
  /** The store's folder. */
  readonly storePath: string;
  /** Resolves a REV; REV_NOT_FOUND names what was asked. */
  resolve(rev: string | undefined, options?: CallOptions): Promise<ResolvedRev>;
  index(revs: readonly string[], options?: IndexOptions): Promise<IndexResult>;
  grep(pattern: string, options?: GrepOptions): Promise<GrepResult>;
  /** As grep, but only how many lines match in each file. */
  grepCounts(pattern: string, options?: GrepOptions): Promise<GrepCountsResult>;
  /** Lines that `to` has and `from` has not (`+`), and the reverse (`-`). */
  grepRange(pattern: string, from: string, to: string, options?: GrepRangeOptions): Promise<GrepRangeResult>;
  /**
   * As `grep`, in batches as the lines are found: the first come at once, however many there are, and memory holds those of one
   * batch. Nothing is searched ahead of who takes them; leaving the loop ends the search. The generator returns the rest of the answer.
   */
  grepBatches(pattern: string, options?: GrepOptions): Batches<LineMatch, GrepSummary>;
  /** As `grepCounts`, in batches. */
  grepCountBatches(pattern: string, options?: GrepOptions): Batches<FileMatchCount, GrepCountsSummary>;
  /** As `grepRange`, in batches. */
  grepRangeBatches(
    pattern: string,
    from: string,
    to: string,
    options?: GrepRangeOptions,
  ): Batches<RangeLineMatch, GrepRangeSummary>;
  search(query: string, options?: SearchOptions): Promise<SearchResult>;
  symbols(name: string, options?: SymbolsOptions): Promise<SymbolsResult>;
  /** Where a name is defined, exactly that name; with `Scope.name` in that scope, where it is there. By name, not by type. */
  definition(name: string, options?: DefinitionOptions): Promise<DefinitionResult>;
  /** Where code has a name, by the function around it: the lines of `grep -w`, but for comments, strings, prose and data. */
  references(name: string, options?: ReferencesOptions): Promise<ReferencesResult>;
  /**
   * Has a model write what each distinct chunk of code of the revs (default `HEAD`) does that it has not described yet. What is done is
   * kept when it is cut short. MODEL_NOT_NAMED, MODEL_UNAVAILABLE, MODEL_REFUSED, MODEL_INVALID.
   */
  describe(revs?: readonly string[], options?: DescribeOptions): Promise<DescribeResult>;
  /** What `describe` would send, in that order. */
  describePlan(revs?: readonly string[], options?: CallOptions): AsyncIterable<PlannedDescription>;
  /** The newest commits with one parent behind a rev, newest first, and which files they changed. */
  changes(rev: string, options?: ChangesOptions): AsyncIterable<FileChanges>;
  /** Which lines of a file a commit changed, as its parent has them. */
  changedLines(parent: string, commit: string, path: string, options?: CallOptions): Promise<readonly ChangedLines[]>;
  /** Adds a question and its answer to a golden set. FORBIDDEN, PATH_NOT_FOUND, USAGE. */
  addLabel(label: Label): Promise<AddedLabel>;
  /** The definitions of one file. */
  outline(rev: string | undefined, path: string, options?: CallOptions & DependencyFilter): Promise<OutlineResult>;
  /** Names of this repository that can be searched. */
  revs(options?: RevsOptions): Promise<RevsResult>;
  /** Files at a rev. */
  files(options?: FilesOptions): Promise<FilesResult>;
  /** What a folder holds directly, empty for the root. PATH_NOT_FOUND. */
  folder(path: string, options?: FolderOptions): Promise<FolderResult>;
  /** Which commit changed each entry of a folder last, the newest first; nothing above the roots of a view. */
  lastChanges(path: string, options?: LastChangesOptions): AsyncIterable<LastChange>;
  /** Files that differ between two revs, links and submodules among them; `limit` 1,000 by default. */
  compare(from: string, to: string, options?: CallOptions & FileFilter & { limit?: number }): Promise<CompareResult>;
  /**
   * Every distinct line in the history of the revs (default `HEAD`) that matches, with the commits where it appeared and
   * disappeared; the line with the newest change first. History that is not indexed is indexed first.
   */
  log(pattern: string, revs?: readonly string[], options?: LogOptions): AsyncIterable<LineHistory>;
  /** The commits that change how often the pattern occurs in some file; newest first. Merges only with `firstParent`. */
  logCommits(pattern: string, revs?: readonly string[], options?: LogOptions): AsyncIterable<OccurrenceChange>;
  /** Lines are 1-based and inclusive; without them the whole file. */
  show(
    rev: string | undefined,
    path: string,
    lines?: { start: number; end: number },
    options?: CallOptions & DependencyFilter,
  ): Promise<ShownText>;
  /** `ttlMs`: the fork drops itself so long after. */
  fork(name: string, options?: CallOptions & { from?: string; ttlMs?: number }): Promise<ForkResult>;
  apply(name: string, steps: readonly ApplyStep[], options?: CallOptions): Promise<ApplyResult>;
  forks(): Promise<readonly ForkInfo[]>;
  drop(name: string): Promise<void>;
  /** Holds the snapshot of a rev for `ttlMs` (default 10 minutes, at most a day), whatever becomes of the rev. */
  lease(rev: string, options?: CallOptions & { ttlMs?: number }): Promise<LeaseInfo>;
  /** Holds it for `ttlMs` from now. LEASE_NOT_FOUND when it has expired. */
  renewLease(lease: string, options?: CallOptions & { ttlMs?: number }): Promise<LeaseInfo>;
  releaseLease(lease: string): Promise<void>;
  /**
   * Lays unsaved buffers over the work tree under an id of the client's choice; what the id had before is replaced. It lives
   * in this process for `ttlMs` (default 10 minutes) from the last put or use.
   */
  putOverlay(
    id: string,
    files: readonly OverlayFile[],
    options?: CallOptions & { ttlMs?: number },
  ): Promise<OverlayInfo>;
  dropOverlay(id: string): Promise<void>;
  /** The views that have names in this store. */
  views(): Promise<readonly ViewInfo[]>;
  /**
   * Gives some roots a name, by which they are searched as one: `view:NAME`. A root is a path or a repository's name, perhaps with
   * `@REV` behind; without it that root is what is asked for, or what one sees there.
   */
  addView(name: string, roots: readonly string[], options?: CallOptions & { deps?: boolean }): Promise<ViewInfo>;
  dropView(name: string): Promise<void>;
  status(options?: CallOptions): Promise<StatusResult>;
  gc(options?: CallOptions & { dryRun?: boolean }): Promise<GcResult>;
  doctor(options?: CallOptions & { repair?: boolean }): Promise<DoctorResult>;
  /** Waits for background merging that has begun, releases the lock and all files. */
  close(): Promise<void>;
}

/** Engines over one store, one for each repository. They share open snapshots, caches and worker threads. */
export interface Engines {
  /** The store's folder. */
  readonly storePath: string;
  /**
   * The engine of a place, as in `EngineOptions` but with absolute paths; several places as `together` writes them. The same one for
   * that place until it is closed, which closes the place only.
   */
  open(repo: string): Engine;
  /** The repositories that the store knows, by name. */
  repositories(): Promise<readonly KnownRepository[]>;
  close(): Promise<void>;
}

export interface KnownRepository {
  readonly id: string;
  readonly name: string;
  /** Its common git folder, which is also a repository to open. */
  readonly path: string;
}

/** The engines of this process. */
export interface LocalEngines extends Engines {
  /** This process writes the store now, or is about to. */
  readonly isWriting: boolean;
  /** Lets go what is kept for speed only: open snapshots, caches, idle worker threads and git processes. */
  trim(): Promise<void>;
}
