import type { RankMode, RankingSignals } from '../../src/search/index.js';
import { chunkNdcg } from './mean.js';
import type { OpenRepositories } from './open-repositories.js';
import { leavesOf, neutralValue, valueOf, withValue } from './signals.js';
import type { Leaf } from './signals.js';

export interface Ablation {
  readonly leaf: Leaf;
  readonly value: number;
  readonly neutral: number;
  /** What NDCG@10 becomes without it, less what it is with all signals; by mode. */
  readonly differences: Readonly<Partial<Record<RankMode, number>>>;
}

/** Each signal on its own, made to say nothing. */
export async function ablate(
  open: OpenRepositories,
  signals: RankingSignals,
  modes: readonly RankMode[],
): Promise<Ablation[]> {
  const whole = new Map<RankMode, number>();
  for (const mode of modes) whole.set(mode, chunkNdcg(await open.rank(signals, mode)));
  const ablations: Ablation[] = [];
  for (const leaf of leavesOf(signals)) {
    const neutral = neutralValue(leaf);
    const without = withValue(signals, leaf, neutral);
    const differences: Partial<Record<RankMode, number>> = {};
    for (const mode of modes) differences[mode] = chunkNdcg(await open.rank(without, mode)) - whole.get(mode)!;
    console.error(`without ${leaf}: ${JSON.stringify(differences)}`);
    ablations.push({ leaf, value: valueOf(signals, leaf), neutral, differences });
  }
  return ablations;
}
