import type { RankingSignals } from '../../src/search/index.js';
import type { OpenRepositories } from './measure.js';
import { chunkNdcg } from './mean.js';

export interface Ablation {
  readonly signal: string;
  readonly ndcg: number;
  readonly difference: number;
}

/** Each signal, switched off. */
const withouts: Readonly<Record<string, (signals: RankingSignals) => RankingSignals>> = {
  fileName: (signals) => ({ ...signals, fileName: 0 }),
  folderName: (signals) => ({ ...signals, folderName: 0 }),
  wholeFileName: (signals) => ({ ...signals, wholeFileName: 0 }),
  definesTerm: (signals) => ({ ...signals, definesTerm: 0 }),
  definesQuery: (signals) => ({ ...signals, definesQuery: 0 }),
  coverage: (signals) => ({ ...signals, coverage: 0 }),
  proximity: (signals) => ({ ...signals, proximity: 0 }),
  fileEvidence: (signals) => ({ ...signals, fileEvidence: 0 }),
  testFile: (signals) => ({ ...signals, testFile: 1 }),
  vendoredFile: (signals) => ({ ...signals, vendoredFile: 1 }),
  generatedFile: (signals) => ({ ...signals, generatedFile: 1 }),
  exampleFile: (signals) => ({ ...signals, exampleFile: 1 }),
  sameFile: (signals) => ({ ...signals, sameFile: 1 }),
};

/** What is lost without each signal. */
export function ablate(open: OpenRepositories, signals: RankingSignals): Ablation[] {
  const whole = chunkNdcg(open.rank(signals));
  return Object.entries(withouts).map(([signal, without]) => {
    const ndcg = chunkNdcg(open.rank(without(signals)));
    return { signal, ndcg, difference: ndcg - whole };
  });
}
