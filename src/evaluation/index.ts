/** From a set of queries with known answers to how good a search is: NDCG, recall and reciprocal rank, by mode and category. */
export { evaluate } from './evaluate.js';
export type { Evaluation, EvaluationOptions, Latency, MissingTarget, ModeEvaluation, Outcome } from './evaluate.js';
export { parseGoldenSet } from './golden-set.js';
export type { GoldenQuery, GoldenTarget } from './golden-set.js';
export { mean, percentile, summarize } from './mean.js';
export type { Scored, Summary } from './mean.js';
export { pathsMatch, scoreChunks, scoreFiles } from './score.js';
export type { LineSpan, Score, Target } from './score.js';
