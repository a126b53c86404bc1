import { computed, signal } from '@preact/signals';
import { formatPlace, home, parsePlace, type Place } from './place.js';

const current = signal<Place>(parsePlace(location.search));

/** Where the user is; follows the address bar. */
export const place = computed(() => current.value);

export interface GoOptions {
  /** Changes the entry of the browser's history instead of adding one. */
  readonly replace?: boolean;
}

/** The address of the current place with some of it changed. */
export function hrefOf(change: Partial<Place>): string {
  return `?${formatPlace({ ...current.value, ...change })}`;
}

/** Goes to the current place with some of it changed. */
export function go(change: Partial<Place>, { replace = false }: GoOptions = {}): void {
  const changed = { ...current.peek(), ...change };
  // A name is asked about in a file.
  const next = changed.file === null ? { ...changed, name: '' } : changed;
  const href = `?${formatPlace(next)}`;
  if (href === `?${formatPlace(current.peek())}`) return;
  if (replace) history.replaceState(history.state, '', href);
  else history.pushState(null, '', href);
  current.value = next;
}

/** Back to the results, to exactly those that were left if the file was opened from them. */
export function leaveFile(): void {
  if (openedFromResults()) history.back();
  else go({ file: null });
}

/** Opens a link of the page as if it were followed. */
export function follow(href: string): void {
  const next = parsePlace(new URL(href, location.href).search);
  const fromResults = current.peek().file === null && next.file !== null;
  go(next);
  if (fromResults) history.replaceState({ fromResults: true } satisfies EntryState, '', location.href);
}

/** Of an entry of the browser's history: a file that was opened from the results just before it. */
interface EntryState {
  readonly fromResults: boolean;
}

const openedFromResults = (): boolean => (history.state as EntryState | null)?.fromResults === true;

/** Follows the browser's back and forward buttons, and links without loading the page anew. */
export function startNavigation(): void {
  current.value = parsePlace(location.search);
  // Another link of `coppice open`, put into the address bar of this tab.
  addEventListener('hashchange', () => location.reload());
  addEventListener('popstate', () => (current.value = parsePlace(location.search)));
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || link.target !== '' || link.origin !== location.origin) return;
    if (event.shiftKey && !('takesShift' in link.dataset)) return;
    event.preventDefault();
    follow(link.href);
  });
}

/** The same search without a file or anything that narrows it, for links to a new one. */
export function freshSearch(change: Partial<Place>): Place {
  const { repo, rev, against } = current.value;
  return { ...home, repo, rev, against, ...change };
}
