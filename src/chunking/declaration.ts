import { languageNumber, languages } from '../model/index.js';
import type { SymbolKind } from '../model/index.js';

/** What a definition's own lines say of it. */
export interface Declaration {
  /** The declaration up to its body, on one line; decorators left out. */
  readonly signature: string;
  /** First sentence of its documentation: of the comment right above it, or of its docstring; empty when there is none. */
  readonly doc: string;
}

/** Lines of a file, from 0; undefined beyond its ends. */
export type LineOf = (line: number) => string | undefined;

export interface DeclaredLines {
  readonly kind: SymbolKind;
  /** Line of the name, and first and last line of the declaration, from 0. */
  readonly line: number;
  readonly startLine: number;
  readonly endLine: number;
}

/** Reads signature and documentation off the text. Of what is written in no known way, the name's line and no documentation. */
export function declarationOf(lineOf: LineOf, lines: DeclaredLines, language: string): Declaration {
  return { signature: signatureOf(lineOf, lines), doc: firstSentence(docOf(lineOf, lines, language)) };
}

const signatureUnitsMax = 300;
const signatureLinesMax = 12;
const docLinesMax = 200;
const docUnitsMax = 300;

/** Kinds whose declaration goes on after its head with `{`, `:` or the like. */
const withoutBody: ReadonlySet<SymbolKind> = new Set([
  'constant',
  'variable',
  'field',
  'property',
  'key',
  'section',
  'type',
]);
const decorator = /^\s*(?:@\w[\w.]*(?:\(.*\))?\s*$|#!?\[.*\]\s*$|\[[\w.:]+(?:\(.*\))?(?:,.*)?\]\s*$)/;

function signatureOf(lineOf: LineOf, { kind, line, startLine, endLine }: DeclaredLines): string {
  let from = startLine;
  while (from < line && (/^\s*$/.test(lineOf(from) ?? '') || decorator.test(lineOf(from) ?? ''))) from++;
  if (line - from > signatureLinesMax) from = line;
  const parts: string[] = [];
  let depth = 0;
  for (let at = from; at <= Math.max(line, endLine) && parts.length < signatureLinesMax; at++) {
    const { text, end, depthAfter } = untilBody(lineOf(at) ?? '', depth, at >= line && !withoutBody.has(kind));
    parts.push(text.trim());
    depth = depthAfter;
    if (at >= line && (end || depth <= 0)) break;
  }
  const joined = parts.join(' ').replace(/\s+/g, ' ');
  const head = joined.replace(/\s*(?:\{|=>|=|:|;|,|\bdo|\bthen|\bbegin|\bwhere)\s*$/, '').trim();
  return (head === '' ? joined : head).slice(0, signatureUnitsMax);
}

/** A line up to where a body begins, which is a brace outside of all brackets. */
function untilBody(line: string, depth: number, stops: boolean): { text: string; end: boolean; depthAfter: number } {
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!;
    if (quote !== '') {
      if (character === '\\') i++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === '`') quote = character;
    else if (character === "'" && line[i + 2] === "'") i += 2;
    else if (character === '(' || character === '[') depth++;
    else if (character === ')' || character === ']') depth--;
    else if (character === '{' && depth === 0 && stops) return { text: line.slice(0, i), end: true, depthAfter: 0 };
    else if (character === '/' && line[i + 1] === '/') return { text: line.slice(0, i), end: false, depthAfter: depth };
  }
  return { text: line, end: false, depthAfter: depth };
}

function docOf(lineOf: LineOf, lines: DeclaredLines, language: string): string[] {
  const inside =
    language === 'python' ? docstring(lineOf, lines) : language === 'elixir' ? docAttribute(lineOf, lines) : [];
  return inside.length > 0 ? inside : commentAbove(lineOf, lines.startLine, language);
}

/** Lines of the comment that ends on the line above, its marks taken off. */
function commentAbove(lineOf: LineOf, startLine: number, language: string): string[] {
  const { line: markers, block } = languages[languageNumber(language)]!;
  const found: string[] = [];
  const above = (lineOf(startLine - 1) ?? '').trim();
  const marker = markers.find((mark) => above.startsWith(mark));
  if (marker !== undefined) {
    for (let at = startLine - 1; at >= 0 && found.length < docLinesMax; at--) {
      const text = (lineOf(at) ?? '').trim();
      if (!text.startsWith(marker) || /^#!/.test(text)) break;
      found.unshift(text.slice(marker.length).replace(/^[/!#;|^*-]+/, ''));
    }
    return found;
  }
  const pair = block.find(([, close]) => above.endsWith(close));
  if (pair === undefined) return [];
  for (let at = startLine - 1; at >= 0 && found.length < docLinesMax; at--) {
    const text = (lineOf(at) ?? '').trim();
    const opened = text.startsWith(pair[0]);
    let inner = opened ? text.slice(pair[0].length) : text;
    if (at === startLine - 1 && inner.endsWith(pair[1])) inner = inner.slice(0, -pair[1].length);
    found.unshift(inner.replace(/^[*!|^-]+/, '').replace(/\*+$/, ''));
    if (opened) return found;
    if (text.includes(pair[0])) return []; // a comment that follows code
  }
  return [];
}

/** The string that a Python function, class or module begins with. */
function docstring(lineOf: LineOf, { line, endLine }: DeclaredLines): string[] {
  let at = line;
  for (let depth = 0; at <= endLine; at++) {
    const text = lineOf(at) ?? '';
    const { depthAfter } = untilBody(text.replace(/#.*$/, ''), depth, false);
    depth = depthAfter;
    if (depth <= 0 && /:\s*(?:#.*)?$/.test(text)) break;
  }
  for (at++; at <= endLine && /^\s*$/.test(lineOf(at) ?? ''); at++);
  if (at > endLine) return [];
  return quoted(lineOf, at, /^\s*[rRuUbB]{0,2}("""|'''|"|')/, endLine);
}

/** `@doc` between the first line of the declaration and its name, `@moduledoc` right after it. */
function docAttribute(lineOf: LineOf, { kind, line, startLine, endLine }: DeclaredLines): string[] {
  const [from, to] = kind === 'module' ? [line, Math.min(endLine, line + 5)] : [startLine, line];
  for (let at = from; at <= to; at++) {
    const text = quoted(lineOf, at, /^\s*@(?:module|type)?doc\s+(?:~[sS])?("""|")/, endLine);
    if (text.length > 0) return text;
  }
  return [];
}

function quoted(lineOf: LineOf, from: number, opener: RegExp, endLine: number): string[] {
  const first = lineOf(from) ?? '';
  const match = opener.exec(first);
  if (match === null) return [];
  const quote = match[1]!;
  const found: string[] = [];
  let text = first.slice(match[0].length);
  for (let at = from; ; text = lineOf(++at) ?? '') {
    const end = text.indexOf(quote);
    found.push(end < 0 ? text : text.slice(0, end));
    if (end >= 0 || quote.length === 1 || at >= endLine || found.length > docLinesMax) return found;
  }
}

/** Up to the first full stop, blank line or tag. */
function firstSentence(lines: readonly string[]): string {
  let text = '';
  for (const line of lines) {
    const plain = line
      .replace(/<\/?(?:summary|para|p|b|i|em|strong|code|c)\s*\/?>|<see\s+cref="([^"]*)"\s*\/>/gi, '$1')
      .replace(/^\s*[@\\]brief\s+/, '')
      .trim();
    if (plain === '' || /^[-=*_#~/]{3,}$/.test(plain)) {
      if (text !== '') break;
      continue;
    }
    if (/^[@\\:]\w+/.test(plain)) break;
    text = text === '' ? plain : `${text} ${plain}`;
    if (text.length > docUnitsMax) break;
  }
  const sentence = /^.*?(?:[.!?](?=\s|$)(?<!\b(?:e\.g|i\.e|etc|vs|cf)\.)|[。！？])/su.exec(text)?.[0] ?? text;
  return sentence.replace(/\s+/g, ' ').slice(0, docUnitsMax);
}
