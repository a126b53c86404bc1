import { signal } from '@preact/signals';

/** What asks for the user's attention above the page; one at a time. */
export type Dialog = 'rev' | 'file-rev' | 'against' | 'repository' | 'names' | 'keys';

export const dialog = signal<Dialog | null>(null);
