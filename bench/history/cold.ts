import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEngine } from 'coppice';
import { median, quantile, timed, timedProcess } from '../support/measure.js';
import { chooseQueries, linesAt, wordsOf } from '../support/patterns.js';
import { mainProgram, pickCommits } from './context.js';
import type { HistoryBench } from './context.js';

const commitsPerKind = 200;
const oneShots = 10;
/** Enough to have words of a commit without reading all of it. */
const filesLookedAt = 30;

interface ColdQuery {
  readonly kind: 'grep' | 'search';
  readonly commit: string;
  readonly text: string;
}

/** The first question at commits that were never opened, in one fresh process, then in a fresh process each. */
export function measureCold(bench: HistoryBench): void {
  const { repository, report, store } = bench;
  const old = new Set(bench.commits.slice(0, 20)); // the newest are no old commits
  const picked = pickCommits(bench, 2 * (commitsPerKind + oneShots), (commit) => {
    if (old.has(commit)) return null;
    const lines = linesAt(repository.path, commit, filesLookedAt);
    const words = [...new Set(lines.flatMap(wordsOf))];
    const queries = chooseQueries(lines);
    if (words.length === 0 || queries.length === 0) return null;
    return { word: words[bench.random(words.length)]!, query: queries[bench.random(queries.length)]! };
  });
  const queries = picked.map(({ commit, found }, i): ColdQuery =>
    i % 2 === 0 ? { kind: 'grep', commit, text: found.word } : { kind: 'search', commit, text: found.query },
  );
  const perKind = Math.min(commitsPerKind, Math.floor(queries.length / 2));
  const times = runChild(bench, queries.slice(0, 2 * perKind));
  const names = { grep: 'first grep at an old commit', search: 'first ranked search at an old commit' };
  for (const kind of ['grep', 'search'] as const) {
    const own = times.filter((time) => time.kind === kind).map(({ ms }) => ms);
    const [p50, p99] = [median(own), quantile(own, 0.99)];
    report.add(
      `${names[kind]}, in a fresh process, ${own.length} commits`,
      `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
      'p50 ≤ 40 ms, p99 ≤ 150 ms',
      p50 <= 40 && p99 <= 150,
      times,
    );
  }
  const alone = queries.slice(2 * perKind).map(({ kind, commit, text }) => {
    const args = kind === 'grep' ? ['grep', '-F', '-e', text] : ['search', text];
    return {
      kind,
      ms: timedProcess(process.execPath, [
        mainProgram,
        ...args,
        '--rev',
        commit,
        '--repo',
        repository.path,
        '--store',
        store,
      ]).ms,
    };
  });
  const medianOf = (kind: ColdQuery['kind']): string =>
    `${median(alone.filter((run) => run.kind === kind).map(({ ms }) => ms)).toFixed(0)} ms`;
  report.add(
    `the same by the command line, a process for each of ${alone.length} commits`,
    `p50: grep ${medianOf('grep')}, search ${medianOf('search')}`,
    '',
    null,
    alone,
  );
}

function runChild(bench: HistoryBench, queries: readonly ColdQuery[]): { kind: ColdQuery['kind']; ms: number }[] {
  const file = join(bench.folder, 'cold.json');
  writeFileSync(file, JSON.stringify({ repo: bench.repository.path, store: bench.store, queries }));
  const bundle = fileURLToPath(import.meta.url);
  const child = spawnSync(process.execPath, [bundle, '--cold-child', file], { maxBuffer: 1e9 });
  if (child.status !== 0) throw new Error(child.stderr.toString());
  return JSON.parse(child.stdout.toString()) as { kind: ColdQuery['kind']; ms: number }[];
}

/** Runs in the process of its own. */
export async function coldChild(file: string): Promise<void> {
  const { repo, store, queries } = JSON.parse(readFileSync(file, 'utf8')) as {
    repo: string;
    store: string;
    queries: ColdQuery[];
  };
  const engine = await openEngine({ repo, store });
  const times: { kind: ColdQuery['kind']; ms: number }[] = [];
  for (const { kind, commit, text } of queries) {
    const { ms } = await timed<unknown>(() =>
      kind === 'grep' ? engine.grep(text, { rev: commit, literal: true }) : engine.search(text, { rev: commit }),
    );
    times.push({ kind, ms });
  }
  await engine.close();
  console.log(JSON.stringify(times));
}
