import type { Place } from '../state/place.js';

/** Letter case matters where it is asked for, or where the query has a capital. In a regular expression the letters of classes (`\\W`) are none of the text's. */
export function mindsCase({ query, regex, matchCase }: Pick<Place, 'query' | 'regex' | 'matchCase'>): boolean {
  const text = regex ? query.replace(/\\(?:[pP]\{[^}]*\}|.)/gs, '') : query;
  return matchCase || text !== text.toLowerCase();
}
