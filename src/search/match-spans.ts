import { literalsRegex, scanAllTexts } from '../pattern/index.js';
import type { Pattern, ScanRequest } from '../pattern/index.js';
import { foldWord, isUnsegmented, splitIdentifier, termsOfIdentifier, wordPattern, wordTerms } from '../text/index.js';
import type { Clause, Query } from './query/query.js';
import type { QueryWord } from './query/query-terms.js';

/** Where in a chunk's text a query is found: line from 0, column and length in UTF-16 units from 0. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

const spansMax = 50;
/** Found at most: some overlap. Beyond them a text, which may be one long line, is not looked at. */
const foundMax = 4 * spansMax;

/** The first places in each of some texts where the query's phrases and expressions match. */
export async function patternSpans(
  texts: readonly string[],
  { clause }: Query,
  request: Omit<ScanRequest, 'pattern'>,
): Promise<readonly (readonly Span[])[]> {
  const spans = texts.map((): Span[] => []);
  const scan = { ...request, count: texts.length, textOf: (i: number) => texts[i]!, wanted: 'lines' as const };
  for (const pattern of patternsOf(clause)) {
    await scanAllTexts({ ...scan, pattern }, ({ i, numbers }) => {
      for (let at = 0; at < Math.min(numbers.length, 5 * foundMax); at += 5)
        spans[i]!.push({ line: numbers[at]!, column: numbers[at + 3]!, length: numbers[at + 4]! });
    });
  }
  return spans;
}

/** The places in a text where the query's words occur, and those where its patterns were found, in order, without overlaps. */
export function matchSpans(text: string, query: Query, words: readonly QueryWord[], found: readonly Span[]): Span[] {
  const spans = [...found];
  if (words.length > 0) {
    const spansOf = query.caseSensitive ? literalSpans(words) : wordSpans(words);
    const lines = text.split('\n');
    for (let line = 0; line < lines.length && spans.length < spansMax + found.length; line++) {
      for (const { column, length } of spansOf(lines[line]!)) {
        spans.push({ line, column, length });
        if (spans.length >= foundMax + found.length) break;
      }
    }
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

type LineSpans = Iterable<Omit<Span, 'line'>>;

/** The words exactly as typed. */
function literalSpans(words: readonly QueryWord[]): (line: string) => LineSpans {
  const regex = literalsRegex(
    words.map(({ text }) => text),
    'g',
  );
  return function* (line) {
    for (const { index, 0: match } of line.matchAll(regex)) yield { column: index, length: match.length };
  };
}

/** The words as the index knows them: `caches` is found in `preCaching`, of which `Caching` is marked. */
function wordSpans(words: readonly QueryWord[]): (line: string) => LineSpans {
  const terms = new Set(words.flatMap(({ parts, whole }) => (whole === null ? parts : [...parts, whole])));
  // A stem keeps its word's beginning, so an ASCII line without any of these has nothing to mark. Others are folded first.
  const beginnings = literalsRegex(
    [...terms].map((term) => term.slice(0, 2)),
    'i',
  );
  const mayHave = (text: string): boolean => beyondAscii.test(text) || beginnings.test(text);
  return function* (line) {
    if (!mayHave(line)) return;
    for (const { index: start, 0: identifier } of line.matchAll(wordPattern)) {
      if (!mayHave(identifier)) continue;
      const { parts, whole } = termsOfIdentifier(identifier);
      if (terms.has(whole ?? (parts.length === 1 ? parts[0]! : ''))) {
        yield { column: start, length: identifier.length };
        continue;
      }
      let at = 0;
      for (const word of splitIdentifier(identifier)) {
        at = identifier.indexOf(word, at);
        if (isUnsegmented(word)) yield* unsegmentedSpans(word, start + at, terms);
        else if (wordTerms(word).some((term) => terms.has(term))) yield { column: start + at, length: word.length };
        at += word.length;
      }
    }
  };
}

const beyondAscii = /[^\x00-\x7f]/;

/** The parts of an unsegmented run that the terms are pairs or characters of; all of it where folding moves characters. */
function* unsegmentedSpans(run: string, start: number, terms: ReadonlySet<string>): LineSpans {
  if (foldWord(run) !== run) {
    if (wordTerms(run).some((term) => terms.has(term))) yield { column: start, length: run.length };
    return;
  }
  const characters = [...run];
  let from = 0;
  let at = 0;
  let end = 0; // of the span that is being joined
  for (const [i, character] of characters.entries()) {
    const pair = character + (characters[i + 1] ?? '');
    const found = terms.has(character) ? character : terms.has(pair) ? pair : '';
    if (found !== '') {
      if (at > end) {
        if (end > from) yield { column: start + from, length: end - from };
        from = at;
      }
      end = at + found.length;
    }
    at += character.length;
  }
  if (end > from) yield { column: start + from, length: end - from };
}

function patternsOf({ conditions }: Clause): Pattern[] {
  return conditions.flatMap((condition) => {
    if (condition.kind === 'phrase' || condition.kind === 'regex') return [condition.pattern];
    if (condition.kind === 'or') return condition.operands.flatMap(patternsOf);
    return [];
  });
}
