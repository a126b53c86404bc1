import { startOf, throwIfAborted, messageOf } from '../base/index.js';
import { noTokens } from '../chat/index.js';
import { JsonEndpoint, modelCodes } from '../endpoint/index.js';
import type { EndpointRerankConfig } from './config.js';
import { onceEach } from './reranker.js';
import type { Passage, Reranker, RerankerOptions } from './reranker.js';

/** Longer documents are cut off there, in characters. */
const documentCharsMax = 4000;

/** A reranker behind an endpoint's `/rerank`, as vLLM, Jina, Cohere and others have it. CONFIG_INVALID when the environment has no usable key. */
export function openEndpointReranker(config: EndpointRerankConfig, { onNote }: RerankerOptions = {}): Reranker {
  const { model, topN, timeoutMs } = config;
  const endpoint = new JsonEndpoint({ ...config, setting: 'rerank', codes: modelCodes });
  const note = onceEach(onNote);
  const bodyOf = (query: string, passages: readonly Passage[]): object => ({
    model,
    query,
    documents: passages.map(({ text }) => startOf(text, documentCharsMax)),
    top_n: passages.length,
    return_documents: false,
  });
  return {
    model,
    candidates: topN,
    async rerank(query, passages, signal) {
      throwIfAborted(signal);
      const kept = { order: null, ordered: 0, fromCache: 0, tokens: noTokens };
      if (passages.length === 0) return { ...kept, requests: 0, reason: 'there is nothing to order' };
      note(`the best hits are sent to ${endpoint.shownAddress} to be ranked`);
      try {
        const body = bodyOf(query, passages);
        const answer = await endpoint.post('/rerank', body, { signal, timeoutMs, patienceMs: 0 });
        const scores = readScores(answer, passages.length);
        if (scores === null) throw endpoint.invalid('its answer does not have a "relevance_score" for each document');
        const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
        return { order, ordered: order.length, reason: null, requests: 1, fromCache: 0, tokens: noTokens };
      } catch (error) {
        throwIfAborted(signal);
        const reason = messageOf(error);
        return { ...kept, requests: 1, reason };
      }
    },
    requests: (query, passages) => ({
      requests: [{ url: `${endpoint.shownAddress}/rerank`, body: bodyOf(query, passages), tokens: noTokens }],
      last: null,
    }),
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
