import { describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { findInText } from '../../src/pattern/scan/find-in-text.js';
import { compilePattern, unguardedMatcherOf } from '../../src/pattern/pattern.js';
import type { PatternOptions } from '../../src/pattern/pattern.js';
import { matchedLines, showPlan } from './support/patterns.js';

function lines(source: string, text: string, options: PatternOptions = {}): string[] {
  return matchedLines(compilePattern(source, options), text).map(
    (match) => `${match.line}:${match.column}+${match.length} ${match.text}`,
  );
}

describe('matchLines', () => {
  test('reports each matching line once, by its first match', () => {
    expect(lines('o+', 'foo boo\nbar\nno\n')).toEqual(['0:1+2 foo boo', '2:1+1 no']);
  });

  test('there is no line after a final newline, and a last line needs none', () => {
    expect(lines('', 'a\n\nb')).toEqual(['0:0+0 a', '1:0+0 ', '2:0+0 b']);
    expect(lines('', 'a\n')).toEqual(['0:0+0 a']);
    expect(lines('$', 'a\n\n')).toEqual(['0:1+0 a', '1:0+0 ']);
    expect(lines('^$', '')).toEqual([]);
    expect(lines('x*$', 'a')).toEqual(['0:1+0 a']);
  });

  test('a carriage return and U+2028 belong to the line', () => {
    expect(lines('a$', 'a\r\na\n')).toEqual(['1:0+1 a']);
    expect(lines('a.$', 'a\r\nb\n')).toEqual(['0:0+2 a\r']);
    expect(lines('^b', 'a\u2028b\r\nb\n')).toEqual(['1:0+1 b']);
  });

  test('nothing matches across a line end', () => {
    for (const source of [String.raw`a\sb`, 'a[^x]b', String.raw`a\Wb`, String.raw`a\nb`, 'a\nb', '(?s-)?']) {
      let found: string[] = [];
      try {
        found = lines(source, 'a\nb\n');
      } catch (error) {
        expect(source).toBe('(?s-)?');
        expect(error).toBeInstanceOf(CoppiceError);
      }
      expect(found).toEqual([]);
    }
    expect(lines('a\nb', 'a\nb\n', { literal: true })).toEqual([]);
  });

  test('stops when told to', () => {
    const seen: number[] = [];
    unguardedMatcherOf(compilePattern('a')).matchLines('a\na\na\n', (line) => {
      seen.push(line);
      return seen.length < 2;
    });
    expect(seen).toEqual([0, 1]);
  });

  test('may be used again from within its own callback', () => {
    const pattern = unguardedMatcherOf(compilePattern('[ab]'));
    const seen: string[] = [];
    pattern.matchLines('a\nx\nb\n', (line) => {
      seen.push(`${line}${pattern.matchesAny('zzzzzzzzzzb')}`);
    });
    expect(seen).toEqual(['0true', '2true']);
  });

  test('whole words: the first match that is a word decides', () => {
    expect(lines('foo', 'foobar foo\nfoo_\n(foo)\n', { wholeWord: true })).toEqual(['0:7+3 foobar foo', '2:1+3 (foo)']);
    expect(lines('fo*', 'foob\nfoo b\n', { wholeWord: true })).toEqual(['1:0+3 foo b']);
    expect(lines('', 'a b\n', { wholeWord: true })).toEqual([]);
    expect(lines('é', 'xé é\n', { wholeWord: true })).toEqual(['0:3+1 xé é']);
  });

  test('characters outside the BMP are whole where the pattern has them', () => {
    expect(lines('[😀x]', 'a😀\n')).toEqual(['0:1+2 a😀']);
    expect(lines(String.raw`\p{Emoji_Presentation}`, 'a😀\n')).toEqual(['0:1+2 a😀']);
    expect(lines('😀{', '😀{\n')).toEqual(['0:0+3 😀{']);
  });
});

describe('invalid patterns', () => {
  test.each([
    ['foo(bar', 7, 'Unterminated group'],
    ['a**', 2, 'Nothing to repeat'],
    ['[z-a]', 3, 'Range out of order in character class'],
    ['a)', 1, "Unmatched ')'"],
    [String.raw`\p{Foo}`, 6, 'Invalid property name'],
    ['x\\', 1, '\\ at end of pattern'],
    [`${'('.repeat(16_000)}${')'.repeat(16_000)}`, 0, 'nested too deeply'],
  ])('%.20s', (source, offset, reason) => {
    expect(() => compilePattern(source)).toThrow(
      expect.objectContaining({ code: 'PATTERN_INVALID', data: { offset, reason } }),
    );
  });

  test('the message points at the character', () => {
    expect(() => compilePattern('ab\t*?*c')).toThrow('invalid pattern: Nothing to repeat\n  ab·*?*c\n       ^');
  });
});

describe('plan', () => {
  const plan = (source: string, options: PatternOptions = {}): string => showPlan(compilePattern(source, options).plan);

  test.each([
    ['', 'all'],
    ['ab', 'all'],
    ['.*', 'all'],
    ['Hello', '(ell & hel & llo)'],
    ['foo.*bar', '(bar & foo)'],
    ['foo(bar|baz)', '((bar | baz) & foo & oba & oob)'],
    ['colou?r', '(((lou & our) | lor) & col & olo)'],
    ['TODO|FIXME', '((fix & ixm & xme) | (odo & tod))'],
    ['abc|x', 'all'],
    ['(abc)+def', '(abc & bcd & cde & def)'],
    ['x{3,}', 'xxx'],
    ['[ab]cd', '(acd | bcd)'],
    ['v[0-3]x', '(v0x | v1x | v2x | v3x)'],
    ['(?=abc)d.*efg', '(abc & efg)'],
    ['(?!abc)defg', '(def & efg)'],
    ['(?<=abc)def', '(abc & def)'],
    [String.raw`^\s*abc\b`, 'abc'],
    [String.raw`(abc)\1`, 'abc'],
    [String.raw`a\nb`, 'none'],
    [String.raw`abc|x\ny`, 'abc'],
    ['é1', '\xc3\xa91'],
    [String.raw`\ud83d\ude00`, '(\x9f\x98\x80 & \xf0\x9f\x98)'],
    [String.raw`abc\ude00def`, '(abc & def)'],
  ])('%s', (source, expected) => expect(plan(source)).toBe(expected));

  test('ignoring case keeps what stays true', () => {
    expect(plan('Abc', { ignoreCase: true })).toBe('abc');
    expect(plan('Ask', { ignoreCase: true })).toMatch(/ask\)$/);
    expect(plan('straße', { ignoreCase: true })).toMatch(/\xc3\x9f.*\xe1\xba\x9e/);
    expect(plan('xé', { ignoreCase: true })).toBe('(x\xc3\x89 | x\xc3\xa9)');
    expect(plan(String.raw`\u{61}sk`, { ignoreCase: true })).toContain('\xe2\x84\xaa');
  });

  test('stays small', () => {
    const long = compilePattern('abcdefghij'.repeat(50) + Array.from({ length: 500 }, (_, i) => i).join(''), {
      literal: true,
    }).plan;
    expect(long.kind === 'and' && long.parts.length).toBe(32);
    expect(plan(Array.from({ length: 100 }, (_, i) => `x${i}y`).join('|'))).toBe('all');
  });
});

