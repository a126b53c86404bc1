import type { JSX } from 'preact';
import { isNarrowing } from '../../search/facets.js';
import { hrefOf, place } from '../../state/navigation.js';
import { notNarrowed } from '../../state/place.js';
import { results } from '../../state/shown/results.js';
import { narrowing, rows } from '../../state/shown/shown-results.js';
import { ErrorPanel } from '../parts/error-panel.js';
import { FacetsPanel } from './facets-panel.js';
import { OutdatedHint } from '../parts/outdated-hint.js';
import { ResultList } from './result-list.js';
import { SidePanel } from '../parts/side-panel.js';
import { SummaryBar } from '../parts/summary-bar.js';
import { Told } from '../parts/told.js';

/** What was found, and what to narrow it by. */
export function ResultsPage(): JSX.Element {
  const { status, error, items, areOld } = results.value;
  const isOld = status === 'failed' && items.length > 0;
  return (
    <div class="columns">
      <SidePanel label="Filters">
        <FacetsPanel />
      </SidePanel>
      <main class={isOld || areOld ? 'results results-old' : 'results'} aria-label="Results">
        <h1 class="visually-hidden">Results</h1>
        {error !== null && <ErrorPanel error={error} id="search-error" />}
        {(status !== 'failed' || isOld) && <SummaryBar />}
        <OutdatedHint />
        <Told />
        {rows.value.length > 0 ? <ResultList /> : status === 'done' && <NothingFound />}
      </main>
    </div>
  );
}

function NothingFound(): JSX.Element {
  const { query, against, rev, mode } = place.value;
  if (isNarrowing(narrowing.value) && results.value.items.length > 0) {
    return (
      <div class="nothing">
        <p>None of the {results.value.items.length.toLocaleString()} results is left by the filters.</p>
        <p>
          <a href={hrefOf(notNarrowed)}>Clear all filters</a>
        </p>
      </div>
    );
  }
  if (query === '') return <p class="nothing">{`${rev} and ${against} are the same.`}</p>;
  return (
    <div class="nothing">
      <p>
        Nothing at <b>{rev}</b> matches <code>{query}</code>.
      </p>
      {mode === 'exact' && (
        <p>Exact search looks for the text as it stands, line by line. Match case and whole words find less.</p>
      )}
      {mode === 'ranked' && (
        <p>
          Filters, phrases and <code>-words</code> must fit; of the words at least some.{' '}
          <a href={hrefOf({ mode: 'exact' })}>Search for exactly this text</a> or{' '}
          <a href={hrefOf({ mode: 'history' })}>in all of history</a>.
        </p>
      )}
    </div>
  );
}
