import type { Clause, Query } from './query.js';
import { escapeLiteral } from './pattern-rewrite.js';
import type { QueryWord } from './query-terms.js';

/** Where in a chunk's text a query is found: line from 0, column and length in UTF-16 units from 0. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

const spansMax = 50;

/** The places in a text where the query's words, phrases and expressions occur, in order, without overlaps. */
export function matchSpans(text: string, query: Query, words: readonly QueryWord[]): Span[] {
  const spans: Span[] = [];
  const needles = words.flatMap(({ text: word, terms }) => [word, ...terms]).filter((needle) => needle.length > 1);
  if (needles.length > 0) {
    const alternatives = [...new Set(needles)].sort((a, b) => b.length - a.length).map(escapeLiteral);
    const regex = new RegExp(alternatives.join('|'), query.caseSensitive ? 'g' : 'gi');
    const lines = text.split('\n');
    for (let line = 0; line < lines.length && spans.length < spansMax; line++) {
      for (const match of lines[line]!.matchAll(regex))
        spans.push({ line, column: match.index, length: match[0].length });
    }
  }
  for (const pattern of patternsOf(query.clause)) {
    pattern.matchLines(text, (line, _start, _end, column, length) => {
      spans.push({ line, column, length });
    });
  }
  spans.sort((a, b) => a.line - b.line || a.column - b.column || b.length - a.length);
  const apart: Span[] = [];
  for (const span of spans) {
    const last = apart.at(-1);
    if (last?.line === span.line && span.column < last.column + last.length) continue;
    apart.push(span);
    if (apart.length === spansMax) break;
  }
  return apart;
}

function patternsOf({
  conditions,
}: Clause): {
  matchLines: (
    text: string,
    onLine: (line: number, start: number, end: number, column: number, length: number) => void,
  ) => void;
}[] {
  return conditions.flatMap((condition) => {
    if (condition.kind === 'phrase' || condition.kind === 'regex') return [condition.pattern];
    if (condition.kind === 'or') return condition.operands.flatMap(patternsOf);
    return [];
  });
}
