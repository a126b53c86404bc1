import type { GrepOptions, LineMatch } from '../engine/index.js';

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a line's matches are, to be highlighted. */
export type MatchFinder = (line: LineMatch) => readonly Span[];

/** Lines longer than this keep their first match only: colouring must never take longer than finding. */
const lineLengthMax = 2000;

/**
 * Finds the matches after the first, which is all that the engine tells. It is a second reading of the pattern and
 * trusted only where its first match is the engine's; otherwise that one alone is highlighted.
 */
export function createMatchFinder(pattern: string, options: GrepOptions): MatchFinder {
  const regex = compile(pattern, options);
  return (line) => {
    const first = { start: line.column - 1, end: line.column - 1 + line.length };
    if (line.column < 1 || line.length < 1) return [];
    if (regex === undefined || line.text.length > lineLengthMax) return [first];
    const spans: Span[] = [];
    for (const match of line.text.matchAll(regex)) {
      if (match[0] !== '') spans.push({ start: match.index, end: match.index + match[0].length });
    }
    const agrees = spans[0]?.start === first.start && spans[0].end === first.end;
    return agrees ? spans : [first];
  };
}

function compile(pattern: string, { literal, ignoreCase, wholeWord }: GrepOptions): RegExp | undefined {
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
