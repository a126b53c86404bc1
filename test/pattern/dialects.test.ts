import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../src/pattern/pattern.js';
import { makeFolder } from '../support/git.js';
import { matchedLines } from './support/patterns.js';

const lines = [
  ...['foo bar', 'foobar', 'Foo BAR', 'FOO', 'barfoo', 'a1_b', 'A', 'aA', 'aaab', 'ab', 'aab', 'abab', 'abba', 'cc'],
  ...['x\ty', 'tab\t', ' lead', 'trail ', '', 'a.b', 'a+b', 'a{,3}', 'a{2}', '{', 'a|b', '(a)', '[a]', 'a]b', 'a-b'],
  ...['\\d', '\\Q', '<word>', 'word', 'words', 'a<b', '^a', 'a$', '#x', 'a b', 'a  b', '12', '3a3', 'é', 'É', '日本'],
  ...['ΑΒΓ', 'αβγ', 'ß', '0x41', 'AaAa', 'x=1', '"q"', "it's", 'e\u0301', '\u000b', '\u001b[0m', '~!', 'xyzzy'],
];
const text = `${lines.join('\n')}\n`;
const folder = makeFolder();
writeFileSync(join(folder, 'file.txt'), text);

/** Numbers of the lines that `git grep -P` finds; null where it knows no such pattern. */
function theirs(source: string, ...flags: string[]): number[] | null {
  const args = ['grep', '--no-index', '-nhP', '--no-color', ...flags, '-e', source, 'file.txt'];
  const { status, stdout } = spawnSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  return status! > 1
    ? null
    : stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => parseInt(line, 10));
}

const hasPcre = theirs('\\d') !== null;
const ours = (source: string, options = {}): number[] =>
  matchedLines(compilePattern(source, options), text).map(({ line }) => line + 1);

/** What PCRE has too, with the same meaning on these lines. */
const shared = [
  ...[
    '[[:space:]]',
    '[[:alpha:]]+',
    '[[:digit:]]',
    '[[:^digit:]]',
    '[[:upper:]][[:lower:]]',
    '[[:punct:]]',
    '[[:alnum:]_]',
  ],
  ...[
    '[[:xdigit:]]+x',
    '[[:blank:]]',
    '[[:cntrl:]]',
    '[[:print:]]',
    '[[:graph:]]',
    '[[:word:]]',
    '[[:ascii:]]',
    '[^[:alpha:]]',
  ],
  ...[
    '\\Afoo',
    'foo\\Z',
    'bar\\z',
    '\\h',
    '\\H',
    '\\N',
    '\\R',
    '\\x{41}',
    '\\x41',
    '\\o{101}',
    '\\101',
    '\\e',
    '\\a',
    '\\cK',
  ],
  ...[
    '\\pL',
    '\\p{L}',
    '\\p{Lu}',
    '\\P{L}',
    '\\p{^L}',
    '\\PL',
    '\\p{Greek}',
    '\\p{Han}',
    '\\p{L&}',
    '\\p{Xan}',
    '\\p{Nd}',
  ],
  ...[
    '(?i)foo',
    '(?i:f)oo',
    '(?-i)foo',
    '(?i)f(?-i)oo',
    '(?x) f o o # all',
    '(?xi)FOO',
    '(?s)a.b',
    '(?m)^a',
    '(?U)a+b',
    '(?n)(a)b',
  ],
  ...[
    '(?P<n>a)(?P=n)',
    '(?<n>a)\\k<n>',
    "(?'n'a)\\k{n}",
    "(?<n>a)\\k'n'",
    '(a)\\g1',
    '(a)\\g{1}',
    '(a)\\g{-1}',
    '(?<n>a)\\g{n}',
  ],
  ...[
    'a++b',
    'a*+b',
    'a?+b',
    'a{1,2}+b',
    '(?>a+)b',
    '(?>a|ab)b',
    'a+?b',
    'a{2}',
    'a{2,}',
    'a{1,2}b',
    'a{2',
    'a{',
    'x{a}',
    '{',
  ],
  ...[
    '\\Qa.b\\E',
    '\\Qa+b',
    'x\\Q\\E',
    '\\Qa\\E+b',
    '(?#no)ab',
    '(?=a)a',
    '(?!a)[a-z]',
    '(?<=a)b',
    '(?<!a)b',
    '(?:a|b)c?',
  ],
  ...[
    '\\bword\\b',
    '\\Bor',
    '\\d+',
    '\\D',
    '\\w+\\b',
    '\\W',
    '\\s',
    '\\S',
    '[\\d_]',
    '[\\w-]',
    '[]a]',
    '[^]a]',
    '[a\\]]',
    '[\\^a]',
    '[a-]',
  ],
  ...[
    '[\\x41]',
    '[\\x{3b1}-\\x{3c9}]',
    '[\\p{Lu}]',
    '[^\\pL]',
    '[\\t]',
    '[\\h]',
    '[[:<:]]word',
    'word[[:>:]]',
    'a|',
    '(|a)b',
    '()',
    '^$',
  ],
];

