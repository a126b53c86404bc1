import type { RankingSignals } from '../../src/search/index.js';
import type { OpenRepositories } from './measure.js';
import { mean } from './mean.js';

/** Round guesses, made before anything was measured: tuning begins here, so that nothing is known of what is left out. */
export const untuned: RankingSignals = {
  bm25: {
    saturation: 1.2,
    weight: { body: 1, comment: 1, symbol: 2 },
    lengthNormalization: { body: 0.5, comment: 0.5, symbol: 0.5 },
  },
  fileText: 0.5,
  fileMatches: 1,
  wholeIdentifier: 0.5,
  joinedWords: 0.5,
  fileName: 1,
  folderName: 0.5,
  namesFile: { weight: 0.5, ofQuery: 1, ofName: 1 },
  namesDefinition: { weight: 0.5, ofQuery: 1, ofName: 1 },
  definesQuery: 0.5,
  meaning: { weight: 0.25, focus: 1, whole: 0.5, file: 0.5 },
  meaningAlone: { weight: 1, focus: 1, whole: 0.5, file: 0.5 },
  meaningOfWord: 0.5,
  testFile: 0.5,
  vendoredFile: 0.5,
  generatedFile: 0.5,
  exampleFile: 0.75,
  proseFile: 0.75,
  sameFile: 0.5,
};

export interface Validation {
  /** The signals in use, over all repositories. */
  readonly chosen: number;
  /** The round guesses, likewise. */
  readonly untuned: number;
  /** Tuned on the others, measured on those left out, fold by fold. */
  readonly folds: readonly { readonly heldOut: readonly string[]; readonly trained: number; readonly tested: number }[];
  /** Mean over the repositories, each measured with signals tuned without it. */
  readonly heldOut: number;
}

type Numbers = { readonly [name: string]: number | Numbers };

/** Repositories left out at a time. */
const foldSize = 4;
/** Steps of the coordinate search, as factors on a value. */
const steps = [0.67, 1.5];
/** A step that gains less is not taken: the labels do not support it. */
const gainMin = 0.0005;
const roundsMax = 2;

/** Tunes on all but four repositories, beginning with round guesses, and measures on the four; four times. */
export async function crossValidate(
  open: OpenRepositories,
  signals: RankingSignals,
  onStep: (message: string) => void,
): Promise<Validation> {
  const scores = memoisedScores(open);
  const names = open.repositories.map(({ name }) => name);
  const heldOutScores: number[] = [];
  const folds: Validation['folds'][number][] = [];
  for (let fold = 0; fold * foldSize < names.length; fold++) {
    // Every fourth, so that a fold is not one corner of the list.
    const foldCount = Math.ceil(names.length / foldSize);
    const out = names.map((_, i) => i).filter((i) => i % foldCount === fold);
    const rest = names.map((_, i) => i).filter((i) => !out.includes(i));
    const scoreOf = async (candidate: RankingSignals): Promise<number> => {
      const all = await scores(candidate);
      return mean(rest.map((i) => all[i]!));
    };
    const tuned = await tune(untuned, scoreOf);
    const all = await scores(tuned);
    const tested = out.map((i) => all[i]!);
    heldOutScores.push(...tested);
    const result = {
      heldOut: out.map((i) => names[i]!),
      trained: mean(rest.map((i) => all[i]!)),
      tested: mean(tested),
    };
    onStep(`${JSON.stringify(result)} ${JSON.stringify(difference(untuned, tuned))}`);
    folds.push(result);
  }
  const chosen = mean(await scores(signals));
  return { chosen, untuned: mean(await scores(untuned)), folds, heldOut: mean(heldOutScores) };
}

/** NDCG@10 by repository. */
function memoisedScores(open: OpenRepositories): (signals: RankingSignals) => Promise<readonly number[]> {
  const known = new Map<string, readonly number[]>();
  return async (signals) => {
    const key = JSON.stringify(signals);
    let scores = known.get(key);
    if (scores === undefined) {
      const measured = await open.rank(signals);
      scores = measured.map(({ outcomes }) => mean(outcomes.map(({ chunks }) => chunks.ndcg)));
      known.set(key, scores);
    }
    return scores;
  };
}

/** Coordinate search: one value at a time goes on in a direction while that gains. */
export async function tune(
  signals: RankingSignals,
  score: (signals: RankingSignals) => Promise<number>,
): Promise<RankingSignals> {
  let best = signals;
  let bestScore = await score(best);
  for (let round = 0; round < roundsMax; round++) {
    const before = bestScore;
    for (const path of leaves(signals as unknown as Numbers)) {
      for (const step of steps) {
        let candidate = scaled(best, path, step);
        for (let value = await score(candidate); value > bestScore + gainMin; value = await score(candidate)) {
          bestScore = value;
          best = candidate;
          candidate = scaled(best, path, step);
        }
      }
    }
    if (bestScore - before < gainMin) break;
  }
  return best;
}

function leaves(numbers: Numbers, prefix: readonly string[] = []): string[][] {
  return Object.entries(numbers).flatMap(([name, value]) =>
    typeof value === 'number' ? [[...prefix, name]] : leaves(value, [...prefix, name]),
  );
}

function scaled(signals: RankingSignals, path: readonly string[], step: number): RankingSignals {
  const copy = structuredClone(signals) as unknown as Record<string, unknown>;
  let at = copy;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  const last = path.at(-1)!;
  at[last] = Math.round((at[last] as number) * step * 1000) / 1000;
  return copy as unknown as RankingSignals;
}

export function difference(from: RankingSignals, to: RankingSignals): Record<string, string> {
  const valueAt = (signals: RankingSignals, path: readonly string[]): unknown =>
    path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], signals);
  const changes = leaves(from as unknown as Numbers).filter((path) => valueAt(from, path) !== valueAt(to, path));
  return Object.fromEntries(
    changes.map((path) => [path.join('.'), `${String(valueAt(from, path))} → ${String(valueAt(to, path))}`]),
  );
}
