import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { LineChange, LogOptions } from '../../src/engine/types.js';
import { git, makeFolder, makeRepository } from '../support/git.js';
import type { Files } from '../support/git.js';
import { LogOracle, isFile, movedPaths } from './support/log-oracle.js';
import { mergedHistory, specsOf } from './support/merged-history.js';
import type { MergedHistory } from './support/merged-history.js';

const nat = fc.nat(99);
const search = fc.record({
  pattern: fc.constantFrom<[pattern: string, options: LogOptions]>(
    ['foo', { literal: true }],
    ['o', { literal: true }],
    ['oo a', { literal: true }],
    ['foo|ba[rz]', {}],
    ['fo+|}', {}],
    ['function', {}],
  ),
  filter: fc.constantFrom<LogOptions>({}, { paths: ['src/**'] }),
  firstParent: fc.boolean(),
  /** Commits to look from, and sometimes one up to which. */
  tips: fc.array(nat, { minLength: 1, maxLength: 2 }),
  excluded: fc.option(nat, { freq: 2 }),
});

test('log tells what whole files of all commits tell, and logCommits what git log -S does', async () => {
  await fc.assert(
    fc.asyncProperty(
      mergedHistory,
      fc.array(search, { minLength: 4, maxLength: 6 }),
      fc.boolean(),
      async (history, searches, early) => {
        const repository = makeRepository({ bare: true });
        const oids = repository.commits(specsOf(history));
        const oracle = new LogOracle(history, oids);
        const engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
        const toEvent = ({ commit, paths, firstParent, graph }: LineChange): object => ({
          commit: oids.indexOf(commit as (typeof oids)[number]),
          paths,
          firstParent,
          graph,
        });
        try {
          // In one segment, or in some.
          if (early) await engine.index([...history.branches.keys()].slice(0, 1), { history: true });
          await engine.index([...history.branches.keys()], { history: true });
          for (const {
            pattern: [pattern, options],
            filter,
            firstParent,
            ...where
          } of searches) {
            const tips = where.tips.map((at) => at % oids.length);
            const excluded = where.excluded === null ? [] : [where.excluded % oids.length];
            const revs = tips.map((tip, i) =>
              i === 0 ? [...excluded.map((at) => oids[at]), oids[tip]].join('..') : oids[tip]!,
            );
            const all = { ...options, ...filter, firstParent };
            const passes = (path: string): boolean => filter.paths === undefined || path.startsWith('src/');
            const regex = new RegExp(pattern);
            const found = [];
            for await (const { line, appeared, disappeared, refs } of engine.log(pattern, revs, all)) {
              const events = { appeared: appeared.map(toEvent), disappeared: disappeared.map(toEvent) };
              found.push({ line, ...events, refs });
            }
            const expected = oracle.lines({
              matches: (line) => regex.test(line),
              passes,
              tips,
              excluded,
              firstParentOnly: firstParent,
            });
            const asked = { pattern, revs: revs.map((rev) => nameOf(rev, oids)), filter, firstParent };
            expect({ asked, found }).toEqual({ asked, found: expected });

            const commits = [];
            for await (const { commit } of engine.logCommits(pattern, revs, all))
              commits.push(oids.indexOf(commit as (typeof oids)[number]));
            expect(commits).toEqual([...commits].sort((a, b) => oracle.compareNewest(a, b)));
            const isOdd = (commit: number): boolean => changesToLink(history, commit);
            const gitCommits = gitLogS(repository.path, pattern, revs, {
              literal: options.literal ?? false,
              firstParent,
              under: filter.paths === undefined ? null : 'src',
              renames: history.commits.some((_, commit) => moves(history, commit, passes)),
            }).map((oid) => oids.indexOf(oid as (typeof oids)[number]));
            const compared = (list: readonly number[]): number[] =>
              list.filter((commit) => !isOdd(commit)).sort((a, b) => a - b);
            expect({ asked, commits: compared(commits) }).toEqual({ asked, commits: compared(gitCommits) });
          }
        } finally {
          await engine.close();
        }
      },
    ),
    {
      numRuns: Number(process.env['COPPICE_RUNS'] ?? 15),
      seed: Number(process.env['COPPICE_SEED'] ?? 9),
      endOnFailure: true,
    },
  );
}, 600_000);

const nameOf = (rev: string, oids: readonly string[]): string =>
  rev
    .split('..')
    .map((oid) => String(oids.indexOf(oid)))
    .join('..');

interface PickaxeOptions {
  readonly literal: boolean;
  readonly firstParent: boolean;
  readonly under: string | null;
  /** Whether files moved as they are; without, renames are not looked for at all. */
  readonly renames: boolean;
}

function gitLogS(repository: string, pattern: string, revs: readonly string[], options: PickaxeOptions): string[] {
  const args = ['log', `-S${pattern}`, '--format=%H', '--no-patch', options.renames ? '-M100%' : '--no-renames', '-l0'];
  if (!options.literal) args.push('--pickaxe-regex');
  if (options.firstParent) args.push('--diff-merges=first-parent');
  const walk = [...(options.firstParent ? ['--first-parent'] : []), '--end-of-options', ...revs, '--'];
  const lines = (output: string): string[] => output.split('\n').filter((oid) => oid !== '');
  if (options.under === null) return lines(git(repository, [...args, ...walk]));
  // Asked for some paths only, git would leave out merges of its own accord: it gets the commits one by one.
  const commits = git(repository, ['rev-list', ...walk]);
  if (commits === '') return [];
  return lines(git(repository, [...args, '--no-walk', '--stdin', '--', options.under], commits));
}

function treesOf({ commits }: MergedHistory, commit: number): readonly [before: Files, after: Files] {
  const { tree, parents } = commits[commit]!;
  return [parents.length === 0 ? {} : commits[parents[0]!]!.tree, tree];
}

const moves = (history: MergedHistory, commit: number, passes: (path: string) => boolean): boolean =>
  movedPaths(...treesOf(history, commit), passes).size > 0;

/** A link in the place of a file: the file is gone to a search, and to git it is still there. */
function changesToLink(history: MergedHistory, commit: number): boolean {
  const [before, after] = treesOf(history, commit);
  return Object.keys(before).some((path) => path in after && isFile(before[path]) !== isFile(after[path]));
}
