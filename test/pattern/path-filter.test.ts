import { describe, expect, test } from 'vitest';
import { compilePathFilter } from '../../src/pattern/paths/path-filter.js';

const paths = [
  'README.md',
  'index.ts',
  'src/a.ts',
  'src/a.test.ts',
  'src/deep/b.ts',
  'src/deep/er/c.go',
  'lib/src/d.js',
  'test/e.ts',
  'docs/[x].md',
  'docs/{y}.md',
  'Makefile',
  '.github/ci.yml',
  'src/é.ts',
  'src/😀.ts',
];
const selected = (...patterns: string[]): string[] => paths.filter(compilePathFilter(patterns));

describe('compilePathFilter', () => {
  test.each<[pattern: string, expected: string[]]>([
    ['*.md', ['README.md', 'docs/[x].md', 'docs/{y}.md']],
    ['?.go', ['src/deep/er/c.go']],
    ['src/*.ts', ['src/a.ts', 'src/a.test.ts', 'src/é.ts', 'src/😀.ts']],
    ['src/?.ts', ['src/a.ts', 'src/é.ts', 'src/😀.ts']],
    ['/*.ts', ['index.ts']],
    ['**/*.go', ['src/deep/er/c.go']],
    ['src/**', ['src/a.ts', 'src/a.test.ts', 'src/deep/b.ts', 'src/deep/er/c.go', 'src/é.ts', 'src/😀.ts']],
    ['src/**/*.ts', ['src/a.ts', 'src/a.test.ts', 'src/deep/b.ts', 'src/é.ts', 'src/😀.ts']],
    ['**/src/*', ['src/a.ts', 'src/a.test.ts', 'lib/src/d.js', 'src/é.ts', 'src/😀.ts']],
    ['src/*/', ['src/deep/b.ts', 'src/deep/er/c.go']],
    ['{src,test}/?.ts', ['src/a.ts', 'test/e.ts', 'src/é.ts', 'src/😀.ts']],
    ['src/{a,deep/{b,c}}.ts', ['src/a.ts', 'src/deep/b.ts']],
    ['[ab].ts', ['src/a.ts', 'src/deep/b.ts']],
    ['[!ab].{ts,js}', ['lib/src/d.js', 'test/e.ts', 'src/é.ts', 'src/😀.ts']],
    [String.raw`\[*`, ['docs/[x].md']],
    ['[[]x].md', ['docs/[x].md']],
    ['{y}.*', ['docs/{y}.md']],
    ['[', ['docs/[x].md']],
    ['makefile', ['Makefile']],
    ['MAKEfile', []],
    ['src/d', ['src/deep/b.ts', 'src/deep/er/c.go', 'lib/src/d.js']],
    ['/src/d', ['src/deep/b.ts', 'src/deep/er/c.go', 'lib/src/d.js']],
    ['/lib', ['lib/src/d.js']],
    ['.ts', ['index.ts', 'src/a.ts', 'src/a.test.ts', 'src/deep/b.ts', 'test/e.ts', 'src/é.ts', 'src/😀.ts']],
  ])('%s', (pattern, expected) => expect(selected(pattern)).toEqual(pattern === '[' ? [] : expected));

  test('any including pattern suffices, and no excluding one may match', () => {
    expect(selected('*.go', '*.js')).toEqual(['src/deep/er/c.go', 'lib/src/d.js']);
    expect(selected('src/', '!*.test.*', '!deep')).toEqual(['src/a.ts', 'lib/src/d.js', 'src/é.ts', 'src/😀.ts']);
    expect(selected('!*.*')).toEqual(['Makefile']);
    expect(selected()).toEqual(paths);
    expect(selected('', '!')).toEqual(paths);
  });

  test('takes no long time and no endless memory', () => {
    const many = compilePathFilter([`${'*a'.repeat(40)}b`, `**/${'*/**/'.repeat(30)}x`, '{a,b}'.repeat(11)]);
    const started = performance.now();
    expect(many(`${'a/'.repeat(200)}${'a'.repeat(2_000)}`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test.each([
    ['{a,b}'.repeat(30)],
    [`{${'x,'.repeat(5000)}y}`],
    [`{${Array.from({ length: 60 }, (_, i) => `{${'ab,'.repeat(i + 40)}c}`).join(',')}}/*${'z'.repeat(2000)}`],
    [`${'{'.repeat(900)}a,b${'}'.repeat(900)}{c,d}${'{e,f}'.repeat(14)}`],
    Array.from({ length: 5000 }, (_, i) => `file${i}`),
    Array.from({ length: 100 }, (_, i) => `${i}*${'x'.repeat(3000)}`),
  ])('braces that spell out too much are refused, at once: %.40s', (...patterns) => {
    const started = performance.now();
    expect(() => compilePathFilter(patterns)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
