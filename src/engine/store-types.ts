/** What is told of a store: what it holds, how fresh it is, and what looking after it found. */
import type { FileDiagnostic, SkipReason } from '../model/index.js';
import type { HitLabels } from './hit-types.js';
import type { ViewInfo } from './name-types.js';

export interface SkippedFile extends HitLabels {
  readonly path: string;
  /** `unreadable`: a package whose archive is damaged, or made to burst; its path is where it would be. */
  readonly reason: SkipReason | 'unreadable';
  readonly sizeBytes: number;
}

export interface RevStatus {
  readonly rev: string;
  readonly kind: 'branch' | 'tag' | 'fork' | 'worktree' | 'rev';
  readonly commit: string | null;
  /**
   * `indexed`: the rev as it stands now; `incomplete`: that, but objects are missing, or files were cut by lines for a reason that is not in them;
   * `behind`: an earlier commit of it is indexed.
   */
  readonly state: 'indexed' | 'incomplete' | 'behind' | 'not-indexed';
}

export interface RepositoryStatus {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  /** Revs indexed by name; for the current repository their state is checked against git. */
  readonly revs: readonly RevStatus[];
  readonly forks: number;
  /** Files of the current repository's `HEAD` snapshot without searchable lines, and why. */
  readonly skipped: readonly SkippedFile[];
  /** Files of that snapshot that are too large to be ranked: exact search alone finds them. */
  readonly exactOnly: readonly Omit<SkippedFile, 'reason'>[];
  /** Files that fell back to line chunks, and why. */
  readonly diagnostics: readonly (FileDiagnostic & { readonly path: string })[];
  /** Of the current repository, where it depends on anything. */
  readonly packages?: PackagesStatus;
}

/** What the project at hand depends on. */
export interface PackagesStatus {
  /** Packages that are installed or locked, each at each place. */
  readonly packages: number;
  readonly direct: number;
  /** That somebody has on disk. */
  readonly installed: number;
  /** Whose files the store has. */
  readonly indexed: number;
  /** `name@version` of those that are locked and that nobody has on disk. */
  readonly missing: readonly string[];
  /** How many are not there and need not be: those of other platforms. */
  readonly optional: number;
  /** How many of each ecosystem. */
  readonly ecosystems: Readonly<Record<string, number>>;
  /** What was left out, and why. */
  readonly skipped: readonly { readonly what: string; readonly reason: string }[];
}

export interface StatusResult {
  readonly store: string;
  readonly formatVersion: number;
  /** Files above this are in no search, and the answers to which they would belong name them (`unsearched`). */
  readonly maxExactBytes: number;
  readonly sizeBytes: number;
  readonly segments: number;
  readonly chunks: number;
  readonly files: number;
  readonly trees: number;
  /** Commits of indexed histories. */
  readonly commits: number;
  readonly textBytes: number;
  /** Packages of registries whose files are known. */
  readonly packages: number;
  /** Those that have names. */
  readonly views: readonly ViewInfo[];
  /** In each embedding space that there are vectors in. */
  readonly vectors: readonly VectorStatus[];
  /** Who writes now, or null. */
  readonly writer: { readonly pid: number; readonly command: string; readonly sinceMs: number } | null;
  /** Of this process: snapshots that are kept open and caches, in bytes by our own count, with their bounds. */
  readonly memory: MemoryStatus;
  readonly repositories: readonly RepositoryStatus[];
}

export interface VectorStatus {
  readonly model: string;
  readonly revision: string;
  /** Components of a vector. */
  readonly dimension: number;
  /** Chunks of the store that have a vector. */
  readonly chunks: number;
  readonly sizeBytes: number;
}

export interface MemoryStatus {
  readonly snapshots: number;
  readonly snapshotBytes: number;
  readonly snapshotBytesMax: number;
  readonly cacheBytes: number;
  readonly cacheBytesMax: number;
}

export interface GcResult {
  readonly dryRun: boolean;
  readonly chunksBefore: number;
  readonly chunksAfter: number;
  /** Of segments and their vectors. A dry run says exactly what a run would free. */
  readonly reclaimedBytes: number;
  readonly tookMs: number;
}

export interface DoctorProblem {
  readonly where: string;
  readonly message: string;
  /** What `repair` did, or would do. */
  readonly remedy: string;
  readonly repaired: boolean;
}

/** A root tree with files that were cut by lines for a reason that is not in them, as when a thread was lost. */
export interface ProvisionalTree {
  /** Its oid. */
  readonly tree: string;
  readonly files: readonly { readonly path: string; readonly message: string }[];
}

export interface DoctorResult {
  readonly problems: readonly DoctorProblem[];
  /** No damage, but not what every machine would have: they are analysed again when they are next asked for. */
  readonly provisional: readonly ProvisionalTree[];
  readonly segmentsChecked: number;
  readonly bytesChecked: number;
  readonly tookMs: number;
}
