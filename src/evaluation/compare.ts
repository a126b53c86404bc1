import { mean } from './mean.js';
import type { ModeEvaluation, Outcome } from './evaluate.js';
import { SeededRandom } from './seeded-random.js';

/** Two evaluations of one golden set, question by question. */
export interface Comparison {
  readonly mode: ModeEvaluation['mode'];
  readonly questions: number;
  /** Mean NDCG of each, and the second less the first. */
  readonly before: number;
  readonly after: number;
  readonly difference: number;
  /** 95 % of the means of questions drawn anew, with replacement, are in it. */
  readonly interval: readonly [low: number, high: number];
  readonly verdict: 'better' | 'worse' | 'cannot tell';
  readonly rows: readonly ComparedQuestion[];
}

export interface ComparedQuestion {
  readonly line: number;
  readonly query: string;
  readonly before: number;
  readonly after: number;
}

const draws = 10_000;

/** Compares two evaluations of the same questions in one mode. */
export function compareOutcomes(
  mode: Comparison['mode'],
  before: readonly Outcome[],
  after: readonly Outcome[],
): Comparison {
  const rows = before.map(({ query, chunks }, i) => ({
    line: query.line,
    query: query.query,
    before: chunks.ndcg,
    after: after[i]!.chunks.ndcg,
  }));
  const differences = rows.map((row) => row.after - row.before);
  const interval = bootstrapInterval(differences);
  const [low, high] = interval;
  return {
    mode,
    questions: rows.length,
    before: mean(rows.map((row) => row.before)),
    after: mean(rows.map((row) => row.after)),
    difference: mean(differences),
    interval,
    verdict: low > 0 ? 'better' : high < 0 ? 'worse' : 'cannot tell',
    rows,
  };
}

/** Percentile bootstrap of a mean: where `level` of the means of as many values, drawn with replacement, lie. The same for the same values. */
export function bootstrapInterval(values: readonly number[], level = 0.95, seed = 1): readonly [number, number] {
  if (values.length === 0) return [0, 0];
  const random = new SeededRandom(seed);
  const means = Float64Array.from({ length: draws }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[random.below(values.length)]!;
    return sum / values.length;
  }).sort();
  const tail = (1 - level) / 2;
  return [means[Math.floor(tail * draws)]!, means[Math.min(draws - 1, Math.ceil((1 - tail) * draws) - 1)]!];
}

/**
 * How likely a mean difference as large as this is where signs are chance: the share of random signs that give as much. One-sided,
 * and never 0.
 */
export function signFlipProbability(differences: readonly number[], seed = 1): number {
  const changed = differences.filter((difference) => difference !== 0);
  const sum = changed.reduce((total, one) => total + one, 0);
  if (sum <= 0) return 1;
  const random = new SeededRandom(seed);
  let asLarge = 0;
  for (let draw = 0; draw < draws; draw++) {
    let flipped = 0;
    for (const one of changed) flipped += random.next() < 0.5 ? one : -one;
    if (flipped >= sum - 1e-12) asLarge++;
  }
  return (asLarge + 1) / (draws + 1);
}
