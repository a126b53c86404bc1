// The figures of the core, on a real repository: npm run bench -- --repo PATH
// Peers (git grep, ripgrep) are measured in the same run, interleaved with ours; medians are compared.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEngine } from 'coppice';
import type { Engine } from 'coppice';
import { choosePatterns, chooseQueries } from './support/patterns.js';
import {
  Report,
  flag,
  git,
  isOnPath,
  machine,
  median,
  option,
  printTable,
  quantile,
  repositoryName,
  timed,
  timedProcess,
  writeJson,
} from './support/measure.js';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const repo = resolve(option('repo'));
const repetitions = Number(option('repetitions', '7'));
const folder = mkdtempSync(join(tmpdir(), 'coppice-bench-'));
const report = new Report();

if (flag('cold-child')) await coldChild();
else {
  try {
    await run();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(): Promise<void> {
  const name = repositoryName(repo);
  const head = git(repo, 'rev-parse', 'HEAD').trim();
  const files = git(repo, 'ls-tree', '-r', 'HEAD').split('\n').length - 1;
  const commits = Number(git(repo, 'rev-list', '--count', '--all'));
  console.error(`${name}: ${files} files at HEAD, ${commits} commits; ${machine()}`);

  const store = join(folder, 'store');
  await coldIndex(store);
  const engine = await openEngine({ repo, store });
  const { patterns, lines } = choosePatterns(repo);
  await exactSearch(engine, patterns);
  await rankedSearch(engine, chooseQueries(lines));
  await oneShot(store, patterns[15]!.source);
  await engine.close();
  await nextCommits();
  await coldCommits(patterns[10]!.source);

  printTable(`${name} at ${head.slice(0, 10)}: ${files} files, ${commits} commits; ${machine()}`, report.rows);
  writeJson(`core-${name}`, { repository: name, head, files, commits, machine: machine(), ...report });
}

/** Runs in a process of its own, so that its peak memory is the index's. */
async function coldChild(): Promise<void> {
  const engine = await openEngine({ repo, store: option('cold-store') });
  const { ms, result } = await timed(() => engine.index(['HEAD']));
  await engine.close();
  console.log(JSON.stringify({ ms, bytes: result.revs[0]!.newBytes, rssKiB: process.resourceUsage().maxRSS }));
}

async function coldIndex(store: string): Promise<void> {
  const runs: { ms: number; bytes: number; rssKiB: number }[] = [];
  for (let i = 0; i < 3; i++) {
    const target = i === 2 ? store : join(folder, `cold-${i}`);
    const child = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), '--repo', repo, '--cold-child', '--cold-store', target],
      {
        maxBuffer: 1e9,
      },
    );
    if (child.status !== 0) throw new Error(child.stderr.toString());
    runs.push(JSON.parse(child.stdout.toString()) as (typeof runs)[number]);
  }
  const best = runs.reduce((a, b) => (b.ms < a.ms ? b : a));
  const text = Number(
    git(repo, 'ls-tree', '-r', '-l', 'HEAD')
      .split('\n')
      .reduce((sum, line) => sum + (Number(line.split(/\s+/)[3]) || 0), 0),
  );
  const middle = median(runs.map(({ ms, bytes }) => bytes / 1e3 / ms));
  const rss = Math.max(...runs.map(({ rssKiB }) => rssKiB)) / 1024;
  report.add(
    'cold index of HEAD',
    `${middle.toFixed(1)} MB/s (best ${(best.bytes / 1e3 / best.ms).toFixed(1)}), RSS ${rss.toFixed(0)} MiB`,
    '≥ 6 MB/s, ≤ 1 GiB',
    middle >= 6 && rss <= 1024,
    { runs, text },
  );
  const engine = await openEngine({ repo, store });
  const { sizeBytes, textBytes } = await engine.status();
  await engine.close();
  report.add(
    'store for one HEAD',
    `${(sizeBytes / textBytes).toFixed(2)}x its text (${(sizeBytes / 1e6).toFixed(1)} MB)`,
    '≤ 1.5x',
    sizeBytes <= 1.5 * textBytes,
    { sizeBytes, textBytes },
  );
}

