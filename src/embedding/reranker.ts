import { throwIfAborted } from '../base/index.js';
import type { RerankConfig } from './config.js';
import { cutOff } from './document.js';
import { JsonEndpoint } from './json-endpoint.js';

/** Says how well texts answer a query, looking at both together. */
export interface Reranker {
  /** How many texts it is to be given at most. */
  readonly topN: number;
  /**
   * A score for each of the documents, in their order, higher being better; null when there are none in time or the endpoint
   * fails, which is noted: then the order stays as it is. ABORTED when it is cancelled. The documents leave this process: give it
   * none of files that look like secrets (`looksSecret`).
   */
  rerank(query: string, documents: readonly string[], signal?: AbortSignal): Promise<number[] | null>;
  close(): void;
}

export interface RerankerOptions {
  /** Told once where text goes, and of each kind of failure. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Longer documents are cut off there, in characters. */
const documentCharsMax = 4000;

/** A reranker behind an endpoint's `/rerank`, as vLLM, Jina, Cohere and others have it. CONFIG_INVALID when the environment has no usable key. */
export function openReranker(config: RerankConfig, { onNote }: RerankerOptions = {}): Reranker {
  const { model, topN, timeoutMs } = config;
  const endpoint = new JsonEndpoint({ ...config, setting: 'rerank' });
  const notes = new Set<string>();
  const note = (text: string): void => {
    if (!notes.has(text)) onNote?.(text);
    notes.add(text);
  };
  return {
    topN,
    async rerank(query, documents, signal) {
      throwIfAborted(signal);
      if (documents.length === 0) return [];
      note(`the best hits are sent to ${endpoint.shownAddress} to be ranked`);
      const texts = documents.map((text) => cutOff(text, documentCharsMax));
      const body = { model, query, documents: texts, top_n: texts.length, return_documents: false };
      try {
        const answer = await endpoint.post('/rerank', body, { signal, timeoutMs, patienceMs: 0 });
        const scores = readScores(answer, texts.length);
        if (scores === null) throw endpoint.invalid('its answer does not have a "relevance_score" for each document');
        return scores;
      } catch (error) {
        throwIfAborted(signal);
        note(`hits are not reranked: ${error instanceof Error ? error.message : String(error)}`);
        return null;
      }
    },
    close: () => endpoint.close(),
  };
}

function readScores(answer: unknown, count: number): number[] | null {
  const results = (answer as { results?: unknown } | null)?.results;
  if (!Array.isArray(results) || results.length !== count) return null;
  const scores = new Map<number, number>();
  for (const result of results as ({ index?: unknown; relevance_score?: unknown } | null)[]) {
    const { index, relevance_score: score } = result ?? {};
    if (typeof index === 'number' && typeof score === 'number' && Number.isFinite(score)) scores.set(index, score);
  }
  const inOrder = Array.from({ length: count }, (_, i) => scores.get(i));
  return inOrder.every((score) => score !== undefined) ? inOrder : null;
}
