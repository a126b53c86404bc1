import { languageNumber, languages, symbolKinds } from '../../model/index.js';
import type { SymbolKind } from '../../model/index.js';
import { LineExtents } from './line-extents.js';
import { lineAt } from './lines.js';
import {
  coversLines,
  functionLike,
  linkByLines,
  methodOwners,
  nestingMax,
  notLocal,
  qualifiedName,
} from '../definition.js';
import type { Definition } from '../definition.js';
import { cleanName, operatorName } from '../symbol-name.js';

/**
 * `[pattern, kind]` as in `symbols.json`; group 1 of the pattern, or the first that took part, is the name. With a third element, a
 * word, it is for every line that has the word, not just for those that the grammar could not read.
 */
export type LineRuleSources = readonly (readonly [pattern: string, kind: SymbolKind, everywhere?: string])[];

export interface LineRule {
  readonly pattern: RegExp;
  readonly kind: SymbolKind;
  /** What a line must hold for the rule to be tried outside of what the grammar could not read. */
  readonly everywhere: string | undefined;
}

export function compileLineRules(sources: LineRuleSources): LineRule[] {
  return sources.map(([pattern, kind, everywhere]) => {
    if (!symbolKinds.includes(kind)) throw new Error(`symbols.json: no symbol kind ${kind}`);
    return { pattern: new RegExp(pattern, 'u'), kind, everywhere };
  });
}

/** A run of lines that a grammar could not read, both ends inclusive. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
  /** First line of a function that these lines were read as a part of: only what is indented no more than it can be outside of it. */
  readonly within?: number;
}

/** How the lines of a language are read. */
export interface LineReader {
  readonly language: string;
  readonly lines: readonly LineRule[];
  /** What begins a list of constants in braces. */
  readonly enumerations?: RegExp | undefined;
  /** Whether what follows under the same name is the same definition: a signature and its equations. */
  readonly merge?: boolean;
  /** What a name must be like. */
  readonly names: RegExp;
}

const lineUnitsMax = 1000;

/**
 * Lines on which rules for every line find what was not found. The grammar sees nearly all of it, so lines are looked for by the word
 * that they must hold, and only these are looked at.
 */
export function linesMissed(
  found: readonly Definition[],
  text: string,
  starts: Uint32Array,
  lineCount: number,
  { lines: rules, language }: { readonly lines: readonly LineRule[]; readonly language: string },
): LineRange[] {
  const missed: LineRange[] = [];
  let known: Set<string> | undefined;
  for (const { pattern, everywhere } of rules) {
    if (everywhere === undefined) continue;
    let isCommented: ((at: number) => boolean) | undefined;
    for (let at = text.indexOf(everywhere); at >= 0; at = text.indexOf(everywhere, at + everywhere.length)) {
      const line = lineAt(starts, lineCount, at);
      const end = line + 1 < lineCount ? starts[line + 1]! - 1 : text.length;
      if (end - starts[line]! > lineUnitsMax || goesOn(text, starts[line]!)) continue;
      const match = pattern.exec(text.slice(starts[line], end).trimEnd());
      const name = match?.slice(1).find((group) => group !== undefined);
      known ??= new Set(found.map((definition) => `${definition.nameLine} ${definition.name}`));
      if (name === undefined || known.has(`${line} ${name}`) || (isCommented ??= openComments(text, language))(at))
        continue;
      missed.push({ from: line, to: line });
    }
  }
  return missed;
}

/** Whether a line goes on with the one before, as those of a macro's body do: what is defined there is defined where the macro is used. */
const goesOn = (text: string, start: number): boolean =>
  text[start - 2] === '\\' || (text[start - 2] === '\r' && text[start - 3] === '\\');

/**
 * Whether a block comment is open at places that are asked for in order: the text is read once for all of them. What such a comment may be in
 * besides, a string that holds the opening, is rare.
 */
