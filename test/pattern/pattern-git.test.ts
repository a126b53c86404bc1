import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compilePattern } from '../../src/pattern/pattern.js';
import { matchedLines } from './support/patterns.js';

const text = fc
  .sample(
    fc.array(
      fc.constantFrom(
        'foo',
        'bar',
        'Foo',
        'FOO',
        'oo',
        'a',
        'b',
        '_',
        '1',
        ' ',
        ' ',
        '.',
        '(',
        ')',
        '\t',
        'é',
        'É',
        '日本',
        '\r\n',
        '\n',
        '\n',
      ),
      { minLength: 0, maxLength: 12 },
    ),
    { numRuns: 150, seed: 7 },
  )
  .map((parts) => `${parts.join('')}\n`)
  .join('');

const pieces = [
  'foo',
  'oo',
  'o',
  'a',
  'b',
  'bar',
  '1',
  '_',
  ' ',
  '.',
  '.*',
  'o+',
  'o*',
  'a?',
  '[fb]',
  '[^o]',
  '^',
  '$',
  '\\b',
  '\\w',
  '\\w+',
  '\\s',
  '\\W',
  '\\d',
  '(?:foo|bar)',
  '(o)\\1',
  '(?=b)',
  '(?!b)',
  '(?<=o)',
  '\\(',
  '[a-z]+',
  '(?:ab?)?',
  'o{2}',
  '日',
  'é',
];
const anySource = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));

let folder = '';
let hasPcre = false;

function gitGrep(...args: string[]): string[] {
  const result = spawnSync('git', ['-c', 'core.quotePath=false', 'grep', '-nI', '--no-color', '-h', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    maxBuffer: 1 << 26,
  });
  if (result.status !== 0 && result.status !== 1) throw new Error(result.stderr);
  return result.stdout.split('\n').slice(0, -1);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coppice-pattern-'));
  execFileSync('git', ['init', '-q'], { cwd: folder });
  writeFileSync(join(folder, 'file.txt'), text);
  execFileSync('git', ['-c', 'core.autocrlf=false', 'add', '.'], { cwd: folder });
  hasPcre = spawnSync('git', ['grep', '-P', '-q', '\\d'], { cwd: folder }).status! <= 1;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ours = (source: string, options: object): string[] =>
  matchedLines(compilePattern(source, options), text).map((match) => `${match.line + 1}:${match.text}`);

test('regular expressions match what git grep -P matches', ({ skip }) => {
  if (!hasPcre) skip();
  // For PCRE \w and \b know letters beyond ASCII, and git's -w sees bytes: where it matters, lines of ASCII are compared.
  const isAscii = (line: string): boolean => /^[\0-\x7f]*$/.test(line);
  fc.assert(
    fc.property(anySource, fc.boolean(), fc.boolean(), (source, ignoreCase, wholeWord) => {
      const flags = [...(ignoreCase ? ['-i'] : []), ...(wholeWord ? ['-w'] : [])];
      const theirs = gitGrep('-P', ...flags, '-e', source);
      const mine = ours(source, { ignoreCase, wholeWord });
      const asciiOnly = wholeWord || /\\[bwWs]/.test(source);
      expect(asciiOnly ? mine.filter(isAscii) : mine).toEqual(asciiOnly ? theirs.filter(isAscii) : theirs);
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('literals match what git grep -F matches', () => {
  const literal = fc
    .array(fc.constantFrom('foo', 'o', 'a', 'b', '_', '1', ' ', '.', '(', '*', 'FOO', '\\', '日', ''), {
      minLength: 1,
      maxLength: 3,
    })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(literal, fc.boolean(), fc.boolean(), (source, ignoreCase, wholeWord) => {
      const flags = [...(ignoreCase ? ['-i'] : []), ...(wholeWord ? ['-w'] : [])];
      expect(ours(source, { literal: true, ignoreCase, wholeWord })).toEqual(gitGrep('-F', ...flags, '-e', source));
    }),
    { numRuns: 200 },
  );
}, 60_000);
