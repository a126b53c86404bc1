import { codesWithProperty, negated } from './character-classes.js';
import { lastCode } from './code-set.js';
import type { CodeSet } from './code-set.js';
import type { PatternScanner } from './pattern-scanner.js';

const controls: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** The code point of an escaped character; the scanner is behind its backslash, which is at `start`. */
export function readCharacterEscape(scanner: PatternScanner, start: number): number {
  const letter = scanner.next();
  const rest = scanner.source.slice(scanner.at, scanner.at + 20);
  const accept = (length: number, digits: string, radix: number): number => {
    scanner.at += length;
    const code = parseInt(digits, radix);
    if (code > lastCode)
      scanner.fail(start, 'there is no such character', `The last one is \\x{${lastCode.toString(16)}}.`);
    return code;
  };
  const control = controls[letter];
  if (control !== undefined) return control;
  switch (letter) {
    case 'x': {
      const match = /^\{ *([\da-f]+) *\}|^([\da-f]{2})/i.exec(rest);
      if (match === null) scanner.fail(start, '\\x without two hexadecimal digits', 'Write \\x41 or \\x{41}.');
      return accept(match[0].length, match[1] ?? match[2]!, 16);
    }
    case 'u': {
      const match = /^\{([\da-f]+)\}|^(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})|^([\da-f]{4})/i.exec(rest);
      if (match === null) scanner.fail(start, '\\u without four hexadecimal digits', 'Write \\u0041 or \\u{41}.');
      if (match[2] !== undefined) {
        scanner.at += match[0].length;
        return 0x10000 + ((parseInt(match[2], 16) - 0xd800) << 10) + (parseInt(match[3]!, 16) - 0xdc00);
      }
      return accept(match[0].length, match[1] ?? match[4]!, 16);
    }
    case 'U': {
      const match = /^\{([\da-f]+)\}|^([\da-f]{8})/i.exec(rest);
      if (match === null) scanner.fail(start, '\\U without eight hexadecimal digits', 'Write \\x{…}.');
      return accept(match[0].length, match[1] ?? match[2]!, 16);
    }
    case 'N': {
      const match = /^\{U\+([\da-f]+)\}/i.exec(rest);
      if (match === null) scanner.fail(start, '\\N{…} without a code point', 'Write \\x{…}.');
      return accept(match[0].length, match[1]!, 16);
    }
    case 'o': {
      const match = /^\{([0-7]+)\}/.exec(rest);
      if (match === null) scanner.fail(start, '\\o without digits', 'Write \\o{101}.');
      return accept(match[0].length, match[1]!, 8);
    }
    case '0': {
      const digits = /^[0-7]{0,2}/.exec(rest)![0];
      return accept(digits.length, `0${digits}`, 8);
    }
    case 'c': {
      if (!/^[a-z]/i.test(rest)) scanner.fail(start, '\\c without a letter', 'Write \\cA to \\cZ.');
      return scanner.next().charCodeAt(0) & 31;
    }
  }
  if (/^[A-Za-z1-9]$/.test(letter))
    scanner.fail(start, `\\${letter} means nothing here`, `For the character itself write ${letter}.`);
  return letter.codePointAt(0)!;
}

/** `\p{Lu}`, `\pL`, `\p{^Lu}` and with `\P` what has it not; the scanner is at the letter. */
export function readPropertyEscape(scanner: PatternScanner, start: number): CodeSet {
  const inverse = scanner.next() === 'P';
  const match = /^\{ *(\^?)([^{}]*?) *\}|^([A-Za-z])/.exec(scanner.source.slice(scanner.at, scanner.at + 80));
  if (match === null) scanner.fail(scanner.at, 'Invalid property name', 'Write \\p{L}, \\p{Lu} or \\p{Greek}.');
  const set = codesWithProperty(match[2] ?? match[3]!);
  scanner.at += match[0].length;
  if (set === undefined)
    scanner.fail(scanner.at - 1, 'Invalid property name', 'Write a category as \\p{Lu}, or a script as \\p{Greek}.');
  void start;
  return inverse !== (match[1] === '^') ? negated(set) : set;
}
