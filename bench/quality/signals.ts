import type { RankingSignals } from '../../src/search/index.js';

/**
 * A number among the ranking signals, by its path: `bm25.weight.body`. Everything here works on whatever numbers the signals
 * have, so that a new one is measured and tuned without a word more.
 */
export type Leaf = string;

type Numbers = { readonly [name: string]: number | Numbers };

export function leavesOf(signals: RankingSignals): Leaf[] {
  const walk = (numbers: Numbers, prefix: string): Leaf[] =>
    Object.entries(numbers).flatMap(([name, value]) =>
      typeof value === 'number' ? [prefix + name] : walk(value, `${prefix}${name}.`),
    );
  return walk(signals as unknown as Numbers, '');
}

/** The numbers that begin with one of the names: `meaning` is all of `meaning.weight`, `meaning.focus`, …; `all` is all. */
export function selectLeaves(signals: RankingSignals, names: readonly string[]): Leaf[] {
  const leaves = leavesOf(signals);
  for (const name of names) {
    if (name !== 'all' && !leaves.some((leaf) => isBelow(leaf, name)))
      throw new Error(`no signal is called ${name}; there are ${leaves.join(', ')}`);
  }
  return leaves.filter((leaf) => names.some((name) => name === 'all' || isBelow(leaf, name)));
}

const isBelow = (leaf: Leaf, name: string): boolean => leaf === name || leaf.startsWith(`${name}.`);

export function valueOf(signals: RankingSignals, leaf: Leaf): number {
  return leaf.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], signals) as number;
}

export function withValue(signals: RankingSignals, leaf: Leaf, value: number): RankingSignals {
  const copy = structuredClone(signals) as unknown as Record<string, unknown>;
  const names = leaf.split('.');
  const last = names.pop()!;
  const parent = names.reduce((at, name) => at[name] as Record<string, unknown>, copy);
  if (typeof parent[last] !== 'number') throw new Error(`no signal is called ${leaf}`);
  parent[last] = value;
  return copy as unknown as RankingSignals;
}

/** What makes a signal say nothing. For most that is 0; a factor says nothing at 1, an exponent at 1. */
export function neutralValue(leaf: Leaf): number {
  const last = leaf.split('.').pop()!;
  if (last === 'saturation') return 1e9;
  return /File$|^sameFile$|^meaningOfWord$|^focus$|^ofQuery$|^ofName$/.test(last) && last !== 'namesFile' ? 1 : 0;
}

/** Guesses made before anything was measured: tuning begins with them, so that nothing is known of what is left out. */
export function firstGuess(leaf: Leaf): number {
  return guesses[leaf] ?? guesses[leaf.split('.').pop()!] ?? 0.5;
}

const guesses: Readonly<Record<Leaf, number>> = {
  'bm25.saturation': 1.2,
  'bm25.weight.body': 1,
  'bm25.weight.comment': 1,
  'bm25.weight.symbol': 2,
  fileMatches: 1,
  fileName: 1,
  ofQuery: 1,
  ofName: 1,
  focus: 1,
  'meaning.weight': 0.25,
  'meaningAlone.weight': 1,
  exampleFile: 0.75,
  proseFile: 0.75,
};

/** What differs, for people. */
export function changes(from: RankingSignals, to: RankingSignals): string {
  return leavesOf(from)
    .filter((leaf) => valueOf(from, leaf) !== valueOf(to, leaf))
    .map((leaf) => `${leaf} ${String(valueOf(from, leaf))} → ${String(valueOf(to, leaf))}`)
    .join(', ');
}
