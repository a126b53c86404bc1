import type { ApiClient } from '../api/api-client.js';
import type { Progress, ResolvedRev } from '../api/protocol.js';
import type { Place } from '../state/place.js';
import { searchExact } from './exact-search.js';
import { listFiles } from './file-list.js';
import { searchHistory } from './history-search.js';
import type { Item, ShownRevs, Summary } from './item.js';
import { searchRanked } from './ranked-search.js';
import { searchSymbols } from './symbol-search.js';

export interface SearchRequest {
  readonly api: ApiClient;
  readonly repo: string;
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Called with results as they come. */
  readonly onItems: (items: readonly Item[]) => void;
}

/** Everything of a place that decides what is asked; the rest narrows or shows what came. */
export function searchKey({ mode, query, rev, against, regex, matchCase, wholeWord, limit }: Place): string {
  if (query === '') return JSON.stringify(['files', rev, against]);
  const pattern = mode === 'exact' || mode === 'history' ? [regex, matchCase, wholeWord] : [];
  return JSON.stringify([mode, query, rev, against, mode === 'exact' ? 0 : limit, ...pattern]);
}

/** Searches as a place says. Without a query these are the files: all, or in a comparison those that differ. */
export async function runSearch(request: SearchRequest): Promise<{ summary: Summary; revs: ShownRevs }> {
  const { place } = request;
  // Resolved before anything is searched: a change in between is then noticed rather than missed.
  const [rev, against] = await Promise.all([
    resolve(request, place.rev),
    place.against === '' ? null : resolve(request, place.against),
  ]);
  const summary = await searchOf(place)(request);
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

async function resolve({ api, repo, signal }: SearchRequest, rev: string): Promise<ResolvedRev> {
  return (await api.call('resolve', { repo, rev }, { signal })).result;
}
