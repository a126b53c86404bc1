import type { RankingSignals } from './ranking-signals.js';

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
