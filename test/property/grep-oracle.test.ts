import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import { randomFrom } from '../crash/support/random.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { FileContent, Files } from '../support/git.js';
import { compareGrep, hasPerlPatterns } from './support/git-grep.js';
import type { GrepCase } from './support/git-grep.js';
import { GrepPatterns } from './support/grep-patterns.js';
import { oddFiles, oddPiece } from './support/odd-files.js';

const pieces = fc.constantFrom(
  ...['foo', 'Foo', 'FOO', 'bar', 'foobar', 'a', 'b', '_', '1', ' ', ' ', '.', '(', ')', '\t', '\\', '*', '-', ':'],
  ...['é', 'É', '日本', '\udce9', '\udcff', '\u2028', '\r\n', '\r', '\n', '\n', '\n', '\n'],
);
const text = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(''));
const content: fc.Arbitrary<FileContent> = fc.oneof(
  { weight: 12, arbitrary: text },
  { weight: 2, arbitrary: text.map((value) => `${value}\n`) },
  { weight: 1, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: text.map((value) => `${value}\0${value}`) },
  // A NUL that git looks too short to see.
  { weight: 1, arbitrary: text.map((value) => `${value}\n${'foo bar\n'.repeat(1100)}\0${value}\nfoo\n`) },
  { weight: 1, arbitrary: text.map((value) => `foo ${value}`.repeat(80)) },
  { weight: 1, arbitrary: fc.constantFrom({ symlink: 'foo' }, { symlink: '../bar/foo' }) },
  { weight: 1, arbitrary: fc.constant({ submodule: '1234567890123456789012345678901234567890' }) },
  { weight: 1, arbitrary: text.map((executable) => ({ executable })) },
);
const path = fc.constantFrom(
  ...[
    'a.ts',
    'a',
    'a/b.py',
    'a-b/c.go',
    'a.b',
    'dir/x y.md',
    'dir/é.css',
    'dir/\udce9.txt',
    'z:1:2.c',
    '-n',
    '*.js',
    'q"q',
  ],
  ...[
    'new\nline',
    'tab\t.rs',
    'deep/er/and/deeper.json',
    '.hidden',
    'dir/.coppiceignored',
    '日本/語.java',
    'B',
    'dir/Makefile',
  ],
);
/** Paths that can stand in one tree: a file is no folder. */
const files: fc.Arbitrary<Files> = fc
  .uniqueArray(fc.tuple(path, content), { minLength: 1, maxLength: 8, selector: ([name]) => name })
  .map((entries) =>
    Object.fromEntries(
      entries.filter(([name]) => !entries.some(([other]) => other !== name && other.startsWith(`${name}/`))),
    ),
  );

const literal = fc
  .array(fc.constantFrom('foo', 'Foo', 'o', 'a', 'bar', '_', '1', ' ', '.', '(', '*', '\\', 'é', '日', '\t', '\r'), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join(''));
const atoms = [
  'foo',
  'o',
  'a',
  'bar',
  '1',
  '_',
  ' ',
  '\\.',
  '.',
  '.*',
  'o+',
  'a?',
  '[fb]',
  '[^o]',
  '\\b',
  '\\w+',
  '\\s',
  '\\d',
];
const regex = fc
  .tuple(
    fc.constantFrom('', '', '^'),
    fc.array(fc.constantFrom(...atoms, '(?:foo|bar)', '(?=b)', '(?<=o)', '(o)\\1', 'o{2}', '日', 'é', '\\(', '\\r'), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.constantFrom('', '', '$'),
  )
  .map(([start, parts, end]) => start + parts.join('') + end);
const search: fc.Arbitrary<GrepCase> = fc.oneof(
  fc.record({ pattern: literal, literal: fc.constant(true), ignoreCase: fc.boolean(), wholeWord: fc.boolean() }),
  fc.record({ pattern: regex, literal: fc.constant(false), ignoreCase: fc.boolean(), wholeWord: fc.boolean() }),
);

test('grep finds at every commit what git grep -nI finds there', async ({ skip }) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(files, { minLength: 1, maxLength: 3 }),
      fc.array(search, { minLength: 6, maxLength: 12 }),
      fc.boolean(),
      async (commits, searches, history) => {
        const repository = makeRepository({ bare: true });
        const oids = repository.commits(commits.map((tree, i) => ({ files: tree, replace: i % 2 === 0 })));
        if (!hasPerlPatterns(repository.gitDir)) skip();
        const engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
        try {
          if (history) await engine.index(['HEAD'], { history: true });
          for (const [i, wanted] of searches.entries()) {
            const commit = oids[i % oids.length]!;
            const { missing, extra } = await compareGrep(engine, repository.gitDir, commit, wanted, new Set());
            expect({ wanted, missing, extra }).toEqual({ wanted, missing: [], extra: [] });
          }
        } finally {
          await engine.close();
        }
      },
    ),
    {
      numRuns: Number(process.env['COPPICE_RUNS'] ?? 15),
      seed: Number(process.env['COPPICE_SEED'] ?? 5),
      endOnFailure: true,
    },
  );
}, 600_000);

// `npm run bench -- exactness --repo PATH` does the same with a repository's own text; COPPICE_RUNS and COPPICE_SEED make more of it here.
test('files of every encoding and size, in every dialect, with every flag', async ({ skip }) => {
  const seed = Number(process.env['COPPICE_SEED'] ?? 5);
  const runs = Number(process.env['COPPICE_RUNS'] ?? 1);
  for (let run = 0; run < runs; run++) {
    const random = randomFrom(seed * 1000 + run);
    const repository = makeRepository({ bare: true });
    const commit = repository.commit(oddFiles(random, 9000));
    if (!hasPerlPatterns(repository.gitDir)) skip();
    const store = join(makeFolder(), 'store');
    mkdirSync(store);
    writeFileSync(join(store, 'config.json'), '{"maxFileBytes": 8000}');
    const engine = await openEngine({ repo: repository.path, store, workers: 0 });
    try {
      expect((await engine.grepCounts('', { rev: commit })).unsearched).toEqual([]);
      const patterns = new GrepPatterns(random, () => oddPiece(random));
      for (let i = 0; i < 25; i++) {
        const wanted = patterns.next();
        const { missing, extra } = await compareGrep(engine, repository.gitDir, commit, wanted, new Set());
        expect({ wanted, missing, extra }).toEqual({ wanted, missing: [], extra: [] });
      }
    } finally {
      await engine.close();
    }
  }
}, 600_000);
