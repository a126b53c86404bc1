/** Moves the focus to the search box: all of its text selected, or the caret before a character. */
export function focusSearch(offset: number | null = null): void {
  const input = document.querySelector<HTMLInputElement>('#search');
  if (input === null) return;
  input.focus();
  if (offset === null) input.select();
  else input.setSelectionRange(offset, offset);
}

/** Moves the focus to what is read: the results, or the file that is open. */
export function focusContent(): void {
  document.querySelector<HTMLElement>('.code-view, [role="grid"]')?.focus();
}
