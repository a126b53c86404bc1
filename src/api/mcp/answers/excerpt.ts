import { numberLines } from './code-text.js';

interface Source {
  readonly lines: readonly string[];
  /** Number of the first line in the file. */
  readonly firstLine: number;
  /** Numbers, in the file, of the lines that match; ascending. */
  readonly matching: readonly number[];
  /** Of the matching ones that must be shown, or null. */
  readonly must: number | null;
}

/** So many of the lines, numbered as in the file: those where most matches are. `…` stands for those before and after. */
export function excerpt({ lines, firstLine, matching, must }: Source, count: number): string {
  const places = matching.map((line) => line - firstLine);
  const start =
    count >= lines.length ? 0 : densestWindow(places, count, lines.length, must === null ? null : must - firstLine);
  const shown = lines.slice(start, start + count);
  const before = start > 0 ? '…\n' : '';
  const after = start + count < lines.length ? '\n…' : '';
  return `${before}${numberLines(shown, firstLine + start)}${after}`;
}

/** Where a window of so many lines begins that has the most matches, with a line before the first of them. */
function densestWindow(places: readonly number[], count: number, lineCount: number, must: number | null): number {
  let best = { start: must === null ? 0 : Math.min(must, lineCount - count), matches: 0 };
  for (let i = 0, end = 0; i < places.length; i++) {
    const start = Math.max(0, Math.min(places[i]! - 1, lineCount - count));
    while (end < places.length && places[end]! < start + count) end++;
    if (must !== null && (must < start || must >= start + count)) continue;
    if (end - i > best.matches) best = { start, matches: end - i };
  }
  return best.start;
}