function openComments(text: string, language: string): (at: number) => boolean {
  const pairs = languages[languageNumber(language)]!.block.map(([open, close]) => ({
    open,
    close,
    opened: -1,
    nextOpened: text.indexOf(open),
    closed: text.indexOf(close),
  }));
  return (at) =>
    pairs.some((pair) => {
      while (pair.nextOpened >= 0 && pair.nextOpened <= at) {
        pair.opened = pair.nextOpened;
        pair.nextOpened = text.indexOf(pair.open, pair.opened + 1);
      }
      if (pair.opened < 0) return false;
      if (pair.closed >= 0 && pair.closed < pair.opened) pair.closed = text.indexOf(pair.close, pair.opened);
      return pair.closed < 0 || pair.closed > at;
    });
}

/**
 * Adds to the definitions that a grammar found those that rules find, line by line in the manner of ctags, in the ranges that it
 * could not read. Where one ends, indentation tells. What was found already, by name and line, is left as it is.
 */
export function addByLines(
  found: readonly Definition[],
  lines: readonly string[],
  ranges: readonly LineRange[],
  { lines: rules, language, enumerations, merge, names }: LineReader,
): Definition[] {
  const known = new Set(found.map(({ nameLine, name }) => `${nameLine} ${name}`));
  const added: Definition[] = [];
  const texts = withoutComments(lines, ranges, language);
  const extents = new LineExtents(lines);
  const add = (name: string, kind: SymbolKind, line: number, endLine: number): void => {
    const clean = operatorName(cleanName(name));
    if (known.has(`${line} ${clean}`) || !names.test(clean.slice(clean.lastIndexOf(':') + 1))) return;
    const last = added[added.length - 1];
    if (merge === true && last?.name === clean && last.kind === kind) {
      last.endLine = endLine;
      return;
    }
    known.add(`${line} ${clean}`);
    const place = { nameLine: line, startLine: line, ownLine: line, endLine };
    added.push({ name: clean, kind, scope: '', ...place, next: 0, inner: false });
  };
  const beginsList = (line: number): boolean => enumerations?.test(texts(line)) === true;
  let next = 0;
  for (const { from, to, within } of [...ranges].sort((a, b) => a.from - b.from || b.to - a.to)) {
    const indentMax = within === undefined ? Infinity : extents.indent(within);
    for (let line = within === undefined ? Math.max(from, next) : from; line <= to && line < lines.length; line++) {
      const text = texts(line);
      if (text.length > lineUnitsMax || !/\S/.test(text) || extents.indent(line) > indentMax) continue;
      if (line > 0 && lines[line - 1]!.endsWith('\\')) continue;
      for (const { pattern, kind } of rules) {
        const match = pattern.exec(text);
        const name = match?.slice(1).find((group) => group !== undefined);
        if (name === undefined) continue;
        add(name, kind, line, extents.endOf(line));
        break;
      }
      if (beginsList(line)) {
        // To the next list at most: one that is not closed would be read again with each that follows.
        let last = line;
        while (last < Math.min(to, lines.length - 1) && !beginsList(last + 1)) last++;
        for (const { name, line: at } of enumerators(lines, line, last)) add(name, 'constant', at, at);
      }
    }
    if (within === undefined) next = Math.max(next, to + 1);
  }
  return added.length === 0 ? [...found] : nestByLines(found, added, extents);
}

const enumerationLinesMax = 2000;

/** The constants of a list in braces that begins at a line: what stands first in it and after each comma. */
function* enumerators(lines: readonly string[], from: number, to: number): Generator<{ name: string; line: number }> {
  let depth = 0;
  /** Whether what comes next is a name. */
  let begins = false;
  let inComment = false;
  for (let line = from; line <= Math.min(to, from + enumerationLinesMax); line++) {
    const text = lines[line]!;
    if (text.length > lineUnitsMax) return;
    for (const [token] of text.matchAll(enumerationTokens)) {
      if (inComment) inComment = token !== '*/';
      else if (token === '/*') inComment = true;
      else if (token === '//') break;
      else if (token === '{' || token === '(') {
        depth++;
        begins ||= depth === 1 && token === '{';
      } else if (token === '}' || token === ')') {
        if (--depth <= 0) return;
      } else if (token === ';') return;
      else if (token === ',') begins ||= depth === 1;
      else if (token === '#')
        break; // a condition
      else if (begins) {
        if (/^[\p{ID_Start}_]/u.test(token)) yield { name: token, line };
        begins = false;
      }
    }
  }
}

