import { visitRegExpAST } from '@eslint-community/regexpp';
import type { AST } from '@eslint-community/regexpp';
import type { PatternSyntax } from './pattern-syntax.js';

export interface RewrittenPattern {
  /** Right on every text. Its anchors are lookarounds, which V8's linear engine does not run. */
  readonly strict: string;
  /**
   * To be compiled with the `m` flag, right on texts without `\r`, U+2028 and U+2029, where JavaScript's
   * lines are ours. Undefined when the pattern has no `^` or `$`, so that `strict` is as good.
   */
  readonly multiline: string | undefined;
}

/**
 * Rewrites a per-line pattern so that it can run over a text of many lines: every atom that could match `\n`
 * is replaced by one that cannot. Then no path through the pattern crosses a line's end, lookarounds and
 * backreferences included, and at every position it matches exactly what it matches on that line alone
 * (`\b` needs no change: `\n` is no word character, as the line's end is none).
 *
 * Only those atoms' source is replaced; the rest stands as written.
 */
export function rewriteForText(syntax: PatternSyntax, ignoreCase: boolean): RewrittenPattern {
  const flags = `${ignoreCase ? 'i' : ''}${syntax.unicode ? 'u' : ''}`;
  const atoms: Edit[] = [];
  const anchors: Edit[] = [];
  let classDepth = 0;
  const atom = (node: AST.Node, replacement: () => string): void => {
    if (classDepth === 0 && matchesNewline(node.raw, flags)) atoms.push({ node, text: replacement() });
  };
  visitRegExpAST(syntax.tree, {
    onCharacterEnter: (node) => atom(node, () => '[]'),
    onCharacterSetEnter: (node) => atom(node, () => rewriteSet(node, flags)),
    onCharacterClassEnter: (node) => {
      atom(node, () => rewriteClass(node, flags));
      classDepth++;
    },
    onCharacterClassLeave: () => classDepth--,
    onAssertionEnter: (node) => {
      // Not (?<![^\n]) and (?![^\n]): with `u`, V8 finds these in the middle of a surrogate pair too.
      if (node.kind === 'start') anchors.push({ node, text: '(?<=^|\\n)' });
      if (node.kind === 'end') anchors.push({ node, text: '(?=\\n|$)' });
    },
  });
  return {
    strict: applyEdits(syntax.source, [...atoms, ...anchors]),
    multiline: anchors.length > 0 ? applyEdits(syntax.source, atoms) : undefined,
  };
}

/** `text` with every character that means something in a pattern escaped. */
export const escapeLiteral = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

interface Edit {
  readonly node: AST.Node;
  readonly text: string;
}

function applyEdits(source: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const { node, text } of [...edits].sort((a, b) => a.node.start - b.node.start)) {
    result += source.slice(at, node.start) + text;
    at = node.end;
  }
  return result + source.slice(at);
}

/** Whether the atom, alone, matches `\n` with dotAll; asking the engine itself leaves no room for a second opinion. */
function matchesNewline(raw: string, flags: string): boolean {
  if (raw.length === 1 && raw !== '.' && raw !== '\n') return false;
  return new RegExp(`^(?:${raw})$`, `${flags}s`).test('\n');
}

/** Works for any one-character atom, in both directions of matching, but not in the linear engine. */
const butNewline = (raw: string): string => `(?:(?!\\n)${raw})`;

function rewriteSet(node: AST.CharacterSet, flags: string): string {
  if (node.kind === 'any') return '[^\\n]';
  if (node.kind === 'property') return butNewline(node.raw);
  const inside = setWithoutNewline(node, flags);
  return inside === undefined ? butNewline(node.raw) : `[${inside}]`;
}

/** The escape `\s`, `\W` or `\D` as class ranges without `\n`; undefined where that cannot be written. */
function setWithoutNewline(node: AST.EscapeCharacterSet, flags: string): string | undefined {
  const last = flags.includes('u') ? '\\u{10ffff}' : '\\uffff';
  if (node.kind === 'space' && !node.negate) {
    return '\\t\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff';
  }
  if (node.kind === 'digit' && node.negate) return `\\u0000-\\t\\v-\\u002f\\u003a-${last}`;
  // Under `iu`, \W also leaves out U+017F and U+212A, in a way that ranges under `i` do not reproduce.
  if (node.kind === 'word' && node.negate && flags !== 'iu') {
    return `\\u0000-\\t\\v-\\u002f\\u003a-@\\u005b-\\u005e\\u0060\\u007b-${last}`;
  }
  return undefined;
}

function rewriteClass(node: AST.CharacterClass, flags: string): string {
  const parts: string[] = [];
  for (const element of node.elements) {
    const part = node.negate ? keptElement(element, flags) : elementWithoutNewline(element, flags);
    if (part === undefined) return butNewline(node.raw);
    parts.push(part);
  }
  return node.negate ? `[^${parts.join('')}\\n]` : `[${parts.join('')}]`;
}

/** Every element is written anew: `-` and `^` mean something by their place, which may have changed. */
function keptElement(element: AST.CharacterClassElement, flags: string): string | undefined {
  switch (element.type) {
    case 'Character':
      return escapeCode(element.value, flags);
    case 'CharacterClassRange':
      return `${escapeCode(element.min.value, flags)}-${escapeCode(element.max.value, flags)}`;
    case 'CharacterSet':
      return element.raw;
    default:
      return undefined; // only under `v`, which is not used
  }
}

function elementWithoutNewline(element: AST.CharacterClassElement, flags: string): string | undefined {
  const newline = 10;
  if (element.type === 'Character') return element.value === newline ? '' : keptElement(element, flags);
  if (element.type === 'CharacterClassRange') {
    const { min, max } = element;
    if (min.value > newline || max.value < newline) return keptElement(element, flags);
    const below = min.value < newline ? `${escapeCode(min.value, flags)}-\\u0009` : '';
    const above = max.value > newline ? `\\u000b-${escapeCode(max.value, flags)}` : '';
    return below + above;
  }
  if (element.type === 'CharacterSet') {
    if (!matchesNewline(element.raw, flags)) return element.raw;
    return element.kind === 'property' ? undefined : setWithoutNewline(element, flags);
  }
  return undefined;
}

function escapeCode(code: number, flags: string): string {
  const hex = code.toString(16);
  return flags.includes('u') ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}
