import type { LineMatch } from '../api/protocol.js';
import { languageOfPath } from '../code/language-of-path.js';
import { limitMax, type Place, type Side } from '../state/place.js';
import { mindsCase } from './case-rule.js';
import { leastFresh } from './freshness.js';
import { placeOfItem, type Item, type Summary } from './item.js';
import type { SearchRequest } from './run-search.js';

/** Lines that match: of one rev or, in a comparison, those that only one of the two has and those that both have. */
export async function searchExact(request: SearchRequest): Promise<Summary> {
  const { api, scope, place, signal, onProgress, onItems } = request;
  const { rev, against } = place;
  const pattern = { ...scope, ...patternOf(place), maxCount: limitMax };
  const grep = (onLines: (lines: readonly LineMatch[]) => void): ReturnType<typeof api.stream<'grep'>> =>
    api.stream('grep', { ...pattern, rev }, onLines, { signal, onProgress });
  if (against === '') {
    const { freshness, tookMs, truncated } = await grep((lines) =>
      onItems(lines.map((line) => itemOf(line, null, rev))),
    );
    return { freshness, tookMs, truncated, total: null };
  }
  const own = new Set<string>();
  const all: LineMatch[] = [];
  const [range, whole] = await Promise.all([
    api.stream(
      'grep-range',
      { ...pattern, from: against, to: rev },
      (lines) => {
        for (const line of lines) if (line.side === '+') own.add(placeOf(line));
        onItems(lines.map((line) => (line.side === '+' ? itemOf(line, 'a', rev) : itemOf(line, 'b', against))));
      },
      { signal, onProgress },
    ),
    grep((lines) => void all.push(...lines)),
  ]);
  onItems(all.filter((line) => !own.has(placeOf(line))).map((line) => itemOf(line, 'both', rev)));
  return {
    freshness: leastFresh(range.freshness, whole.freshness),
    tookMs: Math.max(range.tookMs, whole.tookMs),
    truncated: range.truncated || whole.truncated,
    total: null,
  };
}

/**
 * A place's query as the pattern that `grep` and `log` take. Letter case matters where the query has a capital, or where it is asked for:
 * `parsequery` finds ParseQuery, `ParseQuery` not parsequery.
 */
export function patternOf({ query, regex, matchCase, wholeWord }: Place): {
  pattern: string;
  literal: boolean;
  ignoreCase: boolean;
  wholeWord: boolean;
} {
  return { pattern: query, literal: !regex, ignoreCase: !mindsCase({ query, regex, matchCase }), wholeWord };
}

function itemOf(line: LineMatch, side: Side | null, rev: string): Item {
  return { type: 'line', side, ...placeOfItem(line), language: languageOfPath(line.path), kind: '', rev, line };
}

const placeOf = (line: LineMatch): string => `${line.line} ${line.repo ?? ''} ${line.path}`;
