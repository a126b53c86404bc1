import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { isNarrowing, type FacetValue } from '../../search/facets.js';
import { go, hrefOf, place } from '../../state/navigation.js';
import { notNarrowed, type Place } from '../../state/place.js';
import { results } from '../../state/shown/results.js';
import { facets, narrowing } from '../../state/shown/shown-results.js';
import { sideName } from './side-name.js';

const valuesShown = 8;

/** What the results have in common, to narrow them by: each choice is a click, and a click takes it back. */
export function FacetsPanel(): JSX.Element {
  const { languages, folders, kinds, repos, packages, sides } = facets.value;
  const { folder } = narrowing.value;
  const { items, summary } = results.value;
  const isPart = summary?.truncated === true && items.length > 0;
  return (
    <div class="facets">
      {isNarrowing(narrowing.value) && (
        <a class="clear-facets" href={hrefOf(notNarrowed)}>
          Clear all filters
        </a>
      )}
      {isPart && <p class="facets-note">Counted in the first {items.length.toLocaleString()}</p>}
      {sides.length > 0 && (
        <Facet
          title="Where"
          values={sides}
          chosen={[place.value.side ?? '']}
          labelOf={sideName}
          change={(side) => ({ side: place.value.side === side ? null : side })}
        />
      )}
      <Facet
        title="Repository"
        values={repos}
        chosen={place.value.repos}
        change={(repo) => ({ repos: toggled(place.value.repos, repo) })}
      />
      <Facet
        title="Package"
        values={packages}
        chosen={place.value.packages}
        change={(name) => ({ packages: toggled(place.value.packages, name) })}
      />
      <Facet
        title="Language"
        values={languages}
        chosen={place.value.languages}
        change={(language) => ({ languages: toggled(place.value.languages, language) })}
      />
      {(folders.length > 0 || folder !== '') && (
        <Facet
          title="Folder"
          values={folders}
          chosen={[]}
          labelOf={(value) => value.slice(folder.length)}
          change={(value) => ({ folder: value })}
          before={folder === '' ? null : <FolderTrail folder={folder} />}
        />
      )}
      <Facet
        title="Kind"
        values={kinds}
        chosen={place.value.kinds}
        change={(kind) => ({ kinds: toggled(place.value.kinds, kind) })}
      />
    </div>
  );
}

interface FacetProps<T extends string> {
  readonly title: string;
  readonly values: readonly FacetValue<T>[];
  readonly chosen: readonly string[];
  readonly labelOf?: (value: T) => string;
  /** What a click changes. */
  readonly change: (value: T) => Partial<Place>;
  readonly before?: JSX.Element | null;
}

function Facet<T extends string>(props: FacetProps<T>): JSX.Element | null {
  const { title, values, chosen, labelOf = String, change, before = null } = props;
  const [all, setAll] = useState(false);
  if (values.length === 0 && before === null) return null;
  const shown = all ? values : values.filter(({ value }, index) => index < valuesShown || chosen.includes(value));
  return (
    <section class="facet" aria-label={title}>
      <h2>{title}</h2>
      {before}
      <ul>
        {shown.map(({ value, count }) => (
          <li key={value}>
            <button
              type="button"
              class="facet-value"
              aria-pressed={chosen.includes(value)}
              onClick={() => go(change(value))}
            >
              <span class="facet-label">{labelOf(value)}</span>
              <span class="count">{count.toLocaleString()}</span>
            </button>
          </li>
        ))}
      </ul>
      {values.length > shown.length && (
        <button type="button" class="link-button" onClick={() => setAll(true)}>
          {values.length - shown.length} more
        </button>
      )}
    </section>
  );
}

/** The chosen folder; each of its parts leads back up. */
function FolderTrail({ folder }: { readonly folder: string }): JSX.Element {
  const parts = folder.split('/').slice(0, -1);
  return (
    <nav class="folder-trail" aria-label="Chosen folder">
      <a href={hrefOf({ folder: '' })}>all</a>
      {parts.map((part, index) => (
        <span key={index}>
          {' / '}
          {index === parts.length - 1 ? (
            <b>{part}</b>
          ) : (
            <a href={hrefOf({ folder: `${parts.slice(0, index + 1).join('/')}/` })}>{part}</a>
          )}
        </span>
      ))}
    </nav>
  );
}

function toggled(values: readonly string[], value: string): string[] {
  return values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
}
