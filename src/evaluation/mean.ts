import type { Score } from './score.js';

/** A query's scores at both levels. */
export interface Scored {
  readonly chunks: Score;
  readonly files: Score;
}

/** Means over queries. */
export interface Summary {
  readonly queries: number;
  /** At chunk level. */
  readonly ndcg: number;
  readonly fileNdcg: number;
  /** At chunk level. */
  readonly recall: number;
  /** Mean reciprocal rank, at chunk level. */
  readonly mrr: number;
}

export function summarize(scored: readonly Scored[]): Summary {
  return {
    queries: scored.length,
    ndcg: mean(scored.map(({ chunks }) => chunks.ndcg)),
    fileNdcg: mean(scored.map(({ files }) => files.ndcg)),
    recall: mean(scored.map(({ chunks }) => chunks.recall)),
    mrr: mean(scored.map(({ chunks }) => chunks.reciprocalRank)),
  };
}

/** 0 of nothing. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The smallest value that at least this share of the values do not exceed; 0 of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
