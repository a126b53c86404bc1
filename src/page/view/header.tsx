import type { JSX } from 'preact';
import { dialog } from '../state/dialogs.js';
import { freshSearch, go, place } from '../state/navigation.js';
import {
  dependencies,
  formatPlace,
  home,
  modes,
  unnarrowed,
  type Dependencies,
  type Mode,
  type Place,
} from '../state/place.js';
import { isTogether, repository, repositoryName } from '../state/session.js';
import { nextTheme, theme } from '../state/theme.js';
import { Icon } from './parts/icons.js';
import { SearchBox } from './search-box.js';
import { shortRev } from './parts/short-rev.js';

const modeHelp: Readonly<Record<Mode, string>> = {
  ranked: 'the best places for some words; the query language',
  exact: 'every line that matches, as git grep finds them',
  symbols: 'definitions by name',
  history: 'when matching lines came and went',
};

/** What is searched, where, and how. */
export function Header(): JSX.Element {
  return (
    <header class="page-head">
      <div class="head-row">
        <a
          class="brand"
          href={`?${formatPlace(freshSearch({ rev: home.rev, against: '' }))}`}
          aria-label="Coppice: start"
        >
          <img src="./icon.svg" alt="" width="24" height="24" />
        </a>
        <button
          type="button"
          class="button repo-button"
          title={repository.value}
          onClick={() => (dialog.value = 'repository')}
        >
          <span class="visually-hidden">Repository: </span>
          <Icon name="folder" />
          <span class="button-label">{repositoryName.value}</span>
        </button>
        <SearchBox />
        <button
          type="button"
          class="icon-button"
          aria-label={`Theme: ${theme.value}`}
          title={`Theme: ${theme.value}`}
          onClick={nextTheme}
        >
          <Icon name={theme.value === 'system' ? 'system' : theme.value === 'light' ? 'sun' : 'moon'} />
        </button>
        <button
          type="button"
          class="icon-button keys-button"
          aria-label="Keys"
          title="Keys (?)"
          onClick={() => (dialog.value = 'keys')}
        >
          <Icon name="keyboard" />
        </button>
      </div>
      <div class="head-row">
        <ModeSwitch />
        <PatternOptions />
        <DependenciesChoice />
        <RevButtons />
      </div>
    </header>
  );
}

function ModeSwitch(): JSX.Element {
  return (
    <fieldset class="modes">
      <legend class="visually-hidden">How to search</legend>
      {modes.map((mode) => (
        <label key={mode} title={modeHelp[mode]}>
          <input
            type="radio"
            name="mode"
            value={mode}
            checked={place.value.mode === mode}
            onChange={() => go({ mode, file: null, ...unnarrowed })}
          />
          <span>{mode}</span>
        </label>
      ))}
    </fieldset>
  );
}

const options: readonly (readonly [name: 'matchCase' | 'wholeWord' | 'regex', sign: string, help: string])[] = [
  ['matchCase', 'Aa', 'Match case'],
  ['wholeWord', 'ab', 'Whole words'],
  ['regex', '.*', 'Regular expression'],
];

function PatternOptions(): JSX.Element | null {
  const { mode } = place.value;
  if (mode !== 'exact' && mode !== 'history') return null;
  return (
    <div class="pattern-options" role="group" aria-label="Pattern">
      {options.map(([name, sign, help]) => (
        <button
          key={name}
          type="button"
          class={`toggle toggle-${name}`}
          aria-pressed={place.value[name]}
          title={help}
          onClick={() => go({ [name]: !place.value[name], file: null, ...unnarrowed } satisfies Partial<Place>)}
        >
          <span aria-hidden="true">{sign}</span>
          <span class="visually-hidden">{help}</span>
        </button>
      ))}
    </div>
  );
}

const dependencyLabels: Readonly<Record<Dependencies, string>> = {
  '': 'own code',
  with: 'with dependencies',
  only: 'dependencies only',
};

/** Of one project: whether what it depends on is searched, which is known of the work tree, and of a rev by its lock file. */
function DependenciesChoice(): JSX.Element | null {
  const { deps, mode } = place.value;
  if (isTogether.value || (mode === 'history' && deps === '')) return null;
  return (
    <select
      class="deps-choice"
      aria-label="Dependencies"
      value={deps}
      onChange={({ currentTarget }) =>
        go({ deps: currentTarget.value as Dependencies, file: null, name: '', ...unnarrowed })
      }
    >
      {dependencies.map((value) => (
        <option key={value} value={value}>
          {dependencyLabels[value]}
        </option>
      ))}
    </select>
  );
}

function RevButtons(): JSX.Element {
  const { rev, against } = place.value;
  return (
    <div class="rev-buttons">
      <button type="button" class="button" title="Choose the rev (r)" onClick={() => (dialog.value = 'rev')}>
        <Icon name="branch" />
        <span class="visually-hidden">Rev: </span>
        <span class="button-label">{shortRev(rev)}</span>
      </button>
      <button type="button" class="button" title="Compare with (c)" onClick={() => (dialog.value = 'against')}>
        <Icon name="compare" />
        {against === '' ? (
          <span class="button-label">compare</span>
        ) : (
          <>
            <span class="visually-hidden">compared with </span>
            <span class="button-label">{shortRev(against)}</span>
          </>
        )}
      </button>
      {against !== '' && (
        <button
          type="button"
          class="icon-button"
          aria-label="Stop comparing"
          title="Stop comparing"
          onClick={() => go({ against: '', ...unnarrowed })}
        >
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
