import { mean } from './mean.js';
import { signFlipProbability } from './compare.js';
import { SeededRandom } from './seeded-random.js';

/** Ranking signals by name (`meaning.weight`), and their values. */
export type Weights = Readonly<Record<string, number>>;

/** Scores each question with some weights in place of the usual ones: from 0 to 1. */
export type ScoreQuestions = (questions: readonly number[], weights: Weights) => Promise<readonly number[]>;

export interface TuneOptions {
  readonly questions: number;
  /** What is tuned, with the values in use. */
  readonly weights: Weights;
  readonly folds: number;
  readonly seed: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface Tuned {
  /** Weights that differ from those in use, tuned on all questions. */
  readonly weights: Weights;
  /** Mean NDCG over all questions: in use; and each with weights that were tuned without it. */
  readonly before: number;
  readonly leftOut: number;
  /** One-sided: how likely such a gain on left-out questions is by chance. */
  readonly probability: number;
  readonly questions: number;
  /** Questions whose score on being left out differs. */
  readonly changed: number;
  /** The left-out gain is too large and too even to be chance. */
  readonly isSignificant: boolean;
}

/** What a team's code may want otherwise than others': the rest is alike everywhere. */
export const tunedSignals: readonly string[] = [
  'meaning.weight',
  'alike.weight',
  'phrase.weight',
  'fileText',
  'fileName',
  'bm25.weight.comment',
  'bm25.weight.symbol',
  'namesDefinition.weight',
  'description.weight',
  'testFile',
  'proseFile',
  'sameFile',
];

/** Questions that say anything about weights. */
export const questionsMin = 20;
/** What a value is multiplied by, time and again while that gains. */
const steps = [0.6, 1.6];
const roundsMax = 2;
/** A step that gains less is not taken: the questions do not support it. */
const gainMin = 0.002;
/** So far a value may go from the one in use. */
const factorMax = 3;
/** Left-out gains that are likelier by chance are not believed; and smaller ones are not worth other weights. */
const probabilityMax = 0.002;
const leftOutGainMin = 0.005;

/**
 * Tunes weights by coordinates on all but one fold of the questions, measures on that fold, for each fold, and says whether what was left
 * out gained more than chance would give.
 */
export async function tuneWeights(score: ScoreQuestions, options: TuneOptions): Promise<Tuned> {
  const { questions, weights, folds, seed, onProgress } = options;
  const order = new SeededRandom(seed).shuffled(Array.from({ length: questions }, (_, i) => i));
  const known = new Map<string, Map<number, number>>();
  const scoresOf = async (wanted: readonly number[], candidate: Weights): Promise<number[]> => {
    const key = JSON.stringify(candidate);
    let own = known.get(key);
    if (own === undefined) known.set(key, (own = new Map()));
    const missing = wanted.filter((question) => !own.has(question));
    const scores = missing.length === 0 ? [] : await score(missing, candidate);
    for (const [i, question] of missing.entries()) own.set(question, scores[i]!);
    return wanted.map((question) => own.get(question)!);
  };
  const total = folds + 1;
  let done = 0;
  const tuneOn = async (wanted: readonly number[]): Promise<Weights> => {
    const tuned = await climb(weights, async (candidate) => mean(await scoresOf(wanted, candidate)));
    onProgress?.(++done, total);
    return tuned;
  };
  const before = await scoresOf(order, {});
  const leftOut = new Map<number, number>();
  for (let fold = 0; fold < folds; fold++) {
    const out = order.filter((_, i) => i % folds === fold);
    const tuned = await tuneOn(order.filter((_, i) => i % folds !== fold));
    for (const [i, value] of (await scoresOf(out, tuned)).entries()) leftOut.set(out[i]!, value);
  }
  const differences = order.map((question, i) => leftOut.get(question)! - before[i]!);
  const probability = signFlipProbability(differences, seed);
  const gain = mean(differences);
  return {
    weights: await tuneOn(order),
    before: mean(before),
    leftOut: mean([...leftOut.values()]),
    probability,
    questions,
    changed: differences.filter((difference) => difference !== 0).length,
    isSignificant: questions >= questionsMin && gain >= leftOutGainMin && probability <= probabilityMax,
  };
}

/** The best weights that single steps lead to; only those that differ from where it began. */
async function climb(from: Weights, scoreOf: (candidate: Weights) => Promise<number>): Promise<Weights> {
  let best: Weights = {};
  let bestScore = await scoreOf(best);
  for (let round = 0; round < roundsMax; round++) {
    const roundScore = bestScore;
    for (const [name, inUse] of Object.entries(from)) {
      for (const step of steps) {
        for (;;) {
          const value = (best[name] ?? inUse) * step;
          if (value > inUse * factorMax || value < inUse / factorMax) break;
          const candidate = { ...best, [name]: Number(value.toPrecision(4)) };
          const score = await scoreOf(candidate);
          if (score < bestScore + gainMin) break;
          best = candidate;
          bestScore = score;
        }
      }
    }
    if (bestScore - roundScore < gainMin) break;
  }
  return best;
}