const enumerationTokens = /\/\/|\/\*|\*\/|"(?:[^"\\]|\\.)*"|[\p{ID_Continue}]+|\S/gu;

/** Puts what was added among what was found, with scopes on both sides. */
export function nestByLines(
  found: readonly Definition[],
  added: readonly Definition[],
  extents: LineExtents,
): Definition[] {
  const isAdded = new Set(added);
  const all = [...found, ...added].sort((a, b) => a.startLine - b.startLine || b.endLine - a.endLine);
  const open: Definition[] = [];
  const nested: Definition[] = [];
  for (const definition of all) {
    while (open.length > 0 && !coversLines(open[open.length - 1]!, definition.startLine, definition.endLine))
      open.pop();
    if (isAdded.has(definition)) {
      // A function ends before what is indented no more than it is.
      const indent = extents.indent(definition.ownLine);
      for (let i = open.length - 1; i >= 0; i--) {
        const around = open[i]!;
        if (!functionLike.has(around.kind) || extents.indent(around.ownLine) < indent) continue;
        around.endLine = Math.max(around.nameLine, definition.startLine - 1);
        open.length = i;
      }
    }
    const outer = open[open.length - 1];
    const local = open.some(({ kind }) => functionLike.has(kind));
    if (isAdded.has(definition)) {
      if (local && notLocal.has(definition.kind)) continue;
      const inClass = outer !== undefined && methodOwners.has(outer.kind);
      const kind = definition.kind === 'function' && inClass ? 'method' : definition.kind;
      const scope = outer === undefined ? '' : qualifiedName(outer);
      const placed = { ...definition, kind, scope, inner: local };
      isAdded.add(placed);
      nested.push(placed);
      if (open.length < nestingMax) open.push(placed);
      continue;
    }
    // Data of a function that the grammar did not find is local too.
    if (outer !== undefined && isAdded.has(outer) && functionLike.has(outer.kind) && notLocal.has(definition.kind))
      continue;
    // What was found inside an owner that was not: its scope lacks the owner.
    const owner = outer === undefined ? '' : qualifiedName(outer);
    const lacks = owner !== '' && definition.scope !== owner && !definition.scope.startsWith(`${owner}.`);
    const inClass = outer !== undefined && methodOwners.has(outer.kind);
    const placed = lacks
      ? {
          ...definition,
          scope: commonScope(owner, definition.scope),
          kind: definition.kind === 'function' && inClass ? ('method' as const) : definition.kind,
        }
      : { ...definition };
    nested.push(placed);
    if (open.length < nestingMax) open.push(placed);
  }
  linkByLines(nested);
  return nested;
}

/** `a.b` with what `a.c` has beyond the part that both share: `a.b.c`. */
function commonScope(owner: string, scope: string): string {
  const owners = owner.split('.');
  const parts = scope === '' ? [] : scope.split('.');
  let shared = 0;
  while (shared < parts.length && shared < owners.length && parts[shared] === owners[shared]) shared++;
  return [...owners, ...parts.slice(shared)].join('.');
}

/** Lines as they are, those in comments empty. */
export function withoutComments(
  lines: readonly string[],
  ranges: readonly LineRange[],
  language: string,
): (line: number) => string {
  const { line: markers, block } = languages[languageNumber(language)]!;
  const blank = new Set<number>();
  for (const { from, to } of ranges) {
    let closer = '';
    for (let line = from; line <= to && line < lines.length; line++) {
      const text = lines[line]!.trimStart();
      if (closer !== '') {
        blank.add(line);
        if (text.includes(closer)) closer = '';
        continue;
      }
      if (markers.some((marker) => text.startsWith(marker)) || text.startsWith('* ')) blank.add(line);
      const opened = block.find(([open]) => text.startsWith(open));
      if (opened === undefined) continue;
      blank.add(line);
      if (!text.includes(opened[1], opened[0].length)) closer = opened[1];
    }
  }
  return (line) => (blank.has(line) ? '' : lines[line]!);
}