async function exactSearch(
  engine: Engine,
  patterns: readonly { source: string; literal: boolean; lines: number }[],
): Promise<void> {
  const tree = join(folder, 'tree');
  spawnSync('mkdir', ['-p', tree]);
  spawnSync('sh', ['-c', 'git -C "$1" archive HEAD | tar -x -C "$2"', 'sh', repo, tree]);
  const withRipgrep = isOnPath('rg');
  const results = [];
  for (const pattern of patterns) {
    const { source, literal } = pattern;
    const ours: number[] = [];
    const gits: number[] = [];
    const rgs: number[] = [];
    let lines = 0;
    for (let i = 0; i < repetitions; i++) {
      const own = await timed(() => engine.grep(source, { literal }));
      ours.push(own.ms);
      lines = own.result.lines.length;
      if (i < 5)
        gits.push(timedProcess('git', ['-C', repo, 'grep', '-nI', literal ? '-F' : '-P', '-e', source, 'HEAD']).ms);
      if (withRipgrep)
        rgs.push(
          timedProcess('rg', ['-n', '--no-ignore', '--hidden', ...(literal ? ['-F'] : []), '-e', source, '.'], tree).ms,
        );
    }
    results.push({
      ...pattern,
      found: lines,
      ours: median(ours),
      git: median(gits),
      rg: withRipgrep ? median(rgs) : null,
    });
  }
  const ratios = results.map(({ ours, git }) => git / ours);
  const rgRatios = results.flatMap(({ ours, rg }) => (rg === null ? [] : [rg / ours]));
  const ratio = median(ratios);
  report.add(
    'literal or regex, in process, against git grep',
    `${ratio.toFixed(0)}x at the median of ${results.length} patterns (worst ${Math.min(...ratios).toFixed(1)}x; ours ${median(results.map(({ ours }) => ours)).toFixed(2)} ms, git ${median(results.map(({ git }) => git)).toFixed(0)} ms)`,
    '≥ 50x at the median, never slower',
    ratio >= 50 && Math.min(...ratios) >= 1,
    results,
  );
  if (withRipgrep) {
    report.add(
      'the same against warm ripgrep on a checkout',
      `${median(rgRatios).toFixed(0)}x at the median (worst ${Math.min(...rgRatios).toFixed(1)}x)`,
      '≥ 5x at the median',
      median(rgRatios) >= 5,
      null,
    );
  }
}

async function rankedSearch(engine: Engine, queries: readonly string[]): Promise<void> {
  for (const mode of ['lexical', 'hybrid'] as const) {
    await engine.search(queries[0]!, { mode });
    const all: number[] = [];
    for (let i = 0; i < 5; i++) {
      for (const query of queries) all.push((await timed(() => engine.search(query, { mode }))).ms);
    }
    const p50 = median(all);
    report.add(
      `ranked search, ${mode}, in process`,
      `p50 ${p50.toFixed(1)} ms, p99 ${quantile(all, 0.99).toFixed(1)} ms`,
      'p50 ≤ 5 ms',
      p50 <= 5,
      { queries, all },
    );
  }
}

async function oneShot(store: string, literal: string): Promise<void> {
  const empty: number[] = [];
  const ours: number[] = [];
  const searches: number[] = [];
  for (let i = 0; i < 15; i++) {
    empty.push(timedProcess(process.execPath, ['-e', '0']).ms);
    ours.push(
      timedProcess(process.execPath, [
        main,
        'grep',
        '-F',
        '--repo',
        repo,
        '--store',
        store,
        '--max',
        '20',
        '-e',
        literal,
      ]).ms,
    );
    searches.push(timedProcess(process.execPath, [main, 'search', '--repo', repo, '--store', store, literal]).ms);
  }
  const ratio = median(ours) / median(empty);
  report.add(
    'one-shot grep, warm store',
    `${ratio.toFixed(2)}x node -e 0 (${median(ours).toFixed(0)} ms; ranked search ${median(searches).toFixed(0)} ms)`,
    '≤ 2.5x',
    ratio <= 2.5,
    { empty, ours, searches },
  );
  return Promise.resolve();
}

/** The last first-parent commits, each indexed on top of the one before. */
async function nextCommits(): Promise<void> {
  const commits = git(repo, 'rev-list', '--first-parent', '--max-count=61', 'HEAD').trim().split('\n').reverse();
  const engine = await openEngine({ repo, store: join(folder, 'next') });
  await engine.index([commits[0]!]);
  const all: number[] = [];
  for (const commit of commits.slice(1)) all.push((await timed(() => engine.index([commit]))).ms);
  await engine.close();
  const p50 = median(all);
  report.add(
    'index one more commit, in process',
    `p50 ${p50.toFixed(1)} ms, p90 ${quantile(all, 0.9).toFixed(1)} ms`,
    'p50 ≤ 30 ms',
    p50 <= 30,
    all,
  );
}

/** First search at a commit never opened before, 100 commits from one that is indexed. */
async function coldCommits(literal: string): Promise<void> {
  const distant = git(repo, 'rev-list', '--first-parent', '--max-count=500', 'HEAD').trim().split('\n');
  const withIndexing: number[] = [];
  const indexed: number[] = [];
  for (let i = 0; i < 5; i++) {
    const base = distant[i * 20]!;
    const target = distant[i * 20 + 100];
    if (target === undefined) break;
    const store = join(folder, `distant-${i}`);
    const first = await openEngine({ repo, store });
    await first.index([base]);
    await first.grep(literal, { rev: base, literal: true }); // as in a process that has been at work
    withIndexing.push((await timed(() => first.grep(literal, { rev: target, literal: true }))).ms);
    await first.close();
    const second = await openEngine({ repo, store });
    await second.resolve('HEAD');
    indexed.push((await timed(() => second.grep(literal, { rev: target, literal: true }))).ms);
    await second.close();
    rmSync(store, { recursive: true });
  }
  report.add(
    'first search at a commit 100 commits away, with its indexing',
    `${median(withIndexing).toFixed(0)} ms`,
    '≤ 150 ms',
    median(withIndexing) <= 150,
    withIndexing,
  );
  report.add(
    'the same when it is already indexed',
    `${median(indexed).toFixed(0)} ms`,
    '≤ 30 ms',
    median(indexed) <= 30,
    indexed,
  );
}
