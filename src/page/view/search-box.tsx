import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { applySuggestion, completionPoint, type Suggestion } from '../query/completion.js';
import { suggest } from '../query/suggestions.js';
import { go, place } from '../state/navigation.js';
import { unnarrowed, type Mode } from '../state/place.js';
import { results } from '../state/shown/results.js';
import { api, scope } from '../state/session.js';
import { focusContent } from './focus.js';
import { Icon } from './parts/icons.js';

/** The first key of a run is searched at once; those that follow faster than this, in milliseconds, when the run rests or so often. */
const pauseMs = 60;

const placeholders: Readonly<Record<Mode, string>> = {
  ranked: 'Search code: words, "a phrase", /a regex/, path:src/ lang:go',
  exact: 'Find lines that match',
  symbols: 'Find definitions by name',
  history: 'Find when matching lines came and went',
};

/** The query, searched as one types; filters are completed. A combobox with a list, as the ARIA practices describe it. */
export function SearchBox(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const { query, mode } = place.value;
  const [draft, setDraft] = useState(query);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const committedAt = useRef(0);
  /** Since the last pause: further letters belong to the same entry of the browser's history. */
  const editing = useRef(false);
  const [suggestions, setSuggestions] = useState<readonly Suggestion[]>([]);
  const [chosen, setChosen] = useState(-1);
  const asking = useRef<AbortController | undefined>(undefined);

  // Back, forward and links change the query too; what is being typed wins.
  useEffect(() => {
    if (timer.current === undefined) setDraft(query);
  }, [query]);

  const close = (): void => {
    asking.current?.abort();
    setSuggestions([]);
    setChosen(-1);
  };
  const commit = (text: string): void => {
    committedAt.current = performance.now();
    clearTimeout(timer.current);
    timer.current = undefined;
    go({ query: text, file: null, ...unnarrowed }, { replace: editing.current });
    editing.current = true;
  };
  const complete = (text: string, caret: number): void => {
    asking.current?.abort();
    const point = mode === 'ranked' ? completionPoint(text, caret) : null;
    if (point === null) return close();
    const controller = new AbortController();
    asking.current = controller;
    const { rev } = place.peek();
    void suggest(point, { api: api(), scope: scope.peek(), rev, signal: controller.signal })
      // A list of suggestions that does not come is no reason to disturb.
      .catch((): readonly Suggestion[] => [])
      .then((found) => {
        if (controller.signal.aborted) return;
        const news = found.filter(({ insert }) => insert !== point.typed);
        setSuggestions(news);
        setChosen(-1);
      });
  };
  const type = (text: string, caret: number): void => {
    setDraft(text);
    clearTimeout(timer.current);
    const now = performance.now();
    const sinceCommit = now - committedAt.current;
    if (sinceCommit > pauseMs) commit(text);
    else timer.current = setTimeout(() => commit(text), pauseMs - sinceCommit);
    complete(text, caret);
  };
  const take = (suggestion: Suggestion): void => {
    const element = input.current!;
    const point = completionPoint(draft, element.selectionStart ?? draft.length);
    if (point === null) return close();
    const next = applySuggestion(draft, point, suggestion);
    type(next.query, next.caret);
    element.value = next.query;
    element.setSelectionRange(next.caret, next.caret);
    element.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Keys of an input method, which makes one letter of several.
    if (event.isComposing) return;
    const isOpen = suggestions.length > 0;
    const suggestion = suggestions[chosen];
    if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && isOpen) {
      const count = suggestions.length + 1;
      setChosen(((chosen + 1 + (event.key === 'ArrowDown' ? 1 : -1) + count) % count) - 1);
    } else if (event.key === 'ArrowDown') {
      focusContent();
    } else if ((event.key === 'Enter' || event.key === 'Tab') && suggestion !== undefined) {
      take(suggestion);
    } else if (event.key === 'Enter') {
      close();
      if (draft === query && place.peek().file === null && results.peek().status === 'done') focusContent();
      else commit(draft);
      editing.current = false;
    } else if (event.key === 'Escape') {
      if (isOpen) close();
      else input.current!.blur();
    } else if (event.key === ' ' && event.ctrlKey) {
      complete(draft, input.current!.selectionStart ?? draft.length);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <search class="search-box">
      <Icon name="search" />
      <input
        ref={input}
        id="search"
        type="text"
        role="combobox"
        aria-label={`Search: ${mode}`}
        aria-autocomplete="list"
        aria-expanded={suggestions.length > 0}
        aria-controls="suggestions"
        {...(chosen < 0 ? {} : { 'aria-activedescendant': `suggestion-${chosen}` })}
        aria-invalid={isInvalid()}
        {...(isInvalid() ? { 'aria-describedby': 'search-error' } : {})}
        aria-keyshortcuts="/"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        placeholder={placeholders[mode]}
        value={draft}
        onInput={({ currentTarget }) => type(currentTarget.value, currentTarget.selectionStart ?? 0)}
        onKeyDown={onKeyDown}
        onBlur={() => {
          editing.current = false;
          close();
        }}
      />
      <ul
        id="suggestions"
        class="suggestions"
        role="listbox"
        aria-label="Suggestions"
        hidden={suggestions.length === 0}
      >
        {suggestions.map((suggestion, index) => (
          <li
            key={suggestion.insert}
            id={`suggestion-${index}`}
            role="option"
            aria-selected={index === chosen}
            // Before the box loses the focus and the list goes away.
            onPointerDown={(event) => {
              event.preventDefault();
              take(suggestion);
            }}
          >
            <span class="suggestion-label">{suggestion.label}</span>
            <span class="suggestion-detail">{suggestion.detail}</span>
          </li>
        ))}
      </ul>
    </search>
  );
}

function isInvalid(): boolean {
  const { status, error, place: searched } = results.value;
  return status === 'failed' && error !== null && error.offset !== null && searched.query === place.value.query;
}
