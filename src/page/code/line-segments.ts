import { scopes, type Scope, type ScopeRuns } from './highlighted-html.js';

/** UTF-16 offsets, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A piece of a line that looks the same all over. */
export interface Segment {
  readonly text: string;
  readonly scope: Scope;
  readonly marked: boolean;
}

/**
 * Cuts a part of a text into pieces by its colours and marks.
 * @param part what is to be shown of the text: one line or less
 * @param runs colours of the whole text, or null while there are none
 * @param marks offsets in the whole text, in order
 */
export function segmentsOf(text: string, part: Span, runs: ScopeRuns | null, marks: readonly Span[]): Segment[] {
  const segments: Segment[] = [];
  let run = runs === null ? 0 : firstRunEndingAfter(runs, part.start);
  let mark = marks.findIndex(({ end }) => end > part.start);
  if (mark < 0) mark = marks.length;
  let at = part.start;
  while (at < part.end) {
    while (runs !== null && run < runs.length && runs[run + 1]! <= at) run += 3;
    while (mark < marks.length && marks[mark]!.end <= at) mark++;
    const colour = runs !== null && run < runs.length ? { start: runs[run]!, end: runs[run + 1]! } : null;
    const inColour = colour !== null && colour.start <= at;
    const inMark = mark < marks.length && marks[mark]!.start <= at;
    const end = Math.min(part.end, nextEdge(colour, at), nextEdge(marks[mark] ?? null, at));
    segments.push({
      text: text.slice(at, end),
      scope: inColour ? (scopes[runs![run + 2]!] ?? '') : '',
      marked: inMark,
    });
    at = end;
  }
  return segments;
}

/** Where the span begins or, within it, ends. */
function nextEdge(span: Span | null, at: number): number {
  if (span === null) return Infinity;
  return span.start > at ? span.start : span.end;
}

function firstRunEndingAfter(runs: ScopeRuns, offset: number): number {
  let low = 0;
  let high = runs.length / 3;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runs[middle * 3 + 1]! > offset) high = middle;
    else low = middle + 1;
  }
  return low * 3;
}

/** Where each line begins; the text after a last newline is no line. */
export function lineStartsOf(text: string): number[] {
  const starts: number[] = [];
  for (let start = 0; start < text.length;) {
    starts.push(start);
    const newline = text.indexOf('\n', start);
    start = newline < 0 ? text.length : newline + 1;
  }
  return starts;
}

/** A line without its line end. */
export function lineSpan(text: string, starts: readonly number[], index: number): Span {
  const start = starts[index]!;
  let end = starts[index + 1] ?? text.length;
  if (end > start && text[end - 1] === '\n') end--;
  if (end > start && text[end - 1] === '\r') end--;
  return { start, end };
}
