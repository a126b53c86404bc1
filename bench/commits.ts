// Many small commits, each indexed by itself: npm run bench -- commits --repo PATH [--commits 2000] [--history]
//
// How long each takes, how many segments there are meanwhile, how often each byte is written by merging, and how fast the
// store is searched: every 500 commits, and at the end against a store that holds the last commit alone.
//
// The commits are the last first-parent ones of HEAD. With `--history`, or where those are too few, they are the oldest of
// all that HEAD reaches, parents first; with `--history` each is recorded as well.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEngine } from 'coppice';
import type { Engine } from 'coppice';
import {
  flag,
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
import type { BenchPattern } from './support/patterns.js';
import { SegmentLog } from './support/segment-log.js';
import type { SegmentTotals } from './support/segment-log.js';

const repo = resolve(option('repo'));
const count = Number(option('commits', '2000'));
const history = flag('history');
const checkedEvery = Number(option('checked-every', '500'));
const folder = mkdtempSync(join(tmpdir(), 'coppice-commits-'));

/** What a search takes in the middle of the updates; the first ones open the snapshot. */
interface Check {
  readonly commits: number;
  readonly segments: SegmentTotals;
  /** Of the updates since the last check. */
  readonly updates: readonly number[];
  readonly grep: readonly number[];
  readonly search: readonly number[];
}

try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const { commits, order } = chooseCommits();
  const last = commits.at(-1)!;
  const { patterns, lines } = choosePatterns(repo, last);
  const queries = chooseQueries(lines);
  const store = join(folder, 'many');
  const many = await openEngine({ repo, store });
  await many.index([commits[0]!], { history });
  const log = new SegmentLog(store);
  const first = log.read();
  const times: number[] = [];
  const checks: Check[] = [];
  for (const [i, commit] of commits.slice(1).entries()) {
    times.push((await timed(() => many.index([commit]))).ms);
    log.read(); // each time: a journal that has grown is written anew, with what is live then
    if ((i + 1) % checkedEvery !== 0 && commit !== last) continue;
    const updates = times.slice(checks.at(-1)?.commits ?? 0);
    checks.push({
      commits: i + 1,
      segments: log.read(),
      updates,
      ...(await searches(many, commit, patterns, queries)),
    });
    const { live, liveMax } = log.read();
    process.stderr.write(`\r${i + 1} commits, ${live} segments, ${liveMax} at most `);
  }
  process.stderr.write('\n');
  const ratios = await compareWithSingle(many, last, patterns, queries);
  const { chunks, commits: recorded, sizeBytes } = await many.status();
  await many.close(); // what was to be merged is merged now
  const end = log.read();
  log.close();
  const written = end.writtenBytes - first.writtenBytes;
  const merged = end.mergedBytes - first.mergedBytes;
  const growth = end.liveBytes - first.liveBytes;
  const [early, late] = [checks[0]!, checks.at(-1)!];
  const p50p99 = (values: readonly number[]): string =>
    `p50 ${median(values).toFixed(1)} ms, p99 ${quantile(values, 0.99).toFixed(1)} ms`;
  printTable(`${times.length} commits of ${repositoryName(repo)} (${order}), one by one; ${machine()}`, [
    { what: 'one more commit', measured: p50p99(times), target: 'p50 ≤ 30 ms', met: median(times) <= 30 },
    {
      what: `of the first ${early.updates.length}, and of the last ${late.updates.length}`,
      measured: `${p50p99(early.updates)}; ${p50p99(late.updates)}`,
      target: '',
      met: null,
    },
    {
      what: 'segments',
      measured: `${end.live} (at most ${end.liveMax}), ${end.merges} merges`,
      target: '',
      met: null,
    },
    {
      what: 'bytes written to segments, of what the store grew by',
      measured: `${(written / growth).toFixed(2)}x (${(written / 1e6).toFixed(1)} MB of ${(growth / 1e6).toFixed(1)} MB); merging wrote each published byte ${(merged / (written - merged)).toFixed(2)} times more`,
      target: '',
      met: null,
    },
    {
      what: `grep after ${early.commits} commits, and after ${late.commits}`,
      measured: `${p50p99(early.grep)}; ${p50p99(late.grep)}`,
      target: '',
      met: null,
    },
    {
      what: 'ranked search, the same',
      measured: `${p50p99(early.search)}; ${p50p99(late.search)}`,
      target: '',
      met: null,
    },
    {
      what: 'search there against a store of that commit alone',
      measured: `grep ${median(ratios.grep).toFixed(2)}x, ranked ${median(ratios.search).toFixed(2)}x`,
      target: 'not slower',
      met: median(ratios.grep) <= 1.5 && median(ratios.search) <= 1.5,
    },
    ...(history
      ? [
          {
            what: 'commits recorded',
            measured: String(recorded),
            target: String(commits.length),
            met: recorded === commits.length,
          },
        ]
      : []),
  ]);
  writeJson(`commits-${repositoryName(repo)}${history ? '-history' : ''}`, {
    machine: machine(),
    order,
    times,
    segments: { first, end },
    writeAmplification: written / growth,
    mergedPerPublished: merged / (written - merged),
    checks,
    recorded,
    chunks,
    sizeBytes,
    ratios,
  });
}

function chooseCommits(): { commits: string[]; order: string } {
  const list = (...args: string[]): string[] =>
    git(repo, 'rev-list', ...args, 'HEAD')
      .trim()
      .split('\n')
      .reverse();
  const firstParents = list('--first-parent', `--max-count=${count + 1}`);
  if (!history && firstParents.length > count) return { commits: firstParents, order: 'first parents' };
  return { commits: list('--topo-order').slice(0, count + 1), order: 'parents first' };
}

/** Each question once at a commit. */
async function searches(
  engine: Engine,
  rev: string,
  patterns: readonly BenchPattern[],
  queries: readonly string[],
): Promise<Pick<Check, 'grep' | 'search'>> {
  const grep: number[] = [];
  const search: number[] = [];
  for (const { source, literal } of patterns) grep.push((await timed(() => engine.grep(source, { literal, rev }))).ms);
  for (const query of queries) search.push((await timed(() => engine.search(query, { rev }))).ms);
  return { grep, search };
}

/** The same questions here and in a store of that commit alone; ratios of medians. */
async function compareWithSingle(
  many: Engine,
  rev: string,
  patterns: readonly BenchPattern[],
  queries: readonly string[],
): Promise<{ grep: number[]; search: number[] }> {
  const single = await openEngine({ repo, store: join(folder, 'single') });
  await single.index([rev]);
  const ratioOf = async (repetitions: number, ask: (engine: Engine) => Promise<unknown>): Promise<number> => {
    const inMany: number[] = [];
    const alone: number[] = [];
    for (let i = 0; i < repetitions; i++) {
      inMany.push((await timed(() => ask(many))).ms);
      alone.push((await timed(() => ask(single))).ms);
    }
    return median(inMany) / median(alone);
  };
  const ratios = { grep: [] as number[], search: [] as number[] };
  for (const { source, literal } of patterns)
    ratios.grep.push(await ratioOf(7, (engine) => engine.grep(source, { literal, rev })));
  for (const query of queries) ratios.search.push(await ratioOf(5, (engine) => engine.search(query, { rev })));
  await single.close();
  return ratios;
}
