// `coppice tune` over half of the labelled repositories, measured on the others; and over labels that are of other questions,
// which it must refuse.
import {
  SeededRandom,
  mean,
  questionsMin,
  signFlipProbability,
  tuneWeights,
  tunedSignals,
} from '../../src/evaluation/index.js';
import type { ScoreQuestions, Tuned } from '../../src/evaluation/index.js';
import { rankingSignals, valueOf, withValue } from '../../src/search/index.js';
import type { RankingSignals } from '../../src/search/index.js';
import { OpenRepositories } from '../quality/open-repositories.js';
import type { LabelledRepository } from '../quality/sets.js';
import type { Report } from '../support/measure.js';

const folds = 5;

const signalsWith = (weights: Readonly<Record<string, number>>): RankingSignals =>
  Object.entries(weights).reduce((signals, [name, value]) => withValue(signals, name, value), rankingSignals);

/** NDCG@10 in hybrid mode of all questions of these repositories, one after another. */
const scorer = (
  open: OpenRepositories,
  positions: readonly number[],
): ((weights: Readonly<Record<string, number>>) => Promise<number[]>) => {
  return async (weights) => {
    const scores: number[] = [];
    for (const position of positions) {
      const { outcomes } = await open.rankOne(position, signalsWith(weights), 'hybrid');
      scores.push(...outcomes.map(({ chunks }) => chunks.ndcg));
    }
    return scores;
  };
};

function tune(
  score: (weights: Readonly<Record<string, number>>) => Promise<number[]>,
  questions: number,
  seed: number,
): Promise<Tuned> {
  const known = new Map<string, Promise<number[]>>();
  const scoreQuestions: ScoreQuestions = async (wanted, weights) => {
    const key = JSON.stringify(weights);
    if (!known.has(key)) known.set(key, score(weights));
    const all = await known.get(key)!;
    return wanted.map((question) => all[question]!);
  };
  const weights = Object.fromEntries(tunedSignals.map((name) => [name, valueOf(rankingSignals, name)]));
  return tuneWeights(scoreQuestions, { questions, weights, folds, seed });
}

/** Labels of each repository's questions dealt out anew: none is of its question, but by chance. */
function dealt(repository: LabelledRepository, seed: number): LabelledRepository {
  const targets = new SeededRandom(seed).shuffled(repository.queries.map((query) => query.targets));
  return { ...repository, queries: repository.queries.map((query, i) => ({ ...query, targets: targets[i]! })) };
}

export async function measureTuning(
  repositories: readonly LabelledRepository[],
  store: string,
  report: Report,
): Promise<void> {
  const open = await OpenRepositories.open(repositories, store, undefined);
  try {
    const halves = [0, 1].map((half) => repositories.map((_, i) => i).filter((i) => i % 2 === half));
    const questionsOf = (positions: readonly number[]): number =>
      positions.reduce((sum, i) => sum + repositories[i]!.queries.length, 0);
    for (const [half, own] of halves.entries()) {
      const others = halves[1 - half]!;
      const tuned = await tune(scorer(open, own), questionsOf(own), 1);
      const before = await scorer(open, others)({});
      const tried = await scorer(open, others)(tuned.weights);
      // What is refused is not written, so that the others stay as they are.
      const after = tuned.isSignificant ? tried : before;
      const worse = signFlipProbability(
        after.map((score, i) => before[i]! - score),
        1,
      );
      report.add(
        `tuned on ${String(own.length)} repositories: ${tuned.isSignificant ? 'written' : 'refused'} (left out ${tuned.before.toFixed(3)} → ${tuned.leftOut.toFixed(3)}); the ${String(others.length)} others`,
        `${mean(before).toFixed(3)} → ${mean(after).toFixed(3)}; with ${JSON.stringify(tuned.weights)} ${mean(tried).toFixed(3)}`,
        'not worse by more than noise',
        mean(after) >= mean(before) || worse > 0.05,
        tuned,
      );
    }
    // Each repository by itself, as a team would.
    let written = 0;
    const alone: unknown[] = [];
    for (const [i, { name, queries }] of repositories.entries()) {
      const { isSignificant, before, leftOut, weights } = await tune(scorer(open, [i]), queries.length, 1);
      if (isSignificant) written++;
      alone.push({ name, isSignificant, before, leftOut, weights });
    }
    report.add(
      'repositories by themselves whose tuned weights are written',
      `${String(written)} of ${String(repositories.length)}`,
      '-',
      null,
      alone,
    );
  } finally {
    await open.close();
  }
}

/** `seeds`: first and last; each is a set. Sets of fewer questions than tuning takes at all would be refused whatever their labels. */
export async function measureRefusals(
  repositories: readonly LabelledRepository[],
  store: string,
  [first, last]: readonly [number, number],
  report: Report,
): Promise<void> {
  const large = repositories.filter(({ queries }) => queries.length >= questionsMin);
  let refused = 0;
  const sets: unknown[] = [];
  for (let seed = first; seed <= last; seed++) {
    const set = dealt(large[(seed - 1) % large.length]!, seed);
    const wrong = await OpenRepositories.open([set], store, undefined);
    try {
      const tuned = await tune(scorer(wrong, [0]), set.queries.length, seed);
      if (!tuned.isSignificant) refused++;
      sets.push({ seed, name: set.name, ...tuned });
      console.error(
        `${String(seed)} ${set.name}: ${tuned.isSignificant ? 'written' : 'refused'}, left out ${tuned.before.toFixed(3)} → ${tuned.leftOut.toFixed(3)}, p ${tuned.probability.toFixed(4)}`,
      );
    } finally {
      await wrong.close();
    }
  }
  const count = last - first + 1;
  report.add(
    'sets with labels of other questions that are refused',
    `${String(refused)} of ${String(count)}`,
    'all',
    refused === count,
    sets,
  );
}
