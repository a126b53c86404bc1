import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compilePathspecs } from '../../src/pattern/index.js';

const paths = [
  'README.md',
  'a/a.ts',
  'a/b/a.ts',
  'a/b/b.js',
  'a/b/c/a.ts',
  'ab/a.ts',
  'b/A.TS',
  'b/a.d.ts',
  'b/x y.ts',
  'b/[a].ts',
  'B2/a',
];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coppice-pathspec-'));
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), 'x\n');
  }
  git('init', '-q');
  git('add', '-A');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const git = (...args: string[]): string => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });

/** What git lists, or null where it refuses. */
function askGit(prefix: string, specs: readonly string[]): string[] | null {
  try {
    // It is `grep` that says that no pathspec means the current folder.
    const args = ['-C', join(folder, prefix), 'grep', '-l', '-z', '--full-name', 'x', '--', ...specs];
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\0')
      .filter((path) => path !== '')
      .sort();
  } catch (error) {
    return (error as { status: number }).status === 1 ? [] : null;
  }
}

function askOurs(prefix: string, specs: readonly string[]): string[] | null {
  try {
    const { matches } = compilePathspecs(specs, prefix);
    return paths.filter(matches).sort();
  } catch {
    return null;
  }
}

const part = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'ab',
    'c',
    'a.ts',
    '.',
    '..',
    '*',
    '**',
    '*.ts',
    '?',
    'a*',
    '[ab]',
    '[!b]',
    '\\[a].ts',
    'A.TS',
    'x y.ts',
  ),
);
const spec = fc
  .tuple(
    fc.constantFrom(
      '',
      '',
      '',
      '',
      ':/',
      ':!',
      ':^',
      ':!/',
      ':(top)',
      ':(exclude)',
      ':(icase)',
      ':(literal)',
      ':(glob)',
      ':(top,icase)',
      ':(glob,exclude)',
      ':',
    ),
    fc.array(part, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '/'),
  )
  // From the root git takes . and .. for names; here they are folders as everywhere.
  .map(([magic, names, end]) => {
    const isTop = /\/|top/.test(magic);
    return magic + names.map((name) => (isTop && /^\.\.?$/.test(name) ? 'a' : name)).join('/') + end;
  });

test('pathspecs mean what they mean to git', () => {
  fc.assert(
    fc.property(fc.constantFrom('', 'a', 'a/b', 'b'), fc.array(spec, { maxLength: 3 }), (prefix, specs) => {
      expect({ prefix, specs, paths: askOurs(prefix, specs) }).toEqual({ prefix, specs, paths: askGit(prefix, specs) });
    }),
    { numRuns: Number(process.env['COPPICE_PATHSPEC_RUNS'] ?? 60) },
  );
});

test('pathspecs that mean nothing there are told', () => {
  const unmatched = (...args: Parameters<typeof compilePathspecs>): string[] =>
    compilePathspecs(...args).including.flatMap(({ source, matches }) => (paths.some(matches) ? [] : [source]));
  expect(unmatched(['b', 'src', '*.ts', ':!zz'], '')).toEqual(['src']);
  expect(unmatched([], 'zz')).toEqual([]);
  expect(() => compilePathspecs(['../..'], 'a')).toThrow(/leads out/);
  expect(() => compilePathspecs([':(attr:x)y'])).toThrow(/not understood/);
});

test('pathspecs that are too much to compare each path with are refused, at once', () => {
  const started = performance.now();
  const many = [
    Array.from({ length: 5000 }, (_, i) => `f${i}`),
    Array.from({ length: 40 }, () => `*${'x*'.repeat(2000)}`),
  ];
  for (const specs of many) expect(() => compilePathspecs(specs)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  // They have no braces.
  expect(paths.filter(compilePathspecs(['{a,b}'.repeat(30)]).matches)).toEqual([]);
  expect(performance.now() - started).toBeLessThan(5000);
});
