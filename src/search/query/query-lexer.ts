import { CoppiceError, withCaret } from '../../base/index.js';

export const filterNames = ['rev', 'repo', 'path', 'file', 'lang', 'sym', 'kind', 'case', 'dep'] as const;
export type FilterName = (typeof filterNames)[number];

export type QueryToken =
  | { readonly kind: 'open' | 'close' | 'or' | 'minus'; readonly offset: number }
  | { readonly kind: 'word'; readonly text: string; readonly offset: number }
  | { readonly kind: 'phrase'; readonly text: string; readonly offset: number }
  | { readonly kind: 'regex'; readonly text: string; readonly ignoreCase: boolean; readonly offset: number }
  | {
      readonly kind: 'filter';
      readonly name: FilterName;
      readonly value: string;
      readonly valueOffset: number;
      readonly offset: number;
    };

const queryLengthMax = 10_000;

/** The error of a query that cannot be read; `offset` is an index in the query. */
export function invalidQuery(query: string, offset: number, reason: string, hint?: string): CoppiceError {
  return new CoppiceError('QUERY_INVALID', `invalid query: ${reason}\n${withCaret(query, offset)}`, {
    ...(hint === undefined ? {} : { hint }),
    data: { offset, reason },
  });
}

/** Splits a query into tokens; what they may be next to each other is the parser's business. */
export function tokenizeQuery(query: string): QueryToken[] {
  if (query.length > queryLengthMax)
    throw invalidQuery(query, queryLengthMax, `it is longer than ${queryLengthMax} characters`);
  const tokens: QueryToken[] = [];
  let at = 0;
  while (at < query.length) {
    if (/\s/.test(query[at]!)) {
      at++;
      continue;
    }
    const { token, end } = readToken(query, at);
    tokens.push(token);
    at = end;
  }
  return tokens;
}

interface Read {
  readonly token: QueryToken;
  readonly end: number;
}

function readToken(query: string, offset: number): Read {
  const char = query[offset]!;
  if (char === '(') return { token: { kind: 'open', offset }, end: offset + 1 };
  if (char === ')') return { token: { kind: 'close', offset }, end: offset + 1 };
  if (char === '"') {
    const { text, end } = readQuoted(query, offset);
    if (text === '') throw invalidQuery(query, offset, 'the phrase is empty');
    return { token: { kind: 'phrase', text, offset }, end };
  }
  // `->`, `--flag`, `-=` and `-` alone are code, not negations.
  if (char === '-' && /^[^\s\-=>)]/.test(query.slice(offset + 1)))
    return { token: { kind: 'minus', offset }, end: offset + 1 };
  return (char === '/' ? readRegex(query, offset) : undefined) ?? readFilter(query, offset) ?? readWord(query, offset);
}

function readWord(query: string, offset: number): Read {
  const end = endOfWord(query, offset);
  const text = query.slice(offset, end);
  return { token: text === 'or' || text === 'OR' ? { kind: 'or', offset } : { kind: 'word', text, offset }, end };
}

/** A word ends at a space, and at a `)` that it did not open: `f(x)` is one. */
function endOfWord(query: string, offset: number): number {
  let depth = 0;
  let at = offset;
  for (; at < query.length && !/\s/.test(query[at]!); at++) {
    if (query[at] === '(') depth++;
    else if (query[at] === ')' && --depth < 0) break;
  }
  return at;
}

function readFilter(query: string, offset: number): Read | undefined {
  const match = /^([a-z]+):(?!:)/.exec(query.slice(offset, offset + 8));
  const name = filterNames.find((known) => known === match?.[1]);
  if (name === undefined) return undefined;
  const valueOffset = offset + name.length + 1;
  const quoted = query[valueOffset] === '"' ? readQuoted(query, valueOffset) : undefined;
  const end = quoted?.end ?? endOfWord(query, valueOffset);
  const value = quoted?.text ?? query.slice(valueOffset, end);
  if (value.trim() === '') {
    throw invalidQuery(
      query,
      valueOffset,
      `the filter ${name}: has no value`,
      `To search for the text, quote it: "${name}:".`,
    );
  }
  return { token: { kind: 'filter', name, value, valueOffset, offset }, end };
}

/** Text in double quotes, in which `\"` and `\\` are a quote and a backslash; any other backslash is one. */
function readQuoted(query: string, offset: number): { text: string; end: number } {
  const match = /^"((?:[^"\\]|\\.)*)"/s.exec(query.slice(offset));
  if (match === null)
    throw invalidQuery(query, offset, 'the quote is not closed', 'To search for a quote itself: "\\"".');
  return { text: match[1]!.replace(/\\(["\\])/g, '$1'), end: offset + match[0].length };
}

/** `/…/` up to the first slash outside a class, if a word could end there; `/usr/bin` is a word. */
function readRegex(query: string, offset: number): Read | undefined {
  const match = /^\/((?:[^/\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+)\/(i?)(?=[\s)]|$)/s.exec(query.slice(offset));
  if (match !== null) {
    const token = { kind: 'regex', text: match[1]!, ignoreCase: match[2] === 'i', offset } as const;
    return { token, end: offset + match[0].length };
  }
  const word = query.slice(offset, endOfWord(query, offset));
  if (/^[\w/.:@~-]*$/.test(word)) return undefined;
  throw invalidQuery(
    query,
    offset,
    'the regular expression is not closed',
    'It ends with a / before a space. To search for the text, put it in quotes.',
  );
}
