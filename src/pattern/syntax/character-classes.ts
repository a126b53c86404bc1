import { LruCache } from '../../base/index.js';
import { inverseOf, isSurrogate, lastCode, setOf, setOfRanges, unionOf } from './code-set.js';
import type { CodeSet } from './code-set.js';

const range = (from: string, to: string): CodeSet => [from.codePointAt(0)!, to.codePointAt(0)!];
const digit = range('0', '9');
const upper = range('A', 'Z');
const lower = range('a', 'z');
const alpha = unionOf(upper, lower);
const alnum = unionOf(alpha, digit);
export const word = unionOf(alnum, setOf(0x5f));
const graph: CodeSet = [0x21, 0x7e];

/** White space of ASCII, as `\d` and `\w` are of ASCII: what `git grep -P` and RE2 take. */
const space: CodeSet = [9, 13, 0x20, 0x20];
const horizontalSpace = setOfRanges(
  [9, 9, 0x20, 0x20, 0xa0, 0xa0, 0x1680, 0x1680, 0x180e, 0x180e, 0x2000, 0x200a, 0x202f, 0x202f].concat([
    0x205f, 0x205f, 0x3000, 0x3000,
  ]),
);
/** What `\R` takes beside `\r\n`; a line has no `\n`. */
export const lineEnds: CodeSet = setOfRanges([0xb, 0xd, 0x85, 0x85, 0x2028, 0x2029]);

/** `\d` and its like, by letter; the capital letter is the complement. */
export const escapedClasses: Readonly<Record<string, CodeSet>> = { d: digit, w: word, s: space, h: horizontalSpace };

/** `[:name:]`, of ASCII as in POSIX's C locale, PCRE, RE2 and ripgrep. */
export const posixClasses: Readonly<Record<string, CodeSet>> = {
  alnum,
  alpha,
  ascii: [0, 0x7f],
  blank: setOf(9, 0x20),
  cntrl: unionOf([0, 0x1f], setOf(0x7f)),
  digit,
  graph,
  lower,
  print: [0x20, 0x7e],
  punct: setOfRanges([0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e]),
  space,
  upper,
  word,
  xdigit: unionOf(digit, range('A', 'F'), range('a', 'f')),
};

const properties = new LruCache<string, CodeSet>(64);

/** Names that PCRE has and JavaScript has not. */
const ownProperties: Readonly<Record<string, string>> = {
  Any: '[^]',
  'L&': '[\\p{Lu}\\p{Ll}\\p{Lt}]',
  LC: '[\\p{Lu}\\p{Ll}\\p{Lt}]',
  Xan: '[\\p{L}\\p{N}]',
  Xwd: '[\\p{L}\\p{N}_]',
  Xsp: '[\\s\\x85]',
  Xps: '[\\s\\x85]',
};

/**
 * The code points that have a Unicode property, named as in JavaScript (`Lu`, `Script=Greek`, `sc=Grek`, `Emoji`), or by script alone
 * as elsewhere (`Greek`); letters' case, spaces, `-` and `_` in the name do not matter where that leaves one meaning.
 * Undefined when there is no such property.
 */
export function codesWithProperty(name: string): CodeSet | undefined {
  const known = properties.get(name);
  if (known !== undefined) return known;
  const regex = propertyRegex(name);
  if (regex === undefined) return undefined;
  const set = codesMatching(regex);
  properties.set(name, set);
  return set;
}

function propertyRegex(name: string): RegExp | undefined {
  const own = ownProperties[name];
  if (own !== undefined) return new RegExp(`${own}+`, 'gu');
  if (!/^[\w =:-]+$/.test(name)) return undefined;
  const plain = name.replace(':', '=').replace(/ /g, '_');
  const loose = plain.replace(
    /(^|[=_-])([a-z])/gi,
    (_, before: string, letter: string) => before.replace('-', '_') + letter.toUpperCase(),
  );
  const titled = loose.replace(/[A-Za-z]+/g, (part) => part[0]!.toUpperCase() + part.slice(1).toLowerCase());
  const short = plain.replace(/^(sc|scx|gc)=/i, (key) => key.toLowerCase());
  for (const candidate of new Set([plain, short, titled, loose])) {
    for (const written of [candidate, `Script=${candidate}`, candidate.replace(/^Script_Extensions=|^Scx=/, 'scx=')]) {
      try {
        return new RegExp(`\\p{${written}}+`, 'gu');
      } catch {
        // Not this way.
      }
    }
  }
  return undefined;
}

/** `regex` matches runs. A block has all its code points but surrogates, which are the end of theirs: runs have no gaps. */
export function codesMatching(regex: RegExp, last = lastCode): CodeSet {
  const ranges: number[] = [];
  for (let first = 0; first <= last; first += blockSize) {
    const isAstral = first > 0xffff;
    for (const match of blockText(first).matchAll(regex)) {
      const from = first + (isAstral ? match.index >> 1 : match.index);
      const length = isAstral ? match[0].length >> 1 : match[0].length;
      ranges.push(from, from + length - 1);
    }
  }
  return setOfRanges(ranges);
}

const blockSize = 0x1000;

function blockText(first: number): string {
  const units: number[] = [];
  for (let code = first; code < first + blockSize && !isSurrogate(code); code++) {
    if (code <= 0xffff) units.push(code);
    else units.push(0xd7c0 + (code >> 10), 0xdc00 | (code & 0x3ff));
  }
  return String.fromCharCode(...units);
}

/** All code points that are not in the set, but surrogates. */
export const negated = (set: CodeSet): CodeSet => inverseOf(unionOf(set, [0xd800, 0xdfff]));
