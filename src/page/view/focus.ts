/** Moves the focus to the search box, with the caret before a character or behind the last one. */
export function focusSearch(offset: number | null = null): void {
  const input = document.querySelector<HTMLInputElement>('#search');
  if (input === null) return;
  input.focus();
  const caret = offset ?? input.value.length;
  input.setSelectionRange(caret, caret);
}

/** Moves the focus to what is read: the results, or the file that is open. */
export function focusContent(): void {
  document.querySelector<HTMLElement>('.code-view, [role="grid"]')?.focus();
}