test('canBacktrack is said of patterns that can take long, and not of those that cannot', () => {
  const long = ['a.*b', '(a+)+', '(a|b)*c', String.raw`(.)\1*x`, '(?=.*x)y', '(a?){30}', 'a?'.repeat(20)];
  const short = ['abc', 'foo.*', 'a|b|c', 'colou?r', '[a-z]{1,8}x', String.raw`^\s*`, '(ab|cd)ef'];
  expect(long.filter((source) => !compilePattern(source).canBacktrack)).toEqual([]);
  expect(short.filter((source) => compilePattern(source).canBacktrack)).toEqual([]);
});

test('matches are counted as git -S counts them: none overlaps another, and an empty one takes a character', () => {
  const count = (source: string, text: string, options = {}): number =>
    findInText(unguardedMatcherOf(compilePattern(source, options)), text, 'count', Infinity)[0] ?? 0;
  expect(count('aa', 'aaaaa\naa')).toBe(3);
  expect(count('aa', 'aaaaa\naa', { wholeWord: true })).toBe(1);
  expect(count('A', 'aAa', { literal: true, ignoreCase: true })).toBe(3);
  expect(count('^', 'a\n\nb')).toBe(3);
  expect(count('a*', 'baa\n')).toBe(3);
  expect(count('', '\u{1f600}\n')).toBe(2);
  expect(count('\\p{L}*', '\u{1f600}\n')).toBe(2);
  expect(count('a\nb', 'a\nb', { literal: true })).toBe(0);
});
