import type { JSX } from 'preact';
import type { NearestHit } from '../../api/protocol.js';
import type { FilePlace } from '../../state/place.js';
import { hrefOf } from '../../state/navigation.js';
import { results } from '../../state/shown/results.js';

const fileOf = ({ path, startLine, endLine }: NearestHit, rev: string): FilePlace => ({
  path,
  rev,
  lines: { start: startLine, end: endLine },
});

/** What an answer says besides its hits: other names that may have been meant, how it was read, how good it is. */
export function Told(): JSX.Element | null {
  const told = results.value.summary?.told;
  if (told === undefined) return null;
  const { confidence, didYouMean = [], nearest, notes = [] } = told;
  if (confidence === undefined && didYouMean.length === 0 && notes.length === 0) return null;
  return (
    <div class="told">
      {notes.map((note) => (
        <p>{note}</p>
      ))}
      {didYouMean.length > 0 && (
        <p>
          Did you mean{' '}
          {didYouMean.map((query, i) => (
            <>
              {i > 0 && ' or '}
              <a href={hrefOf({ query })}>{query}</a>
            </>
          ))}
          ?
        </p>
      )}
      {nearest !== undefined && (
        <p>
          Nothing good was found. The nearest is {nearest.symbol !== '' && <code>{nearest.symbol}</code>} in{' '}
          <a href={hrefOf({ file: fileOf(nearest, results.value.place.rev) })}>
            {nearest.path}:{nearest.startLine}
          </a>
          .
        </p>
      )}
      {nearest === undefined && confidence === 'weak' && results.value.items.length > 0 && (
        <p>Little of the query was found: these are weak hits.</p>
      )}
    </div>
  );
}
