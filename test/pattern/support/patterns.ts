import fc from 'fast-check';
import { encodeBytes } from '../../../src/base/index.js';
import { unguardedMatcherOf } from '../../../src/pattern/pattern.js';
import type { GramPlan } from '../../../src/pattern/gram-plan.js';
import type { Pattern, PatternOptions } from '../../../src/pattern/pattern.js';

/** Characters that texts are made of: words, case variants, line ends that are none, non-ASCII, raw bytes. */
const characters = [
  'a',
  'b',
  'c',
  'A',
  'B',
  'k',
  'K',
  's',
  '1',
  '_',
  ' ',
  '-',
  '.',
  '\t',
  '\r',
  '\n',
  '\n',
  '\n',
  'é',
  'É',
  '\u2028',
  '\u2029',
  '\u00a0',
  '😀',
  '𐐀',
  '\u212a',
  '\u017f',
  'ß',
  '\udce9',
  '\udcff',
];

export const anyText = fc.array(fc.constantFrom(...characters), { maxLength: 40 }).map((parts) => parts.join(''));

const atoms = [
  'a',
  'b',
  'c',
  'A',
  'B',
  'k',
  's',
  '1',
  '_',
  ' ',
  '-',
  'abc',
  'aab',
  'bca',
  'cab1',
  'é',
  'É',
  'ß',
  '.',
  '.',
  '^',
  '$',
  '\\b',
  '\\B',
  '\\s',
  '\\S',
  '\\w',
  '\\W',
  '\\d',
  '\\D',
  '\\n',
  '\n',
  '\\r',
  '\r',
  '\\x0a',
  '\\u000a',
  '\\cJ',
  '\\u2028',
  '\\.',
  '\\t',
  '\\0',
  '[^]',
  '[]',
  '[ab]',
  '[abc1]',
  '[^a]',
  '[^-a]',
  '[^a-]',
  '[-a]',
  '[a-c]',
  '[\\s-a]',
  '[\\w-]',
  '[^\\s]',
  '[^\\W]',
  '[\\Wa]',
  '[\\Da]',
  '[\\S\\s]',
  '[\\n]',
  '[a\\n]',
  '[\\t-\\r]',
  '[\\0-\\n]',
  '[\\n-a]',
  '[^\\n]',
  '[^é]',
  '[éa]',
  '[A-c]',
  '[\\d]',
  '[\\b]',
  '\\ud83d\\ude00',
  '\\udce9',
  '\\ude00',
];
const unicodeAtoms = [
  '\\p{L}',
  '\\P{L}',
  '\\p{Cc}',
  '[\\p{Cc}a]',
  '[^\\p{L}]',
  '[^\\P{Lu}]',
  '\\u{1f600}',
  '\\u{a}',
  '😀',
  '[😀a]',
  '[\\W]',
  '[^😀]',
  '\\u{dce9}',
];

