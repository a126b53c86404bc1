import { closeOverCase } from './case-fold.js';
import { escapedClasses, negated, posixClasses } from './character-classes.js';
import { setOf, unionOf } from './code-set.js';
import type { CodeSet } from './code-set.js';
import { readCharacterEscape, readPropertyEscape } from './escapes.js';
import type { PatternScanner } from './pattern-scanner.js';

const posixNames = Object.keys(posixClasses).join(', ');

/**
 * A class in brackets, the scanner being behind the opening one, which is at `start`. As everywhere but in JavaScript a `]` that comes
 * first is a character.
 */
export function parseClass(
  scanner: PatternScanner,
  start: number,
  ignoreCase: boolean,
): { set: CodeSet; negate: boolean } {
  const negate = scanner.take('^');
  const sets: CodeSet[] = [];
  /** Characters and ranges; classes in a class have no variants. */
  const characters: CodeSet[] = [];
  for (let first = true; ; first = false) {
    if (scanner.done) unterminated(scanner, start, negate);
    if (scanner.peek() === ']' && !first) break;
    const offset = scanner.at;
    const item = readItem(scanner, start, ignoreCase);
    if (item === null) continue;
    if (scanner.peek() !== '-' || scanner.source[scanner.at + 1] === ']' || scanner.at + 1 >= scanner.source.length) {
      if (typeof item === 'number') characters.push(setOf(item));
      else sets.push(item);
      continue;
    }
    if (typeof item !== 'number') {
      sets.push(item); // `[\w-x]`: the hyphen is a character
      continue;
    }
    scanner.at++;
    const before = scanner.at;
    const end = readItem(scanner, start, ignoreCase);
    if (typeof end !== 'number') {
      // `[a-\d]`: likewise.
      characters.push(setOf(item), setOf(0x2d));
      if (end === null) scanner.at = before;
      else sets.push(end);
      continue;
    }
    if (end < item)
      scanner.fail(
        scanner.at - 1,
        'Range out of order in character class',
        rangeHint(scanner.source.slice(offset, scanner.at)),
      );
    // A range across the surrogates means the characters before and after them.
    const isAcross = item < 0xd800 && end > 0xdfff;
    characters.push(isAcross ? [item, 0xd7ff, 0xe000, end] : [item, end]);
  }
  scanner.at++;
  const own = unionOf(...characters, []);
  return { set: unionOf(...sets, ignoreCase ? closeOverCase(own) : own), negate };
}

const rangeHint = (range: string): string => `For a hyphen itself write \\-, not ${range}.`;

/** A character by its code, or a set; null for what means nothing (`\E`). */
function readItem(scanner: PatternScanner, start: number, ignoreCase: boolean): number | CodeSet | null {
  const offset = scanner.at;
  if (scanner.peek() === '[') {
    const match = /^\[([:.=])(\^?)([^\]]*?)\1\]/.exec(scanner.source.slice(offset, offset + 40));
    if (match !== null) {
      const [whole, kind, inverse, name] = match;
      if (kind !== ':') scanner.fail(offset, `${whole} is of POSIX's locales`, `Write the characters themselves.`);
      const isCased = ignoreCase && (name === 'upper' || name === 'lower');
      const known = posixClasses[isCased ? 'alpha' : name!];
      if (known === undefined)
        scanner.fail(offset, `there is no class ${whole}`, `Known are ${posixNames}; for the characters write \\[.`);
      scanner.at += whole.length;
      return inverse === '' ? known : negated(known);
    }
  }
  const character = scanner.next();
  if (character !== '\\') return character.codePointAt(0)!;
  if (scanner.done) unterminated(scanner, start, false);
  const letter = scanner.peek();
  const known = escapedClasses[letter.toLowerCase()];
  if (known !== undefined) {
    scanner.at++;
    return letter === letter.toLowerCase() ? known : negated(known);
  }
  switch (letter) {
    case 'p':
    case 'P':
      return readPropertyEscape(scanner, offset);
    case 'b':
      scanner.at++;
      return 8;
    case 'E':
      scanner.at++;
      return null;
    case 'R':
      return scanner.fail(offset, '\\R is no single character', `Write \\r, outside of brackets \\R.`);
    case 'Q': {
      const end = scanner.source.indexOf('\\E', scanner.at);
      const text = scanner.source.slice(scanner.at + 1, end < 0 ? undefined : end);
      scanner.at = end < 0 ? scanner.source.length : end + 2;
      return setOf(...Array.from(text, (quoted) => quoted.codePointAt(0)!));
    }
    case '<':
    case '>':
      scanner.at++;
      return letter.charCodeAt(0);
  }
  const octal = /^[1-7][0-7]{0,2}/.exec(scanner.source.slice(scanner.at, scanner.at + 3))?.[0];
  if (octal !== undefined) {
    scanner.at += octal.length;
    return parseInt(octal, 8) & 0xff;
  }
  return readCharacterEscape(scanner, offset);
}

function unterminated(scanner: PatternScanner, start: number, negate: boolean): never {
  const isEmpty = scanner.source.startsWith(negate ? '[^]' : '[]', start);
  const hint = isEmpty
    ? negate
      ? 'For any character write [\\s\\S].'
      : 'For the characters themselves write \\[\\].'
    : 'For the character itself write \\[, or search for literal text (-F).';
  return scanner.fail(scanner.source.length, 'Unterminated character class', hint);
}
