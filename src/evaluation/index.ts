/** From a set of queries with known answers to how good a search is: NDCG, recall and reciprocal rank, by mode and category. */
export { evaluate } from './evaluate.js';
export type { Evaluation, EvaluationOptions, Latency, MissingTarget, ModeEvaluation, Outcome } from './evaluate.js';
export { bootstrapInterval, compareOutcomes, signFlipProbability } from './compare.js';
export type { ComparedQuestion, Comparison } from './compare.js';
export { askedBy, questionsFromHistory } from './from-history.js';
export { costWith, openModel, planQuestions, questionsFromModel, sampleChunks } from './from-model.js';
export type { ModelOptions, SampledChunk } from './from-model.js';
export { SeededRandom } from './seeded-random.js';
export { questionsMin, tuneWeights, tunedSignals } from './tune.js';
export type { ScoreQuestions, TuneOptions, Tuned, Weights } from './tune.js';
export { parseGoldenSet } from './golden-set.js';
export type { GoldenEntry, GoldenQuery, GoldenTarget } from './golden-set.js';
export { mean, percentile, summarize } from './mean.js';
export type { Scored, Summary } from './mean.js';
export { pathsMatch, scoreChunks, scoreFiles } from './score.js';
export type { LineSpan, Score, Target } from './score.js';
