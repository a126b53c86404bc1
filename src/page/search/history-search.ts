import type { LineHistory } from '../api/protocol.js';
import { languageOfPath } from '../code/language-of-path.js';
import type { Side } from '../state/place.js';
import { patternOf } from './exact-search.js';
import type { Item, Summary } from './item.js';
import type { SearchRequest } from './run-search.js';

/** When matching lines came and went: in all of a rev's history or, in a comparison, since the two parted, on each side. */
export async function searchHistory(request: SearchRequest): Promise<Summary> {
  const rev = committed(request.place.rev);
  const against = committed(request.place.against);
  const counts = await Promise.all(
    against === ''
      ? [readHistory(request, rev, null)]
      : [readHistory(request, `${against}..${rev}`, 'a'), readHistory(request, `${rev}..${against}`, 'b')],
  );
  const truncated = counts.some((count) => count >= request.place.limit);
  return { freshness: 'exact', tookMs: null, truncated, total: null };
}

/** Files on disk have the history of the commit that is checked out. */
const committed = (rev: string): string => (rev === '@worktree' ? 'HEAD' : rev);

/** Resolves to how many lines there were. */
async function readHistory(
  { api, scope: { repo }, place, signal, onProgress, onItems }: SearchRequest,
  revs: string,
  side: Side | null,
): Promise<number> {
  const rev = committed(side === 'b' ? place.against : place.rev);
  let count = 0;
  await api.stream(
    'log',
    { repo, ...patternOf(place), revs: [revs], maxCount: place.limit },
    (lines) => {
      count += lines.length;
      onItems(lines.map((history) => itemOf(history, side, rev)));
    },
    { signal, onProgress },
  );
  return count;
}

function itemOf(history: LineHistory, side: Side | null, rev: string): Item {
  const path = history.appeared[0]?.paths[0] ?? history.disappeared[0]?.paths[0] ?? '';
  return { type: 'history', side, path, root: '', package: '', language: languageOfPath(path), kind: '', rev, history };
}
