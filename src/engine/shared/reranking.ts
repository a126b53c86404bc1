import { elapsedMs } from '../../base/index.js';
import { costOf } from '../../chat/index.js';
import { looksSecret } from '../../endpoint/index.js';
import { openReranker } from '../../reranking/index.js';
import type { Passage, Reranker } from '../../reranking/index.js';
import type { SharedStore } from './shared-store.js';
import type { Hit, PlannedRequests, RerankSummary } from '../types.js';

/** Hits in the order of who was asked, and what that took; null when nobody was. */
export interface Ordered {
  readonly hits: readonly Hit[];
  readonly summary: RerankSummary | null;
}

/** Has the best hits ordered by the model that the user's settings name, if they do. */
export class Reranking {
  private reranker: Reranker | null = null;

  constructor(private readonly shared: SharedStore) {}

  /** How many hits it wants to look at: 0 when nobody is named. */
  get candidates(): number {
    const { rerank } = this.shared.settings;
    return rerank === null ? 0 : rerank.provider === 'chat' ? rerank.candidates : rerank.topN;
  }

  /**
   * The hits, the best of them in the model's order, which `signals.rerank` tells; hits of files that look like secrets
   * are not sent, and stay where they are. When it fails or is late, all do. Scores stay those of our own ranking.
   */
  async order(query: string, hits: readonly Hit[], signal: AbortSignal | undefined): Promise<Ordered> {
    const places = this.sentPlaces(query, hits);
    if (places.length < 2) return { hits, summary: null };
    const reranker = this.open();
    const startMs = elapsedMs();
    const passages = places.map((place) => passageOf(hits[place]!));
    const { order, ordered, reason, requests, fromCache, tokens } = await reranker.rerank(query, passages, signal);
    const { rerank } = this.shared.settings;
    const cost = rerank?.provider === 'chat' ? costOf(tokens, rerank) : null;
    const summary: RerankSummary = {
      model: reranker.model,
      ordered,
      ...(reason === null ? {} : { reason }),
      requests,
      fromCache,
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      ...(cost === null ? {} : { cost }),
      tookMs: elapsedMs() - startMs,
    };
    if (order === null) return { hits, summary };
    const inOrder = [...hits];
    for (const [rank, i] of order.entries()) {
      const hit = hits[places[i]!]!;
      inOrder[places[rank]!] = rank < ordered ? { ...hit, signals: { ...hit.signals, rerank: rank + 1 } } : hit;
    }
    return { hits: inOrder, summary };
  }

  /** What `order` would send. */
  plan(query: string, hits: readonly Hit[]): PlannedRequests | null {
    const places = this.sentPlaces(query, hits);
    if (places.length < 2) return null;
    const { requests, last } = this.open().requests(
      query,
      places.map((place) => passageOf(hits[place]!)),
    );
    const all = [...requests.map(({ tokens }) => tokens), ...(last === null ? [] : [last])];
    const tokens = all.reduce((a, b) => ({ input: a.input + b.input, output: a.output + b.output }), {
      input: 0,
      output: 0,
    });
    const { rerank } = this.shared.settings;
    const cost = rerank?.provider === 'chat' ? costOf(tokens, rerank) : null;
    return {
      requests: requests.map(({ url, body }) => ({ url, body })),
      more: last === null ? 0 : 1,
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      ...(cost === null ? {} : { cost }),
    };
  }

  close(): void {
    this.reranker?.close();
  }

  private open(): Reranker {
    const { settings } = this.shared;
    return (this.reranker ??= openReranker(settings.rerank!, { onNote: (note) => this.shared.note(note) }));
  }

  private sentPlaces(query: string, hits: readonly Hit[]): number[] {
    if (query === '') return [];
    return hits.flatMap(({ path }, i) => (i < this.candidates && !looksSecret(path) ? [i] : []));
  }
}

const passageOf = ({ path, startLine, endLine, kind, symbol, text, matches, description }: Hit): Passage => ({
  path,
  startLine,
  endLine,
  symbol: [kind, symbol].filter((part) => part !== '').join(' '),
  description: description ?? '',
  text,
  matching: [...new Set(matches.map(({ line }) => line - startLine))].sort((a, b) => a - b),
});
