import { leavesOf, valueOf } from '../../src/search/index.js';
import type { Leaf, RankingSignals } from '../../src/search/index.js';

export { leavesOf, valueOf, withValue } from '../../src/search/index.js';
export type { Leaf } from '../../src/search/index.js';

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
