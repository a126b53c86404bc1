import type { GrepOptions, LineMatch } from '../engine/index.js';

export interface Span {
  readonly start: number;
  readonly end: number;
}

type PatternOptions = Pick<GrepOptions, 'literal' | 'ignoreCase' | 'wholeWord'>;

/** Where a line's matches are, to be highlighted. */
export type MatchFinder = (line: LineMatch) => readonly Span[];

/** Lines longer than this keep their first match only: colouring must never take longer than finding. */
const lineLengthMax = 2000;

/**
 * Finds the matches after the first, which is all that the engine tells. It is a second reading of the pattern and
 * trusted only where its first match is the engine's; otherwise that one alone is highlighted.
 */
export function createMatchFinder(pattern: string, options: GrepOptions): MatchFinder {
  const findSpans = createSpanFinder(pattern, options);
  return (line) => {
    const first = { start: line.column - 1, end: line.column - 1 + line.length };
    if (line.column < 1 || line.length < 1) return [];
    const spans = findSpans(line.text);
    const agrees = spans[0]?.start === first.start && spans[0].end === first.end;
    return agrees ? spans : [first];
  };
}

/** The matches in a line of which nothing is known; none in one that is very long. */
export function createSpanFinder(pattern: string, options: PatternOptions): (text: string) => readonly Span[] {
  const regex = compile(pattern, options);
  return (text) => {
    if (regex === undefined || text.length > lineLengthMax) return [];
    const matches = [...text.matchAll(regex)].filter(([match]) => match !== '');
    return matches.map((match) => ({ start: match.index, end: match.index + match[0].length }));
  };
}

function compile(pattern: string, { literal, ignoreCase, wholeWord }: PatternOptions): RegExp | undefined {
  let source = literal === true ? pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&') : pattern;
  if (wholeWord === true) source = `(?<!\\w)(?:${source})(?!\\w)`;
  // The u flag as the engine uses it: only for what needs it.
  const unicode = /\\[pP]\{|\\u\{|[\u{10000}-\u{10ffff}]/u.test(source) ? 'u' : '';
  try {
    return new RegExp(source, `g${ignoreCase === true ? 'i' : ''}${unicode}`);
  } catch {
    // Highlighting the first match alone will do.
    return undefined;
  }
}
