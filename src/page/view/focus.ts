/** Moves the focus to the search box, with the caret before a character or behind the last one. */
export function focusSearch(offset: number | null = null): void {
  const input = document.querySelector<HTMLInputElement>('#search');
  if (input === null) return;
  input.focus();
  const caret = offset ?? input.value.length;
  input.setSelectionRange(caret, caret);
}

/** Moves the focus to what is read: the results, the file that is open, or the entries of the folder. */
export function focusContent(): void {
  document.querySelector<HTMLElement>('.code-view, [role="grid"], .entry-name')?.focus();
}

/** Moves the focus to the next entry of the folder, or the one before; above the first there is the search box. */
export function focusEntry(step: 1 | -1): void {
  const entries = [...document.querySelectorAll<HTMLElement>('a.entry-name')];
  const at = entries.findIndex((entry) => entry === document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : -1) : at + step;
  if (next < 0) focusSearch();
  else entries[Math.min(next, entries.length - 1)]?.focus();
}
