// Many small commits, each indexed by itself: npm run bench -- commits --repo PATH [--commits 2000]
// Compares searches in the store they leave with the same searches in a store that holds the last commit alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEngine } from 'coppice';
import {
  git,
  machine,
  median,
  option,
  printTable,
  quantile,
  repositoryName,
  timed,
  writeJson,
} from './support/measure.js';
import { choosePatterns, chooseQueries } from './support/patterns.js';

const repo = resolve(option('repo'));
const count = Number(option('commits', '2000'));
const folder = mkdtempSync(join(tmpdir(), 'coppice-commits-'));

try {
  const commits = git(repo, 'rev-list', '--first-parent', `--max-count=${count + 1}`, 'HEAD')
    .trim()
    .split('\n')
    .reverse();
  const many = await openEngine({ repo, store: join(folder, 'many') });
  await many.index([commits[0]!]);
  const times: number[] = [];
  let segmentsMax = 0;
  for (const [i, commit] of commits.slice(1).entries()) {
    times.push((await timed(() => many.index([commit]))).ms);
    if (i % 50 === 49) {
      segmentsMax = Math.max(segmentsMax, (await many.status()).segments);
      process.stderr.write(`\r${i + 1} commits, ${segmentsMax} segments at most `);
    }
  }
  process.stderr.write('\n');
  const single = await openEngine({ repo, store: join(folder, 'single') });
  await single.index(['HEAD']);
  const { patterns, lines } = choosePatterns(repo);
  const queries = chooseQueries(lines);
  const ratios = { grep: [] as number[], search: [] as number[] };
  for (const { source, literal } of patterns) {
    const inMany: number[] = [];
    const alone: number[] = [];
    for (let i = 0; i < 7; i++) {
      inMany.push((await timed(() => many.grep(source, { literal, rev: commits.at(-1)! }))).ms);
      alone.push((await timed(() => single.grep(source, { literal, rev: commits.at(-1)! }))).ms);
    }
    ratios.grep.push(median(inMany) / median(alone));
  }
  for (const query of queries) {
    const inMany: number[] = [];
    const alone: number[] = [];
    for (let i = 0; i < 5; i++) {
      inMany.push((await timed(() => many.search(query))).ms);
      alone.push((await timed(() => single.search(query))).ms);
    }
    ratios.search.push(median(inMany) / median(alone));
  }
  const { segments, chunks, sizeBytes } = await many.status();
  await many.close();
  await single.close();
  printTable(`${times.length} commits of ${repositoryName(repo)}, one by one; ${machine()}`, [
    {
      what: 'one more commit',
      measured: `p50 ${median(times).toFixed(1)} ms, p90 ${quantile(times, 0.9).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms`,
      target: 'p50 ≤ 30 ms',
      met: median(times) <= 30,
    },
    { what: 'segments', measured: `${segments} (at most ${segmentsMax})`, target: '', met: null },
    {
      what: 'search there against a store of that commit alone',
      measured: `grep ${median(ratios.grep).toFixed(2)}x, ranked ${median(ratios.search).toFixed(2)}x`,
      target: 'not slower',
      met: median(ratios.grep) <= 1.5 && median(ratios.search) <= 1.5,
    },
  ]);
  writeJson(`commits-${repositoryName(repo)}`, {
    machine: machine(),
    times,
    segments,
    segmentsMax,
    chunks,
    sizeBytes,
    ratios,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
