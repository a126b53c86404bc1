import { join } from 'node:path';
import { openEngine } from 'coppice';
import type { Engine, Hit } from 'coppice';
import { median, timed, timedProcess } from '../support/measure.js';
import { choosePatterns, chooseQueries, linesAt } from '../support/patterns.js';
import type { BenchPattern } from '../support/patterns.js';
import { pickCommits, progress } from './context.js';
import type { HistoryBench } from './context.js';

const commitCount = 5;
const queriesPerCommit = 20;
const linesMin = 200;

interface Questions {
  readonly commit: string;
  readonly patterns: readonly BenchPattern[];
  readonly queries: readonly string[];
}

/** The same questions at the same commits: in the store of the whole history, and in one with that commit alone. */
export async function measureWarm(bench: HistoryBench): Promise<void> {
  const { repository, folder, report } = bench;
  const history = await openEngine({ repo: repository.path, store: bench.store });
  const pairs: { commit: string; kind: 'grep' | 'search'; text: string; history: number; alone: number }[] = [];
  let differing = 0;
  for (const { commit, patterns, queries } of chooseQuestions(bench)) {
    const alone = await openEngine({ repo: repository.path, store: join(folder, `alone-${commit}`) });
    await alone.index([commit]);
    const compare = async (
      kind: 'grep' | 'search',
      text: string,
      ask: (engine: Engine) => Promise<unknown>,
    ): Promise<void> => {
      if (JSON.stringify(await ask(history)) !== JSON.stringify(await ask(alone))) {
        differing++;
        console.error(`\n${kind} ${text} at ${commit}: answers differ`);
      }
      const times = { history: [] as number[], alone: [] as number[] };
      for (let i = 0; i < bench.repetitions; i++) {
        times.history.push((await timed(() => ask(history))).ms);
        times.alone.push((await timed(() => ask(alone))).ms);
      }
      pairs.push({ commit, kind, text, history: median(times.history), alone: median(times.alone) });
    };
    for (const { source, literal } of patterns)
      await compare('grep', source, async (engine) => (await engine.grep(source, { literal, rev: commit })).lines);
    for (const query of queries)
      await compare('search', query, async (engine) =>
        (await engine.search(query, { rev: commit })).hits.map(withoutHistory),
      );
    await alone.close();
    progress(`warm questions: ${pairs.length} compared`);
  }
  await history.close();
  for (const kind of ['grep', 'search'] as const) {
    const own = pairs.filter((pair) => pair.kind === kind);
    const [inHistory, inAlone] = [median(own.map(({ history }) => history)), median(own.map(({ alone }) => alone))];
    const ratios = own.map(({ history, alone }) => history / alone);
    report.add(
      `warm ${kind === 'grep' ? 'grep' : 'ranked search'} in the whole history, against a store of that commit alone`,
      `${(inHistory / inAlone).toFixed(2)}x at the p50 (${inHistory.toFixed(2)} ms, alone ${inAlone.toFixed(2)} ms; of each question: median ${median(ratios).toFixed(2)}x, worst ${Math.max(...ratios).toFixed(1)}x)`,
      '≤ 1.5x',
      inHistory <= 1.5 * inAlone,
      own,
    );
  }
  report.add(
    'answers there that differ from those of that commit alone',
    `${differing} of ${pairs.length}`,
    '0',
    differing === 0,
  );
}

/** Exact search at commits against `git grep` there. */
export async function measureGrep(bench: HistoryBench): Promise<void> {
  const { repository, report } = bench;
  const engine = await openEngine({ repo: repository.path, store: bench.store });
  const results: { commit: string; source: string; ours: number; git: number }[] = [];
  for (const { commit, patterns } of chooseQuestions(bench)) {
    for (const { source, literal } of patterns.filter((_, i) => i % 2 === 0)) {
      const args = ['-C', repository.path, 'grep', '-nI', literal ? '-F' : '-P', '-e', source, commit];
      const ours: number[] = [];
      const git: number[] = [];
      for (let i = 0; i < bench.repetitions; i++) {
        ours.push((await timed(() => engine.grep(source, { literal, rev: commit }))).ms);
        if (i < 3) git.push(timedProcess('git', args).ms);
      }
      results.push({ commit, source, ours: median(ours), git: median(git) });
      progress(`git grep: ${results.length} patterns`);
    }
  }
  await engine.close();
  const ratios = results.map(({ ours, git }) => git / ours);
  report.add(
    `grep at ${commitCount} old commits, warm, against git grep`,
    `${median(ratios).toFixed(0)}x at the median of ${results.length} patterns (worst ${Math.min(...ratios).toFixed(1)}x)`,
    '',
    null,
    results,
  );
}

function chooseQuestions(bench: HistoryBench): Questions[] {
  const { path } = bench.repository;
  return pickCommits(bench, commitCount, (commit) => {
    if (linesAt(path, commit).length < linesMin) return null;
    const { patterns, lines } = choosePatterns(path, commit);
    const queries = chooseQueries(lines);
    const step = Math.max(1, Math.floor(queries.length / queriesPerCommit));
    return {
      patterns: patterns.filter((_, i) => i % 3 !== 2), // 20 of 30, from rare to common
      queries: queries.filter((_, i) => i % step === 0).slice(0, queriesPerCommit),
    };
  }).map(({ commit, found }) => ({ commit, ...found }));
}

/** When a text was first seen depends on the history that is indexed. */
export const withoutHistory = ({ firstSeen: _, ...hit }: Hit): Omit<Hit, 'firstSeen'> => hit;
