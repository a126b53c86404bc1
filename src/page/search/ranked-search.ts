import type { Freshness, Hit } from '../api/protocol.js';
import type { Side } from '../state/place.js';
import { leastFresh } from './freshness.js';
import { placeOfItem, type Item, type Summary, type Told } from './item.js';
import type { SearchRequest } from './run-search.js';

interface Answer {
  readonly freshness: Freshness;
  readonly tookMs: number;
  readonly truncated: boolean;
  readonly searchedRev: string;
  readonly told: Told;
}

/** Ranked search of one rev or, in a comparison, of what each of the two has new and of what both have. */
export async function searchRanked(request: SearchRequest): Promise<Summary> {
  const { rev, against } = request.place;
  if (against === '') {
    const answer = await search(request, rev, (hits) => request.onItems(hits.map((hit) => itemOf(hit, null))));
    return { ...answer, total: null };
  }
  const own = new Set<string>();
  const all: Hit[] = [];
  const answers = await Promise.all([
    search(request, `${against}..${rev}`, (hits) => {
      for (const hit of hits) own.add(placeOf(hit));
      request.onItems(hits.map((hit) => itemOf(hit, 'a')));
    }),
    search(request, `${rev}..${against}`, (hits) => request.onItems(hits.map((hit) => itemOf(hit, 'b')))),
    search(request, rev, (hits) => void all.push(...hits)),
  ]);
  request.onItems(all.filter((hit) => !own.has(placeOf(hit))).map((hit) => itemOf(hit, 'both')));
  return {
    freshness: leastFresh(...answers.map((answer) => answer.freshness)),
    tookMs: Math.max(...answers.map((answer) => answer.tookMs)),
    truncated: answers.some((answer) => answer.truncated),
    total: null,
  };
}

async function search(
  { api, scope, place, signal, onProgress }: SearchRequest,
  rev: string,
  onHits: (hits: readonly Hit[]) => void,
): Promise<Answer> {
  const { query, limit } = place;
  let count = 0;
  let freshness: Freshness = 'exact';
  const result = await api.stream(
    'search',
    // Every key asks: a model that the settings name, which costs, is for a search that is meant.
    { ...scope, query, rev, limit, effort: 'fast' },
    (hits) => {
      count += hits.length;
      freshness = leastFresh(freshness, ...hits.slice(0, 1).map((hit) => hit.freshness));
      onHits(hits);
    },
    { signal, onProgress },
  );
  const { confidence, didYouMean, nearest, notes } = result;
  const told = {
    ...(confidence && { confidence }),
    ...(didYouMean && { didYouMean }),
    ...(nearest && { nearest }),
    ...(notes && { notes }),
  };
  return { freshness, tookMs: result.tookMs, truncated: count >= limit, searchedRev: result.rev, told };
}

function itemOf(hit: Hit, side: Side | null): Item {
  return { type: 'hit', side, ...placeOfItem(hit), language: hit.language, kind: hit.kind, rev: hit.rev, hit };
}

const placeOf = (hit: Hit): string => `${hit.startLine} ${hit.repo} ${hit.path}`;
