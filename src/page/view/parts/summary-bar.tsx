import type { JSX } from 'preact';
import type { Freshness, ResolvedRev } from '../../api/protocol.js';
import { isNarrowing } from '../../search/facets.js';
import { hrefOf, place } from '../../state/navigation.js';
import type { Place } from '../../state/place.js';
import { results } from '../../state/shown/results.js';
import { narrowed, narrowing } from '../../state/shown/shown-results.js';

/** How many results there are, of what, and how fresh. */
export function SummaryBar(): JSX.Element {
  const { status, summary, revs, items } = results.value;
  const count = narrowed.value.length;
  const narrowedText = isNarrowing(narrowing.value) ? ` of ${items.length.toLocaleString()}` : '';
  const noun = nounOf(narrowedText === '' ? count : items.length);
  const total = summary?.total ?? null;
  const number = `${count.toLocaleString()}${summary?.truncated === true && total === null ? '+' : ''}`;
  return (
    <div class="summary">
      <p role="status">
        {status === 'running' && items.length === 0 ? (
          'Searching…'
        ) : (
          <>
            <b>{number}</b>
            {narrowedText} {noun}
            {total !== null && total > items.length && ` (of ${total.toLocaleString()})`}
          </>
        )}
      </p>
      {revs !== null && <RevNote rev={revs.rev} pin={(commit) => ({ rev: commit })} />}
      {revs !== null && revs.against !== null && (
        <>
          <span>and</span> <RevNote rev={revs.against} pin={(commit) => ({ against: commit })} />
        </>
      )}
      {summary !== null && <FreshnessNote freshness={summary.freshness} />}
      {summary !== null && summary.tookMs !== null && <span class="took">{formatMs(summary.tookMs)}</span>}
    </div>
  );
}

function nounOf(count: number): string {
  const { query, against, mode } = place.value;
  const one = count === 1;
  if (query === '') return `${against === '' ? '' : 'changed '}${one ? 'file' : 'files'}`;
  switch (mode) {
    case 'ranked':
      return one ? 'result' : 'results';
    case 'symbols':
      return one ? 'definition' : 'definitions';
    case 'exact':
    case 'history':
      return one ? 'line' : 'lines';
  }
}

interface RevNoteProps {
  readonly rev: ResolvedRev;
  /** What makes its commit what is searched, whatever becomes of its name. */
  readonly pin: (commit: string) => Partial<Place>;
}

/** A rev and the commit that it names now. */
function RevNote({ rev: { rev, commit }, pin }: RevNoteProps): JSX.Element {
  return (
    <span class="rev-note">
      {rev !== commit && <span class="rev-name">{rev}</span>}
      {commit !== null && (
        <a class="sha" href={hrefOf(pin(commit))} title="Permanent link: this commit instead of the name">
          {commit.slice(0, 9)}
        </a>
      )}
    </span>
  );
}

const freshnessHelp: Readonly<Record<Freshness, string>> = {
  exact: 'a commit, tag or fork: exactly what it holds',
  live: 'the work tree as it was when asked',
  stale: 'the work tree as it was last read: some changes may be missing',
};

export function FreshnessNote({ freshness }: { readonly freshness: Freshness }): JSX.Element {
  return (
    <span class={`freshness freshness-${freshness}`} title={freshnessHelp[freshness]}>
      {freshness}
    </span>
  );
}

function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