/** Regular expressions over the alphabet of `anyText`; some are invalid. */
export const anyPattern: fc.Arbitrary<string> = fc.letrec<{ node: string; atom: string; sequence: string }>((tie) => ({
  atom: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...atoms) },
    { weight: 1, arbitrary: fc.constantFrom(...unicodeAtoms) },
  ),
  sequence: fc.array(tie('node'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  node: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'pattern' },
    { weight: 6, arbitrary: tie('atom') },
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie('atom'), fc.constantFrom('?', '*', '+', '{2}', '{1,2}', '{0}', '{3,}', '??', '*?', '+?'))
        .map(([atom, times]) => `(?:${atom})${times}`),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie('sequence'), fc.constantFrom('', '', '?', '+', '{2}', '{1,3}'))
        .map(([inner, times]) => `(?:${inner})${times}`),
    },
    {
      weight: 2,
      arbitrary: fc.array(tie('sequence'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join('|')})`),
    },
    { weight: 1, arbitrary: fc.constantFrom('\\1', '\\1', '\\2') },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('?=', '?!', '?<=', '?<!'), tie('sequence'))
        .map(([kind, inner]) => `(${kind}${inner})`),
    },
  ),
})).sequence;

export interface MatchedLine {
  readonly line: number;
  readonly text: string;
  readonly column: number;
  readonly length: number;
}

/** What `matchLines` reports, with each line's text read from the offsets. */
export function matchedLines(pattern: Pattern, text: string): MatchedLine[] {
  const lines: MatchedLine[] = [];
  unguardedMatcherOf(pattern).matchLines(text, (line, start, end, column, length) => {
    lines.push({ line, text: text.slice(start, end), column, length });
  });
  return lines;
}

/**
 * The same, the obvious way: the expression as written, on each line alone, by JavaScript's own reading of it. Undefined where that
 * reading is another one on purpose, or there is none.
 */
export function referenceLines(source: string, options: PatternOptions, text: string): MatchedLine[] | undefined {
  const literal = options.literal === true;
  const ignoreCase = options.ignoreCase === true;
  if (loneSurrogate.test(source)) return undefined;
  if (!literal) {
    // Elsewhere a `]` that comes first in a class is a character, and \w and \b know ASCII also when case is ignored.
    if (/\[\^?\]/.test(source) || (ignoreCase && /\\[wWbBpP]/.test(source))) return undefined;
    // And so does \s.
    if (/\\s/i.test(source) && /[\u00a0\u2028\u2029]/.test(text)) return undefined;
    // Bytes that are no UTF-8 match nothing.
    if (loneSurrogate.test(text)) return undefined;
  }
  let regex: RegExp;
  try {
    regex = new RegExp(literal ? escapeRegex(source) : source, `gsu${ignoreCase ? 'i' : ''}`);
  } catch {
    return undefined;
  }
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.flatMap((line, number) => {
    const match = firstMatch(regex, line, options.wholeWord ?? false);
    return match === undefined ? [] : [{ line: number, text: line, column: match.index, length: match[0].length }];
  });
}

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\\ud[89c-f]/i;

function firstMatch(regex: RegExp, line: string, wholeWord: boolean): RegExpExecArray | undefined {
  let from = 0;
  while (from <= line.length) {
    regex.lastIndex = from;
    const match = regex.exec(line);
    if (match === null) return undefined;
    const end = match.index + match[0].length;
    const isWord = (index: number): boolean => /^[A-Za-z0-9_]$/.test(line.charAt(index));
    if (!wholeWord || (match[0] !== '' && !isWord(match.index - 1) && !isWord(end))) return match;
    from = match.index + 1;
    while (from < line.length && isWord(from - 1)) from++;
    if (/^[\ud800-\udbff][\udc00-\udfff]$/.test(line.slice(from - 1, from + 1))) from++;
  }
  return undefined;
}

const escapeRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** The grams of a text as the index has them. */
export function gramsOf(text: string): Set<number> {
  const grams = new Set<number>();
  for (const line of text.split('\n')) {
    const bytes = encodeBytes(line).map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));
    for (let i = 0; i + 3 <= bytes.length; i++) grams.add((bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!);
  }
  return grams;
}

export function satisfies(grams: ReadonlySet<number>, plan: GramPlan): boolean {
  switch (plan.kind) {
    case 'all':
      return true;
    case 'none':
      return false;
    case 'gram':
      return grams.has(plan.gram);
    case 'and':
      return plan.parts.every((part) => satisfies(grams, part));
    case 'or':
      return plan.parts.some((part) => satisfies(grams, part));
  }
}

/** A plan for people: `abc & (bcd | bce)`. */
export function showPlan(plan: GramPlan): string {
  switch (plan.kind) {
    case 'gram':
      return Buffer.from([plan.gram >> 16, (plan.gram >> 8) & 255, plan.gram & 255]).toString('latin1');
    case 'and':
    case 'or':
      return `(${plan.parts
        .map(showPlan)
        .sort()
        .join(plan.kind === 'and' ? ' & ' : ' | ')})`;
    default:
      return plan.kind;
  }
}
