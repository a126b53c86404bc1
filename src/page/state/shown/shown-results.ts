import { computed, effect, signal } from '@preact/signals';
import { facetsOf, narrow, type Narrowing } from '../../search/facets.js';
import { nextItemRow, rowsOf } from '../../search/rows.js';
import { searchKey } from '../../search/run-search.js';
import { place } from '../navigation.js';
import { results } from './results.js';

const items = computed(() => results.value.items);

// Of the place only what narrows: a file that is opened leaves the list as it is.
const narrowingKey = computed(() => {
  const { languages, folder, kinds, repos, packages, side } = place.value;
  return JSON.stringify({ languages, folder, kinds, repos, packages, side } satisfies Narrowing);
});
export const narrowing = computed(() => JSON.parse(narrowingKey.value) as Narrowing);

/** The results that are left by what narrows them. */
export const narrowed = computed(() => narrow(items.value, narrowing.value));

/** The same as rows of the list. */
export const rows = computed(() => rowsOf(narrowed.value));

/** How many results there are of each language, folder, kind and side. */
export const facets = computed(() => facetsOf(items.value, narrowing.value));

/** The row that the keys are at; null when they are at none. */
export const activeRow = signal<number | null>(null);

/** Where the list was scrolled to, in pixels, while something else is shown. */
export const listOffset = signal(0);

/** Another search, or another narrowing of it, starts at the top; the same one with more results or anew does not. */
export function startSelection(): void {
  let key = '';
  effect(() => {
    const { place: searched } = results.value;
    const next = `${searched.repo} ${searchKey({ ...searched, limit: 0 })} ${narrowingKey.value}`;
    if (next === key) return;
    key = next;
    activeRow.value = null;
    listOffset.value = 0;
  });
}

/** Moves to the next result, or back; false when there is none. */
export function moveActive(step: 1 | -1): boolean {
  const from = activeRow.peek() ?? (step > 0 ? -1 : rows.peek().length);
  const next = nextItemRow(rows.peek(), from, step);
  if (next === undefined) return false;
  activeRow.value = next;
  return true;
}
