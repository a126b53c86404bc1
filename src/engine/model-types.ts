import type { CallOptions } from './types.js';

export type SearchEffort = 'fast' | 'best';

/** What it took to have a model put hits in order. */
export interface RerankSummary {
  readonly model: string;
  /** How many hits the model put in order; 0: the order stayed as it was. */
  readonly ordered: number;
  /** Why it stayed. */
  readonly reason?: string;
  /** That were sent. */
  readonly requests: number;
  /** Answers that were remembered. */
  readonly fromCache: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In the currency of the prices in the settings. */
  readonly cost?: number;
  readonly tookMs: number;
}

/** What would be sent to a model. */
export interface PlannedRequests {
  readonly requests: readonly { readonly url: string; readonly body: object }[];
  /** Requests that follow, with the best of these texts once more. */
  readonly more: number;
  /** Estimates, rather too much; of output the most that is asked for. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost?: number;
}

export interface DescribeOptions extends CallOptions {
  /** Stops before so many tokens are spent. Default: as the settings say. */
  readonly budgetTokens?: number;
  /** Chunks to describe at most. */
  readonly limit?: number;
}

export interface DescribeResult {
  readonly model: string;
  /** Chunks that a model was asked about now. */
  readonly described: number;
  /** Of which it said nothing usable; they are tried again another time. */
  readonly failed: number;
  /** Why the last of them. */
  readonly failure?: string;
  /** Chunks that are not described yet: the budget was spent. */
  readonly left: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In the currency of the prices in the settings. */
  readonly cost?: number;
  readonly tookMs: number;
}

/** What would be sent for a chunk that nobody has described. */
export interface PlannedDescription {
  readonly path: string;
  readonly startLine: number;
  /** How much is gained by it: those with more come first. */
  readonly gain: number;
  readonly url: string;
  readonly body: object;
  /** Estimates, rather too much; of output the most that is asked for. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost?: number;
}

/** What a commit with one parent changed. */
export interface FileChanges {
  readonly commit: string;
  readonly parent: string;
  /** First line of the message. */
  readonly subject: string;
  /** A file that was renamed is removed and added. */
  readonly files: readonly { readonly path: string; readonly change: 'added' | 'removed' | 'modified' }[];
}

/** Lines of a file as it was before a change, 1-based and inclusive; of an insertion the line before it. */
export interface ChangedLines {
  readonly start: number;
  readonly end: number;
}

export interface ChangesOptions extends CallOptions {
  /** Commits, at most. Default 1,000. */
  readonly maxCount?: number;
}

/** A question and a place that answers it, or does not. */
export interface Label {
  readonly query: string;
  readonly path: string;
  /** 1-based; without them the whole file. */
  readonly startLine?: number;
  readonly endLine?: number;
  /** Where the file is; default: what one sees. */
  readonly rev?: string;
  /** The file that it goes to, a .jsonl in the work tree. Default `golden.jsonl` at its top; in the store for a bare repository. */
  readonly set?: string;
  /** It is an agent's: it goes to a set in the store, where the settings allow it. */
  readonly feedback?: boolean;
  /** False: this place does not answer. */
  readonly answered?: boolean;
}

export interface AddedLabel {
  /** The file that it went to. */
  readonly set: string;
}
