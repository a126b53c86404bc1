/** What is asked about history, and answered. */
import type { CallOptions, FileFilter } from './types.js';

export interface LogOptions extends CallOptions, FileFilter {
  /** The pattern is literal text, not a regular expression. */
  readonly literal?: boolean;
  readonly ignoreCase?: boolean;
  /** Only matches with no word character on either side. */
  readonly wholeWord?: boolean;
  /** Only changes along the first parents of the revs; merges are compared with their first parent. */
  readonly firstParent?: boolean;
  /** Lines (or commits) to report at most. */
  readonly maxCount?: number;
  /** Give up with PATTERN_TIMEOUT after this long, in milliseconds. Default 10,000. */
  readonly deadlineMs?: number;
}

/** Who and when, of a commit. */
export interface CommitInfo {
  readonly commit: string;
  /** `Name <mail>`. */
  readonly author: string;
  /** Author date, ISO 8601 in UTC. */
  readonly date: string;
  /** Committer date, by which commits are put in order. */
  readonly committed: string;
  /** First line of the message. */
  readonly subject: string;
}

/** A commit after which some file has a line more often (or less often) than before. A file that only moved changes nothing. */
export interface LineChange extends CommitInfo {
  /** Files in which it did; of a merge on a line of first parents: against its first parent. In git's order. */
  readonly paths: readonly string[];
  /** Against its first parent, on the line of first parents of a rev that was asked for. */
  readonly firstParent: boolean;
  /** Against its parent; of a merge: against all of its parents. */
  readonly graph: boolean;
}

/** A distinct line that matches, and when it came and went. Newest change first. */
export interface LineHistory {
  readonly line: string;
  readonly appeared: readonly LineChange[];
  readonly disappeared: readonly LineChange[];
  /** Branches and tags, by short name, whose tip has the line; of those whose history is indexed. */
  readonly refs: readonly string[];
}

/** A commit that changes how often the pattern occurs in some file, as `git log -S` without inexact renames finds it. */
export interface OccurrenceChange extends CommitInfo {
  readonly paths: readonly string[];
  /** Occurrences more (or, negative, fewer) in all files together. */
  readonly delta: number;
}
