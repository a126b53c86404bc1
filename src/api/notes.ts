import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Who is told the notes of what runs now: engines serve many requests, and a note belongs to the one whose work brought
 * it about.
 */
export const noteListener = new AsyncLocalStorage<(note: string) => void>();
