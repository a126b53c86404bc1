import { mean } from '../../src/evaluation/index.js';
import type { RankMode, RankingSignals } from '../../src/search/index.js';
import type { OpenRepositories } from './open-repositories.js';
import { changes, firstGuess, neutralValue, valueOf, withValue } from './signals.js';
import type { Leaf } from './signals.js';

export interface Validation {
  readonly mode: RankMode;
  readonly leaves: readonly Leaf[];
  /** NDCG@10 of the signals in use, over all repositories. */
  readonly inUse: number;
  /** With first guesses for the tuned signals. */
  readonly guessed: number;
  /** Tuned on the others, measured on those left out, fold by fold. */
  readonly folds: readonly { readonly leftOut: readonly string[]; readonly trained: number; readonly tested: number }[];
  /** Mean over the repositories, each measured with signals tuned without it. */
  readonly leftOut: number;
  /** Tuned on all repositories: what to use, if the figures above say that tuning is worth anything. */
  readonly tuned: RankingSignals;
  readonly tunedOnAll: number;
}

/** Repositories left out at a time. */
const foldSize = 4;
/** What a value is multiplied by, time and again while that gains. */
const steps = [0.5, 0.75, 1.33, 2];
/** A step that gains less is not taken: the labels do not support it. */
const gainMin = 0.0005;
const roundsMax = 3;

/**
 * Tunes the given signals on all but four repositories, beginning with first guesses, and measures on the four; for each four.
 * Signals that change nothing in this mode are left out; null when there are no others.
 */
export async function crossValidate(
  open: OpenRepositories,
  signals: RankingSignals,
  given: readonly Leaf[],
  mode: RankMode,
): Promise<Validation | null> {
  const scoreOf = memoisedScores(open, mode);
  const scoreOn = async (positions: readonly number[], candidate: RankingSignals): Promise<number> => {
    const scores: number[] = [];
    for (const position of positions) scores.push(await scoreOf(position, candidate));
    return mean(scores);
  };
  const names = open.repositories.map(({ name }) => name);
  const all = names.map((_, i) => i);
  const changesScores = async (from: RankingSignals, others: readonly RankingSignals[]): Promise<boolean> => {
    for (const other of others)
      for (const i of all) if ((await scoreOf(i, from)) !== (await scoreOf(i, other))) return true;
    return false;
  };
  const withGuesses = (of: readonly Leaf[]): RankingSignals =>
    of.reduce((at, leaf) => withValue(at, leaf, firstGuess(leaf)), signals);
  const allGuessed = withGuesses(given);
  const leaves: Leaf[] = [];
  for (const leaf of given) {
    const others = [withValue(allGuessed, leaf, neutralValue(leaf)), scaled(allGuessed, leaf, 2)];
    if (await changesScores(allGuessed, others)) leaves.push(leaf);
  }
  if (leaves.length === 0) return null;
  const guessed = withGuesses(leaves);
  const tuneOn = (positions: readonly number[]): Promise<RankingSignals> =>
    tune(guessed, leaves, (candidate) => scoreOn(positions, candidate));
  const foldCount = Math.ceil(names.length / foldSize);
  const leftOutScores: number[] = [];
  const folds: Validation['folds'][number][] = [];
  for (let fold = 0; fold < foldCount; fold++) {
    // Every fourth, so that a fold is not one corner of the list.
    const out = all.filter((i) => i % foldCount === fold);
    const rest = all.filter((i) => !out.includes(i));
    const tuned = await tuneOn(rest);
    for (const i of out) leftOutScores.push(await scoreOf(i, tuned));
    const leftOut = out.map((i) => names[i]!);
    folds.push({ leftOut, trained: await scoreOn(rest, tuned), tested: await scoreOn(out, tuned) });
    console.error(`${mode} ${JSON.stringify(folds.at(-1))} ${changes(signals, tuned)}`);
  }
  const tuned = await tuneOn(all);
  const validation = {
    mode,
    leaves,
    inUse: await scoreOn(all, signals),
    guessed: await scoreOn(all, guessed),
    folds,
    leftOut: mean(leftOutScores),
    tuned,
    tunedOnAll: await scoreOn(all, tuned),
  };
  const { inUse, leftOut, tunedOnAll } = validation;
  console.error(
    `${mode}: in use ${inUse}, left out ${leftOut}, tuned on all ${tunedOnAll}: ${changes(signals, tuned)}`,
  );
  return validation;
}

/** NDCG@10 of a repository. Folds have most repositories in common, and begin with the same steps. */
function memoisedScores(
  open: OpenRepositories,
  mode: RankMode,
): (position: number, signals: RankingSignals) => Promise<number> {
  const known = new Map<string, number>();
  return async (position, signals) => {
    const key = `${String(position)} ${JSON.stringify(signals)}`;
    let score = known.get(key);
    if (score === undefined) {
      const { outcomes } = await open.rankOne(position, signals, mode);
      score = mean(outcomes.map(({ chunks }) => chunks.ndcg));
      known.set(key, score);
    }
    return score;
  };
}

/** Coordinate search: one value at a time is switched off, or goes on in a direction while that gains. */
async function tune(
  signals: RankingSignals,
  leaves: readonly Leaf[],
  score: (signals: RankingSignals) => Promise<number>,
): Promise<RankingSignals> {
  let best = signals;
  let bestScore = await score(best);
  const take = async (candidate: RankingSignals): Promise<boolean> => {
    const value = await score(candidate);
    if (value <= bestScore + gainMin) return false;
    best = candidate;
    bestScore = value;
    return true;
  };
  for (let round = 0; round < roundsMax; round++) {
    const before = bestScore;
    for (const leaf of leaves) {
      for (const step of steps) while (valueOf(best, leaf) < 100 && (await take(scaled(best, leaf, step))));
      await take(withValue(best, leaf, neutralValue(leaf)));
      await take(withValue(best, leaf, firstGuess(leaf))); // it may have been switched off before others were right
    }
    if (bestScore - before < gainMin) break;
  }
  return best;
}

const scaled = (signals: RankingSignals, leaf: Leaf, step: number): RankingSignals =>
  withValue(signals, leaf, Math.round(valueOf(signals, leaf) * step * 1000) / 1000);
