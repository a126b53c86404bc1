import { elapsedMs } from '../../src/base/index.js';
import { openEngine } from '../../src/engine/index.js';
import { mean, percentile, scoreChunks } from '../../src/evaluation/index.js';
import type { RankMode } from '../../src/search/index.js';
import { depth } from './open-repositories.js';
import { codeLanguages } from './sets.js';
import type { LabelledRepository } from './sets.js';

export interface ModeLatency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** NDCG@10 of these answers: it differs a little from that of 50 hits, of which more are looked at closely. */
  readonly ndcg: number;
}

const rounds = 5;

/** Queries through the public API, ten hits each, in process and warm. The modes take turns. */
export async function measureLatency(
  { path, rev, prefix, queries }: LabelledRepository,
  store: string,
  modes: readonly RankMode[],
): Promise<Map<RankMode, ModeLatency>> {
  const engine = await openEngine({ repo: path, store, workers: 0 });
  try {
    const took = new Map(modes.map((mode) => [mode, [] as number[]]));
    const ndcgs = new Map(modes.map((mode) => [mode, [] as number[]]));
    for (let round = 0; round <= rounds; round++) {
      for (const { query, targets } of queries) {
        for (const mode of modes) {
          const startMs = elapsedMs();
          const { hits } = await engine.search(query, { rev, mode, limit: depth, languages: codeLanguages });
          if (round > 0)
            took.get(mode)!.push(elapsedMs() - startMs); // the first reads from disk
          else {
            const spans = hits.map((hit) => ({ ...hit, path: prefix + hit.path }));
            ndcgs.get(mode)!.push(scoreChunks(spans, targets, depth).ndcg);
          }
        }
      }
    }
    return new Map(
      modes.map((mode) => {
        const values = took.get(mode)!;
        const ndcg = mean(ndcgs.get(mode)!);
        return [mode, { p50Ms: percentile(values, 0.5), p99Ms: percentile(values, 0.99), ndcg }];
      }),
    );
  } finally {
    await engine.close();
  }
}