/** What is refused, and a part of what the hint says to write. */
const refused: readonly (readonly [source: string, hint: string])[] = [
  ['\\<word', '\\b'],
  ['word\\>', '\\b'],
  ['a\\Kb', '(?<='],
  ['\\Ga', '^'],
  ['\\Xa', '\\P{M}\\p{M}*'],
  ['\\Ca', '.'],
  ['(*UTF8)a', '\\(\\*'],
  ['(*SKIP)a', 'Leave it out'],
  ['(?|a|b)', '(?:'],
  ['(?(1)a|b)', '(?:'],
  ['(a(?R)?b)', 'Write out'],
  ['(a)(?1)', 'Write out'],
  ['(?&n)', 'Write out'],
  ['(?P>n)', 'Write out'],
  ["(a)\\g'1'", 'Write out'],
  ['a{,3}', '{0,3}'],
  ['[:alpha:]', '[[:alpha:]]'],
  ['[[:nope:]]', 'Known are'],
  ['[[.a.]]', 'Write the characters themselves'],
  ['[[=a=]]', 'Write the characters themselves'],
  ['\\N{LATIN SMALL LETTER A}', '\\x{'],
  ['\\b{sentence}', '\\b'],
  ['[\\R]', '\\R'],
  ['\\xg', '\\x41'],
  ['\\x{110000}', '\\x{10ffff}'],
  ['\\u12', '\\u0041'],
  ['\\o8', '\\o{101}'],
  ['\\c1', '\\cA'],
  ['\\y', 'write y'],
  ['\\p{Nope}', '\\p{Lu}'],
  ['(?q)a', 'Known are'],
  ['(?<1a>b)', 'letter'],
  ['(?<n>a)(?<n>b)', 'name of its own'],
  ['\\1', '\\x'],
  ['(?<=a++)b', '(?:'],
  ['(a)(?i)\\1B(?-i)b', 'case'],
  ['*a', '\\*'],
  ['+', '\\+'],
  ['?', '\\?'],
  ['a**', '(?:'],
  ['^*', '(?:'],
  ['(a', '\\('],
  ['[a', '\\['],
  ['a\\', '\\\\'],
];

describe('constructs of other dialects', () => {
  test.skipIf(!hasPcre).each(shared)('%s means what it means to PCRE', (source) => {
    // A text that git searches has many lines; one of ours is all of it. What is no ASCII is bytes there unless the pattern says otherwise.
    const expected = theirs(source.replace(/\\[zZ]$/, '$'));
    const asciiOnly = /\\[DWS]/.test(source);
    const shown = (found: readonly number[]): readonly number[] =>
      asciiOnly ? found.filter((line) => /^[\0-\x7f]*$/.test(lines[line - 1]!)) : found;
    // Some versions of PCRE have fewer.
    if (expected === null) expect(() => ours(source)).not.toThrow();
    else expect(shown(ours(source))).toEqual(shown(expected));
  });

  test.each(refused)('%s is refused, and the hint says what to write', (source, hint) => {
    expect(() => compilePattern(source)).toThrow(
      expect.objectContaining({ code: 'PATTERN_INVALID', hint: expect.stringContaining(hint) as string }),
    );
  });

  test('what ignores case knows all of Unicode', () => {
    expect(ours('straße|É|αβΓ', { ignoreCase: true })).toEqual(
      lines.flatMap((line, i) => (/^(é|É|ΑΒΓ|αβγ)$/.test(line) ? [i + 1] : [])),
    );
  });
});
