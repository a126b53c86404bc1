import { looksSecret, openReranker } from '../../embedding/index.js';
import type { Reranker } from '../../embedding/index.js';
import type { SharedStore } from './shared-store.js';
import type { Hit } from '../types.js';

/** Has the best hits ordered by the endpoint that the user's settings name, if they do. */
export class Reranking {
  private reranker: Reranker | null = null;

  constructor(private readonly shared: SharedStore) {}

  /** How many hits it wants to look at: 0 when nobody is named. */
  get topN(): number {
    return this.shared.settings.rerank?.topN ?? 0;
  }

  /**
   * The hits, the first `topN` of them in the endpoint's order, which `signals.rerank` tells; hits of files that look like secrets
   * are not sent, and stay where they are. When it fails or is late, all do. Scores stay those of our own ranking.
   */
  async order(query: string, hits: readonly Hit[], signal: AbortSignal | undefined): Promise<readonly Hit[]> {
    const { rerank } = this.shared.settings;
    if (rerank === null || query === '') return hits;
    const places = hits.flatMap(({ path }, i) => (i < rerank.topN && !looksSecret(path) ? [i] : []));
    if (places.length < 2) return hits;
    this.reranker ??= openReranker(rerank, { onNote: (note) => this.shared.note(note) });
    const texts = places.map((place) => hits[place]!.text);
    const scores = await this.reranker.rerank(query, texts, signal);
    if (scores === null) return hits;
    const best = places.map((place, i) => ({ place, score: scores[i]! }));
    best.sort((a, b) => b.score - a.score || a.place - b.place);
    const ordered = [...hits];
    for (const [rank, { place }] of best.entries()) {
      const hit = hits[place]!;
      ordered[places[rank]!] = { ...hit, signals: { ...hit.signals, rerank: rank + 1 } };
    }
    return ordered;
  }

  close(): void {
    this.reranker?.close();
  }
}
