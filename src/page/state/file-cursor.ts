import { signal } from '@preact/signals';
import { go, place } from './navigation.js';

/** What the keys can move to in the file that is open. */
export interface FileCursor {
  /** How many lines it has. */
  readonly lines: number;
  /** Lines in which something was found: 1-based, ascending. */
  readonly matches: readonly number[];
}

export const fileCursor = signal<FileCursor>({ lines: 0, matches: [] });

/** Selects the next line or the one before; with `extend` the selection grows or shrinks at its end. */
export function moveLine(step: 1 | -1, extend: boolean): void {
  const { file } = place.peek();
  if (file === null) return;
  const { lines } = file;
  const count = fileCursor.peek().lines;
  if (lines === null) return select(step > 0 ? 1 : count, null);
  const at = Math.min(Math.max((extend ? lines.end : lines.start) + step, 1), count);
  if (!extend) select(at, null);
  else if (at >= lines.start) select(lines.start, at);
}

/** Selects the next line in which something was found, or the one before. */
export function moveMatch(step: 1 | -1): void {
  const { matches } = fileCursor.peek();
  const at = place.peek().file?.lines?.start ?? 0;
  const next = step > 0 ? matches.find((line) => line > at) : matches.findLast((line) => line < at);
  if (next !== undefined) select(next, null);
}

function select(start: number, end: number | null): void {
  const { file } = place.peek();
  if (file !== null) go({ file: { ...file, lines: { start, end: end ?? start } } }, { replace: true });
}
