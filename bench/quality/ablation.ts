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
  fileText: (signals) => ({ ...signals, fileText: 0 }),
  fileMatches: (signals) => ({ ...signals, fileMatches: 0 }),
  wholeIdentifier: (signals) => ({ ...signals, wholeIdentifier: 0 }),
  joinedWords: (signals) => ({ ...signals, joinedWords: 0 }),
  fileName: (signals) => ({ ...signals, fileName: 0 }),
  folderName: (signals) => ({ ...signals, folderName: 0 }),
  namesFile: (signals) => ({ ...signals, namesFile: { ...signals.namesFile, weight: 0 } }),
  namesDefinition: (signals) => ({ ...signals, namesDefinition: { ...signals.namesDefinition, weight: 0 } }),
  definesQuery: (signals) => ({ ...signals, definesQuery: 0 }),
  'symbol field': (signals) => ({ ...signals, bm25: withWeight(signals, 'symbol', signals.bm25.weight.body) }),
  'comment field': (signals) => ({ ...signals, bm25: withWeight(signals, 'comment', signals.bm25.weight.body) }),
  testFile: (signals) => ({ ...signals, testFile: 1 }),
  vendoredFile: (signals) => ({ ...signals, vendoredFile: 1 }),
  generatedFile: (signals) => ({ ...signals, generatedFile: 1 }),
  exampleFile: (signals) => ({ ...signals, exampleFile: 1 }),
  sameFile: (signals) => ({ ...signals, sameFile: 1 }),
};

/** A field that counts as the body does. */
function withWeight({ bm25 }: RankingSignals, field: 'symbol' | 'comment', weight: number): RankingSignals['bm25'] {
  return { ...bm25, weight: { ...bm25.weight, [field]: weight } };
}

/** What is lost without each signal. */
export async function ablate(open: OpenRepositories, signals: RankingSignals): Promise<Ablation[]> {
  const whole = chunkNdcg(await open.rank(signals));
  const ablations: Ablation[] = [];
  for (const [signal, without] of Object.entries(withouts)) {
    const ndcg = chunkNdcg(await open.rank(without(signals)));
    ablations.push({ signal, ndcg, difference: ndcg - whole });
  }
  return ablations;
}
