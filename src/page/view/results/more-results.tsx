import type { JSX } from 'preact';
import { go, place } from '../../state/navigation.js';
import { limitMax } from '../../state/place.js';
import { results } from '../../state/shown/results.js';

/** At the end of a list that was cut off: the way to the rest. */
export function MoreResults(): JSX.Element | null {
  const { summary, status, items } = results.value;
  if (summary?.truncated !== true || status !== 'done') return null;
  const { mode, query, limit } = place.value;
  const canAskMore = query !== '' && mode !== 'exact' && limit < limitMax;
  return (
    <div class="more-results">
      {canAskMore ? (
        <button type="button" class="button" onClick={() => go({ limit: limitMax }, { replace: true })}>
          Show up to {limitMax.toLocaleString()} results
        </button>
      ) : (
        <p>
          These are the first {items.length.toLocaleString()} results. A longer query or a filter such as{' '}
          <code>path:</code> finds less.
        </p>
      )}
    </div>
  );
}
