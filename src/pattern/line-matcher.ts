import { patternTooLarge } from './deadline.js';
import type { TextKind } from './emit-regex.js';

/**
 * Called with each matching line: its number in the text from 0, where it starts and ends (without `\n`), and
 * its first match: column from 0 and length, in UTF-16 units. Returning `false` ends the search.
 */
export type OnLine = (line: number, start: number, end: number, column: number, length: number) => unknown;

export interface LineMatcher {
  /** Reports the matching lines of `text` in order, each once. There is no line after a final `\n`. */
  matchLines(text: string, onLine: OnLine): void;
  /** Whether any line matches. */
  matchesAny(text: string): boolean;
  /** Reports the matches that do not overlap, each found from where the last one ends, until `false` is returned. */
  matchAll(text: string, onMatch: (start: number, end: number) => unknown): void;
}

/** A match in a text, found from a position that is a line's start or, within a line, a later one. */
export interface Found {
  start: number;
  end: number;
}

/** Puts the first match at or after `from` in `found` and returns true; or returns false. */
export type Finder = (text: string, from: number, found: Found) => boolean;

export const neverFinder: Finder = () => false;

export function literalFinder(literal: string): Finder {
  const length = literal.length;
  return (text, from, found) => {
    const start = text.indexOf(literal, from);
    found.start = start;
    found.end = start + length;
    return start >= 0;
  };
}

/** Which kinds of texts need an expression of their own; they are compiled when the first such text comes, but for the first. */
export function regexFinder(
  compile: (kind: TextKind) => RegExp,
  needs: { readonly anchors: boolean; readonly surrogates: boolean },
): Finder {
  const compiled = new Map<TextKind, RegExp>();
  const regexFor = (kind: TextKind): RegExp => {
    let regex = compiled.get(kind);
    if (regex === undefined) compiled.set(kind, (regex = compile(kind)));
    return regex;
  };
  const kindOf = (text: string): TextKind => {
    if (needs.surrogates && surrogate.test(text)) return 'any';
    return needs.anchors && hasOtherLineEnds(text) ? 'odd-ends' : 'plain';
  };
  const same = !needs.anchors && !needs.surrogates;
  let lastText = '';
  let lastRegex = regexFor('plain');
  return (text, from, found) => {
    if (!same && text !== lastText) {
      // A text is searched from many positions: look at it once. (The same string compares by address.)
      lastText = text;
      lastRegex = regexFor(kindOf(text));
    }
    const regex = lastRegex;
    regex.lastIndex = from;
    const match = execOrExplain(regex, text);
    if (match === null) return false;
    found.start = match.index;
    found.end = match.index + match[0].length;
    return true;
  };
}

const surrogate = /[\ud800-\udfff]/;

const hasOtherLineEnds = (text: string): boolean =>
  text.includes('\r') || text.includes('\u2028') || text.includes('\u2029');

function execOrExplain(regex: RegExp, text: string): RegExpExecArray | null {
  try {
    return regex.exec(text);
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) throw patternTooLarge(error);
    throw error;
  }
}

/** Line by line matching on top of a finder. */
export function matcherOf(finder: Finder, wholeWord: boolean): LineMatcher {
  const find = wholeWord ? wordFinder(finder) : finder;
  return {
    matchLines(text, onLine) {
      const found: Found = { start: 0, end: 0 };
      const size = endOfLines(text);
      let line = 0;
      let lineStart = 0;
      while (lineStart < size && find(text, lineStart, found) && found.start < size) {
        let lineEnd = text.indexOf('\n', lineStart);
        while (lineEnd >= 0 && lineEnd < found.start) {
          line++;
          lineStart = lineEnd + 1;
          lineEnd = text.indexOf('\n', lineStart);
        }
        if (lineEnd < 0) lineEnd = text.length;
        if (onLine(line, lineStart, lineEnd, found.start - lineStart, found.end - found.start) === false) return;
        line++;
        lineStart = lineEnd + 1;
      }
    },
    matchesAny(text) {
      const found: Found = { start: 0, end: 0 };
      const size = endOfLines(text);
      return size > 0 && find(text, 0, found) && found.start < size;
    },
    matchAll(text, onMatch) {
      const found: Found = { start: 0, end: 0 };
      const size = endOfLines(text);
      for (let from = 0; from < size && find(text, from, found) && found.start < size;) {
        if (onMatch(found.start, found.end) === false) return;
        from = found.end;
        if (found.end > found.start) continue;
        from++;
        if (isInsidePair(text, from)) from++;
      }
    },
  };
}

/** One past the last position that is in a line: after an unfinished last line its end is such a position. */
function endOfLines(text: string): number {
  const length = text.length;
  return length === 0 || text.charCodeAt(length - 1) === 10 ? length : length + 1;
}

/** As git's `-w`: looks at the first match only, and goes on from the next position after a non-word character. */
function wordFinder(find: Finder): Finder {
  return (text, from, found) => {
    while (find(text, from, found)) {
      const { start, end } = found;
      if (end > start && !isWordAt(text, start - 1) && !isWordAt(text, end)) return true;
      from = start + 1;
      // The end of the line is no place to start: nothing but the empty string could match there.
      while (from < text.length && isWordAt(text, from - 1)) from++;
      if (isInsidePair(text, from)) from++;
      if (from > text.length) return false;
    }
    return false;
  };
}

function isWordAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index); // NaN outside, which no comparison accepts
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}

/** With `u`, a search from the middle of a surrogate pair starts before the pair, and would find the same for ever. */
function isInsidePair(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  const code = text.charCodeAt(index);
  return before >= 0xd800 && before <= 0xdbff && code >= 0xdc00 && code <= 0xdfff;
}
