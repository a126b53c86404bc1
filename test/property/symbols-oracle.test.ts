import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/types.js';
import { isShortFor } from '../../src/search/names/symbol-search.js';
import { stemsOf } from '../../src/text/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

/** Pieces that make names which begin, hold and resemble one another. */
const pieces = [
  'parse',
  'Parse',
  'query',
  'queries',
  'Reader',
  'read',
  'io',
  'x',
  'HTTP',
  'http2',
  '_',
  '__',
  'é',
  'naïve',
  '日本語',
  'caching',
  'cache',
];
const name = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
  .filter((text) => /^[\p{L}_]/u.test(text));
const version = fc.dictionary(
  fc.constantFrom('a.py', 'b.py', 'lib/c.py', 'lib/d.py'),
  fc.array(name, { maxLength: 12 }),
  { minKeys: 1 },
);

const ways = ['exact', 'prefix', 'subword', 'fuzzy', 'short'];

/** What is asked of every name, in the plainest way. */
function expected(all: readonly { name: string; path: string; line: number }[], asked: string): string[] {
  const lower = asked.toLowerCase();
  const words = stemsOf(asked);
  const mistakes = lower.length >= 8 ? 2 : lower.length >= 4 ? 1 : 0;
  const wayOf = (own: string): string | null => {
    const small = own.toLowerCase();
    if (small === lower) return 'exact';
    if (small.startsWith(lower)) return 'prefix';
    if (lower.length >= 3 && small.includes(lower)) return 'subword';
    if (words.length > 0 && words.every((word) => stemsOf(own).includes(word))) return 'subword';
    if (distance(small, lower) <= mistakes) return 'fuzzy';
    return lower.length >= 4 && lower.length <= 12 && /^\w+$/.test(lower) && isShortFor(lower, own) ? 'short' : null;
  };
  const found = all.flatMap((one, at) => {
    const way = wayOf(one.name);
    return way === null
      ? []
      : [{ ...one, way, key: [ways.indexOf(way), one.name === asked ? 0 : 1, one.name.length, at] }];
  });
  found.sort((a, b) => a.key.map((value, i) => value - b.key[i]!).find((difference) => difference !== 0) ?? 0);
  return found.map(({ way, name, path, line }) => `${way === 'short' ? 'fuzzy' : way} ${name} ${path}:${line}`);
}

/** Insertions, deletions, substitutions and swaps of neighbours. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i + j));
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      rows[i]![j] = Math.min(
        rows[i - 1]![j]! + 1,
        rows[i]![j - 1]! + 1,
        rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
        swap,
      );
    }
  return rows[a.length]![b.length]!;
}

test(
  'definitions by name are those of a look at every name, in a store of many versions',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(version, { minLength: 1, maxLength: 3 }),
        fc.array(name, { minLength: 3, maxLength: 6 }),
        async (versions, queries) => {
          const repository = makeRepository();
          let engine: Engine | null = null;
          try {
            for (const files of versions) {
              repository.commit(
                Object.fromEntries(
                  Object.entries(files).map(([path, names]) => [
                    path,
                    names.map((own) => `def ${own}():\n    pass\n`).join('\n'),
                  ]),
                ),
              );
              engine ??= await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
              await engine.index(['HEAD'], {});
            }
            const rev = 'HEAD';
            const all: { name: string; path: string; line: number }[] = [];
            for (const { path } of (await engine!.files({ rev })).files)
              for (const { name: own, line } of (await engine!.outline(rev, path)).symbols)
                all.push({ name: own, path, line });
            for (const asked of [
              ...queries,
              ...all.slice(0, 3).map(({ name: own }) => own),
              'parsquery',
              'ead',
              'readr',
            ]) {
              const { symbols } = await engine!.symbols(asked, { rev, limit: 1000 });
              const got = symbols.map(({ match, name: own, path, line }) => `${match} ${own} ${path}:${line}`);
              expect(got).toEqual(expected(all, asked));
              const { symbols: few } = await engine!.symbols(asked, { rev, limit: 3 });
              expect(few).toEqual(symbols.slice(0, 3));
            }
          } finally {
            await engine?.close();
          }
        },
      ),
      { numRuns: 12 },
    );
  },
);
