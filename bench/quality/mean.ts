import { mean } from '../../src/evaluation/index.js';
import type { Measured, Outcome } from './open-repositories.js';

/** Mean of the repositories' means, over the outcomes that pass; repositories without any are left out. */
export function overall(
  measured: readonly Measured[],
  value: (outcome: Outcome) => number,
  passes: (outcome: Outcome) => boolean = () => true,
): number {
  const rows = measured.map(({ outcomes }) => outcomes.filter(passes)).filter((outcomes) => outcomes.length > 0);
  return mean(rows.map((outcomes) => mean(outcomes.map(value))));
}

export const chunkNdcg = (measured: readonly Measured[]): number => overall(measured, ({ chunks }) => chunks.ndcg);
