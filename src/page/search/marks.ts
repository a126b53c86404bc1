import { lineStartsOf, type Span } from '../code/line-segments.js';
import type { Place } from '../state/place.js';
import { mindsCase } from './case-rule.js';
import type { Item } from './item.js';

/** More are of no use, and cost. */
const marksMax = 5_000;

/**
 * All places of a text that a literal pattern matches; null when the place does not search for one. Regular expressions are
 * not run here: nothing would stop one that takes for ever.
 */
export function marksOfText(text: string, place: Place): Span[] | null {
  const { mode, query, regex, wholeWord } = place;
  if ((mode !== 'exact' && mode !== 'history') || regex || query === '') return null;
  const literal = query.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const bounded = wholeWord ? `(?<![\\w])${literal}(?![\\w])` : literal;
  const marks: Span[] = [];
  for (const { 0: match, index } of text.matchAll(new RegExp(bounded, mindsCase(place) ? 'g' : 'gi'))) {
    marks.push({ start: index, end: index + match.length });
    if (marks.length >= marksMax) break;
  }
  return marks;
}

/**
 * What the search found in a file that is open, as offsets in its text, in order.
 * @param revs names of the rev at which it is shown, as results may have them
 */
export function marksOfFile(
  text: string,
  path: string,
  revs: readonly string[],
  place: Place,
  items: readonly Item[],
): Span[] {
  const literal = marksOfText(text, place);
  if (literal !== null) return literal;
  const starts = lineStartsOf(text);
  const marks = items
    .filter((item) => item.path === path && revs.includes(item.rev))
    .flatMap((item) => {
      const matches = item.type === 'hit' ? item.hit.matches : item.type === 'line' ? [item.line] : [];
      return matches.flatMap(({ line, column, length }): Span[] => {
        const start = (starts[line - 1] ?? Infinity) + column - 1;
        return length > 0 && start + length <= text.length ? [{ start, end: start + length }] : [];
      });
    })
    .sort((a, b) => a.start - b.start);
  return marks.slice(0, marksMax);
}
