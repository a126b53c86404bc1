import type { Tokens } from '../chat/index.js';

/** A hit as a model that orders hits sees it. */
export interface Passage {
  readonly path: string;
  /** 1-based, both inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  /** What it defines: `method Store.open`; empty when nothing. */
  readonly symbol: string;
  /** What a model wrote on it, or empty. */
  readonly description: string;
  readonly text: string;
  /** Lines of `text`, from 0, that match the query. */
  readonly matching: readonly number[];
}

export interface Reranking {
  /** Positions of the passages, the best first, all of them; null: the order stays as it is. */
  readonly order: readonly number[] | null;
  /** How many of them the model put in order; the others follow as they were. */
  readonly ordered: number;
  /** Why the order stays; null when it does not. */
  readonly reason: string | null;
  /** Sent; those that were answered from memory are not. */
  readonly requests: number;
  readonly fromCache: number;
  readonly tokens: Tokens;
}

/** Says how well texts answer a query, looking at both together. */
export interface Reranker {
  readonly model: string;
  /** How many passages it is to be given at most. */
  readonly candidates: number;
  /**
   * An order of the passages. When it fails, is late or answers something else, the order stays, and `reason` says why. ABORTED when it is
   * cancelled. The passages leave this process: give it none of files that look like secrets (`looksSecret`).
   */
  rerank(query: string, passages: readonly Passage[], signal?: AbortSignal): Promise<Reranking>;
  /** What would be sent for them, as far as that does not depend on answers. */
  requests(query: string, passages: readonly Passage[]): RerankRequests;
  close(): void;
}

export interface RerankRequests {
  readonly requests: readonly { readonly url: string; readonly body: object; readonly tokens: Tokens }[];
  /** What a further request takes that has the best of these once more; null: there is none. */
  readonly last: Tokens | null;
}

export interface RerankerOptions {
  /** Told once where text goes. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Tells each note once. */
export function onceEach(onNote: RerankerOptions['onNote']): (note: string) => void {
  const told = new Set<string>();
  return (note) => {
    if (!told.has(note)) onNote?.(note);
    told.add(note);
  };
}
