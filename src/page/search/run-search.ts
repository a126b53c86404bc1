import type { ApiClient } from '../api/api-client.js';
import type { Progress, ResolvedRev, WireScope } from '../api/protocol.js';
import type { Place } from '../state/place.js';
import { searchExact } from './exact-search.js';
import { listFiles } from './file-list.js';
import { searchHistory } from './history-search.js';
import type { Item, ShownRevs, Summary } from './item.js';
import { searchRanked } from './ranked-search.js';
import { searchSymbols } from './symbol-search.js';

export interface SearchRequest {
  readonly api: ApiClient;
  /** Where to search. */
  readonly scope: WireScope;
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Called with results as they come. */
  readonly onItems: (items: readonly Item[]) => void;
}

/** Everything of a place that decides what is asked, empty where nothing is searched; the rest narrows or shows what came. */
export function searchKey({ mode, query, rev, against, deps, regex, matchCase, wholeWord, limit }: Place): string {
  if (query === '') return against === '' ? '' : JSON.stringify(['files', rev, against]);
  const pattern = mode === 'exact' || mode === 'history' ? [regex, matchCase, wholeWord] : [];
  return JSON.stringify([mode, query, rev, against, deps, mode === 'exact' ? 0 : limit, ...pattern]);
}

/** Searches as a place says. Without a query these are the files that differ in a comparison. */
export async function runSearch(request: SearchRequest): Promise<{ summary: Summary; revs: ShownRevs }> {
  const { place } = request;
  // Asked before the search, which does not wait for it: first hits come a round trip sooner. What changes between the two is
  // noticed, since the event of the change is looked at when this is there.
  const revs = Promise.all([
    resolve(request, place.rev),
    place.against === '' ? null : resolve(request, place.against),
  ]);
  revs.catch(() => undefined); // awaited below
  const summary = await searchOf(place)(request);
  const [rev, against] = await revs;
  const { searchedRev = place.rev } = summary;
  return { summary, revs: { rev: searchedRev === place.rev ? rev : await resolve(request, searchedRev), against } };
}

function searchOf({ mode, query }: Place): (request: SearchRequest) => Promise<Summary> {
  if (query === '') return listFiles;
  switch (mode) {
    case 'ranked':
      return searchRanked;
    case 'exact':
      return searchExact;
    case 'symbols':
      return searchSymbols;
    case 'history':
      return searchHistory;
  }
}

async function resolve({ api, scope: { repo }, signal }: SearchRequest, rev: string): Promise<ResolvedRev> {
  return (await api.call('resolve', { repo, rev }, { signal })).result;
}
