import { join, resolve } from 'node:path';
import { option, repositoryName } from '../support/measure.js';
import { choosePatterns, chooseQueries } from '../support/patterns.js';
import { BenchDaemon } from './bench-daemon.js';
import { mib, storeOf } from './context.js';
import type { DaemonBench } from './context.js';
import { usageOf } from './process-usage.js';
import { pause } from './waiting.js';
import { makeWorkRepository, someCommits } from './work-repository.js';

const repositoryCount = 5;
const queriesEach = 10;
/** The daemon lets go what it does not need a minute after the last request; it looks every 20 seconds. */
const restMs = 90_000;
const measuredMs = 60_000;

/** Five repositories that are open and watched, and nobody asks. */
export async function measureIdle(bench: DaemonBench): Promise<void> {
  const { report } = bench;
  const origins = option('repos', '')
    .split(',')
    .filter(Boolean)
    .map((path) => ({ origin: resolve(path), rev: 'HEAD' }));
  if (origins.length === 0) {
    const commits = someCommits(bench.origin, repositoryCount * 4).slice(0, repositoryCount);
    origins.push(...commits.map((rev) => ({ origin: bench.origin, rev })));
  }
  const daemon = BenchDaemon.start(storeOf(bench));
  const names: string[] = [];
  for (const [i, { origin, rev }] of origins.entries()) {
    const { filesMax } = bench;
    const { path } = makeWorkRepository(join(bench.folder, `repo-${i}`), origin, { filesMax, rev });
    names.push(`${repositoryName(origin)}@${rev.slice(0, 10)}`);
    const engine = daemon.engine(path);
    await engine.index(['HEAD', '@worktree']);
    const { patterns, lines } = choosePatterns(path);
    for (const { source, literal } of patterns.slice(0, queriesEach)) {
      await engine.grep(source, { literal, rev: i % 2 === 0 ? 'HEAD' : '@worktree' });
    }
    for (const query of chooseQueries(lines).slice(0, queriesEach)) await engine.search(query, { rev: '@worktree' });
  }
  await daemon.watching();
  const busy = usageOf(daemon.pid);
  await pause(restMs);
  const before = usageOf(daemon.pid);
  await pause(measuredMs);
  const after = usageOf(daemon.pid);
  const { worktrees } = await daemon.describe();
  await daemon.stop();

  const seconds = measuredMs / 1000;
  const detail = { repositories: names, busy, before, after, worktrees };
  report.add(
    `memory of the idle daemon, ${names.length} repositories open`,
    `RSS ${mib(after.rssBytes)}, of which its own ${mib(after.pssBytes)} (when it was busy ${mib(busy.rssBytes)})`,
    'RSS ≤ 200 MiB',
    after.rssBytes <= 200 * 2 ** 20,
    detail,
  );
  const cpu = (after.cpuMs - before.cpuMs) / measuredMs;
  const switches = (after.contextSwitches - before.contextSwitches) / seconds;
  report.add(
    'CPU of the idle daemon',
    `${(cpu * 100).toFixed(2)} % of a core, ${switches.toFixed(1)} context switches a second`,
    '≤ 0.5 %',
    cpu <= 0.005,
  );
  const written = after.diskBytes - before.diskBytes;
  report.add(
    `written to the disk in ${seconds} s of idleness`,
    `${written} bytes (given to \`write\`, event counters included: ${after.writtenBytes - before.writtenBytes})`,
    '0',
    written === 0,
  );
  const watching = worktrees.filter(({ state }) => state === 'watching');
  report.add(
    'left of the idle daemon',
    `${after.threads} threads, ${after.children} child processes, ${watching.length} work trees watched (${watching.reduce((sum, { folders }) => sum + folders, 0)} folders)`,
    '',
    null,
  );
}
