import type { LineMatcher } from '../line-matcher.js';

/** What is looked for in a text, and as which numbers it is told. */
export type Wanted =
  /** Each matching line: its number from 0, where it starts and ends, column and length of its first match. */
  | 'lines'
  /** The same of each line that does not match, with neither column nor length. */
  | 'other-lines'
  /** Where each match starts and ends. None overlaps another. */
  | 'matches'
  /** How many matches there are, as one number; none when there are none. */
  | 'count'
  /** Whether any line matches: one number, or none. */
  | 'any';

/** Numbers for each thing found. */
export const numbersOf: Readonly<Record<Wanted, number>> = { lines: 5, 'other-lines': 5, matches: 2, count: 1, any: 1 };

const nothing: readonly number[] = [];

/** Runs a matcher over a text. `limit`: lines or matches at most. */
export function findInText(matcher: LineMatcher, text: string, wanted: Wanted, limit: number): readonly number[] {
  switch (wanted) {
    case 'any':
      return matcher.matchesAny(text) ? [1] : nothing;
    case 'count': {
      let count = 0;
      matcher.matchAll(text, () => count++);
      return count === 0 ? nothing : [count];
    }
    case 'matches': {
      const found: number[] = [];
      matcher.matchAll(text, (start, end) => found.push(start, end) < 2 * limit);
      return found;
    }
    case 'lines': {
      let found: number[] | undefined;
      matcher.matchLines(text, (line, start, end, column, length) => {
        found ??= [];
        return found.push(line, start, end, column, length) < 5 * limit;
      });
      return found ?? nothing;
    }
    case 'other-lines':
      return otherLines(matcher, text, limit);
  }
}

function otherLines(matcher: LineMatcher, text: string, limit: number): readonly number[] {
  const matching = new Set<number>();
  matcher.matchLines(text, (line) => {
    matching.add(line);
    return true;
  });
  const found: number[] = [];
  for (let line = 0, start = 0; start < text.length && found.length < 5 * limit; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    if (!matching.has(line)) found.push(line, start, end, 0, 0);
    start = end + 1;
  }
  return found;
}
