import { languages, symbolKinds } from '../../model/index.js';

/** Filters of the query language that can be completed, with what they mean. */
export const filters = [
  { name: 'path', help: 'the path has this part, or matches this glob' },
  { name: 'lang', help: 'in this language' },
  { name: 'sym', help: 'defines this name' },
  { name: 'kind', help: 'defines something of this kind' },
  { name: 'rev', help: 'at this branch, tag, commit, fork, or A..B' },
  { name: 'case', help: 'yes: case matters' },
] as const;

export type FilterName = (typeof filters)[number]['name'];

/** What can be completed where the caret is. */
export interface CompletionPoint {
  /** Null: the beginning of a filter's name is being typed. */
  readonly filter: FilterName | null;
  /** What is there of it, without a quote before it. */
  readonly typed: string;
  /** What a choice replaces: offsets in the query, end exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface Suggestion {
  /** Takes the place of what was typed. */
  readonly insert: string;
  /** What is shown, and what is said about it. */
  readonly label: string;
  readonly detail: string;
}

/** Finds what the caret stands behind; null when there is nothing to complete: in a phrase, a regular expression, at a space. */
export function completionPoint(query: string, caret: number): CompletionPoint | null {
  const token = tokenAt(query, caret);
  if (token === null) return null;
  const start = token.start + (/^-(?=[a-z])/.test(query.slice(token.start)) ? 1 : 0);
  const before = query.slice(start, caret);
  const match = /^([a-z]+):(?!:)("?)(.*)$/s.exec(before);
  if (match === null) {
    if (!/^[a-z]+$/.test(before) || caret !== token.end) return null;
    return { filter: null, typed: before, start, end: token.end };
  }
  const [, name = '', , typed = ''] = match;
  const filter = name === 'file' ? 'path' : filters.find((known) => known.name === name)?.name;
  if (filter === undefined) return null;
  return { filter, typed, start: start + name.length + 1, end: token.end };
}

/** The query after a suggestion was taken, and where the caret is then. */
export function applySuggestion(
  query: string,
  point: CompletionPoint,
  { insert }: Suggestion,
): { readonly query: string; readonly caret: number } {
  const isWhole = !insert.endsWith(':') && !insert.endsWith('/');
  const value = point.filter === null ? insert : quoted(insert, isWhole);
  const rest = query.slice(point.end);
  const space = isWhole && !rest.startsWith(' ') ? ' ' : '';
  const caret = point.start + value.length + (isWhole ? 1 : 0);
  return { query: query.slice(0, point.start) + value + space + rest, caret };
}

/** Suggestions that need no question to the daemon; null for values that do. */
export function knownSuggestions({ filter, typed }: CompletionPoint): readonly Suggestion[] | null {
  const wanted = typed.toLowerCase();
  switch (filter) {
    case null:
      return filters
        .filter(({ name }) => name.startsWith(wanted))
        .map(({ name, help }) => ({ insert: `${name}:`, label: `${name}:`, detail: help }));
    case 'lang':
      return languages
        .filter(({ id, aliases }) => [id, ...aliases].some((name) => name.startsWith(wanted)))
        .map(({ id, aliases }) => ({ insert: id, label: id, detail: aliases.join(', ') }));
    case 'kind':
      return symbolKinds
        .filter((kind) => kind.startsWith(wanted))
        .map((kind) => ({ insert: kind, label: kind, detail: '' }));
    case 'case':
      return [
        { insert: 'yes', label: 'yes', detail: 'case matters' },
        { insert: 'no', label: 'no', detail: 'a and A are the same' },
      ].filter(({ insert }) => insert.startsWith(wanted));
    default:
      return null;
  }
}

/** The word, filter, phrase or regular expression that the caret is in or behind; null for the latter two and between words. */
function tokenAt(query: string, caret: number): { readonly start: number; readonly end: number } | null {
  const tokens =
    /-?(?:[a-z]+:(?!:))?"(?:[^"\\]|\\.)*(?:"|$)|\/(?:[^/\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+\/i?(?=[\s)]|$)|[^\s()]+/gs;
  for (const { 0: text, index: start } of query.matchAll(tokens)) {
    const end = start + text.length;
    if (caret <= start) return null;
    if (caret <= end) return /^-?["/]/.test(text) ? null : { start, end };
  }
  return null;
}

/** A value with spaces or parentheses has to be in quotes; the last one stays open while there is more to type. */
function quoted(value: string, isWhole: boolean): string {
  if (!/[\s()"]/.test(value)) return value;
  return `"${value.replace(/["\\]/g, '\\$&')}${isWhole ? '"' : ''}`;
}
