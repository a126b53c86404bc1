import type { Hit } from '../api/protocol.js';
import { lineSpan, lineStartsOf, type Span } from './line-segments.js';

/** What is shown of a hit. */
export interface Excerpt {
  readonly lines: readonly ExcerptLine[];
  /** Of all matches, as offsets in the hit's text, in order. */
  readonly marks: readonly Span[];
}

export interface ExcerptLine extends Span {
  /** 1-based, in the file. */
  readonly number: number;
  /** Characters of the line are left out before or after. */
  readonly cutBefore: boolean;
  readonly cutAfter: boolean;
  /** There are lines between the one before and this one. */
  readonly afterGap: boolean;
}

const linesMax = 7;
/** The first line that tells something is followed by some even if nothing else does. */
const linesAfterFirst = 5;
const charsMax = 220;
/** Characters that a cut line has before its first match. */
const charsBeforeMark = 60;

/** The lines that tell most: where the definition begins, those that match, and what is around them; indentation is left out. */
export function excerptOf({ text, startLine, matches, symbolLine }: Hit): Excerpt {
  const starts = lineStartsOf(text);
  const lines = starts.map((_, index) => lineSpan(text, starts, index));
  const marks = matches
    .flatMap(({ line, column, length }): Span[] => {
      const start = (starts[line - startLine] ?? text.length) + column - 1;
      return length > 0 && start + length <= text.length ? [{ start, end: start + length }] : [];
    })
    .sort((a, b) => a.start - b.start);
  const matching = matches.map(({ line }) => line - startLine).filter((index) => index >= 0 && index < lines.length);
  const chosen = chooseLines(
    symbolLine === null ? null : symbolLine - startLine,
    matching,
    (index) => isBlank(text, lines[index]!),
    lines.length,
  );
  const indent = commonIndent(
    text,
    chosen.map((index) => lines[index]!),
  );
  return {
    lines: chosen.map((index, position) => ({
      ...cut(lines[index]!, indent, marks),
      number: startLine + index,
      afterGap: position > 0 && chosen[position - 1]! < index - 1,
    })),
    marks,
  };
}

/** A line that may be long, cut around its first mark. */
export function cut(line: Span, indent: number, marks: readonly Span[]): Omit<ExcerptLine, 'number' | 'afterGap'> {
  const first = Math.min(line.start + indent, line.end);
  if (line.end - first <= charsMax) return { start: first, end: line.end, cutBefore: false, cutAfter: false };
  const mark = marks.find(({ start, end }) => end > first && start < line.end);
  const wanted = mark === undefined ? first : Math.max(first, mark.start - charsBeforeMark);
  const start = Math.min(wanted, line.end - charsMax);
  const end = start + charsMax;
  return { start, end, cutBefore: start > first, cutAfter: end < line.end };
}

/**
 * Indexes of the lines that are shown, ascending. Blank lines are shown only between others.
 * @param definition the line that names what is defined; null when nothing is
 */
function chooseLines(
  definition: number | null,
  matching: readonly number[],
  isBlankLine: (index: number) => boolean,
  count: number,
): number[] {
  const telling = [...(definition === null ? [] : [definition]), ...matching];
  const first = telling[0] ?? 0;
  // The most telling first. What is above a definition is a comment's end or nothing.
  const wanted = [
    ...telling,
    ...telling.map((index) => index + 1),
    ...matching.filter((index) => index !== definition).map((index) => index - 1),
    ...Array.from({ length: telling.length === 0 ? linesMax : linesAfterFirst }, (_, index) => first + index),
  ];
  const inside = wanted.filter((index) => index >= 0 && index < count);
  const chosen = new Set([...new Set(inside)].slice(0, linesMax));
  const reachesText = (index: number, step: 1 | -1): boolean => {
    while (chosen.has(index) && isBlankLine(index)) index += step;
    return chosen.has(index);
  };
  return [...chosen].sort((a, b) => a - b).filter((index) => reachesText(index, -1) && reachesText(index, 1));
}

function isBlank(text: string, { start, end }: Span): boolean {
  return text.slice(start, end).trim() === '';
}

/** Characters of white space that all lines begin with; blank lines do not count. */
function commonIndent(text: string, lines: readonly Span[]): number {
  let common: string | null = null;
  for (const { start, end } of lines) {
    const line = text.slice(start, end);
    const indent = /^[ \t]*/.exec(line)![0];
    if (indent.length === line.length) continue;
    common ??= indent;
    while (!indent.startsWith(common)) common = common.slice(0, -1);
  }
  return common?.length ?? 0;
}
