// Patterns that explode: npm run bench -- explosions [--repo PATH] [--files 2000] [--patterns 50] [--at-once 64] [--deadline 1000] [--no-commands]
//
// A daemon serves a repository (files of that of `--repo PATH`, which is only read, or a small one of its own) to which texts were added
// in which known patterns explode. Each pattern is run over every surface, many at once; another client asks ordinary things meanwhile.
// At the end the daemon is told to stop, and killed with SIGTERM, while patterns explode.
import { join, resolve } from 'node:path';
import { explosions, moreExplosions, type Explosion } from '../test/pattern/support/explosions.js';
import { makeFolder, makeRepository } from '../test/support/git.js';
import { BenchDaemon } from './daemon/bench-daemon.js';
import { cleanUpOnSignals } from './daemon/cleanup.js';
import { isRunning } from './daemon/process-usage.js';
import { pause, waitUntil } from './daemon/waiting.js';
import { makeWorkRepository } from './daemon/work-repository.js';
import { Bystander } from './explosions/bystander.js';
import { commandSurfaces, explosiveFiles, httpSurfaces, lspSurfaces, mcpSurfaces } from './explosions/surfaces.js';
import type { Surface } from './explosions/surfaces.js';
import { Report, flag, machine, median, option, printTable, quantile, timed, writeJson } from './support/measure.js';

const atOnce = Number(option('at-once', '64'));
const commandsAtOnce = Number(option('commands-at-once', '8'));
const deadlineMs = Number(option('deadline', '1000'));
/** Beyond its deadline. */
const lateMsMax = 500;
const bystanderMsMax = 100;
const quietMs = 5000;

cleanUpOnSignals();
const patterns = [...explosions, ...moreExplosions].slice(0, Number(option('patterns', '50')));
const folder = makeFolder();
const repository = flag('repo')
  ? makeWorkRepository(join(folder, 'repo'), resolve(option('repo')), { filesMax: Number(option('files', '2000')) })
  : makeRepository();
for (const files of explosiveFiles(patterns)) repository.commit(files);
const report = new Report();
const ended: { surface: string; source: string; ms: number; code: string }[] = [];

async function runAll(surfaces: readonly Surface[], lanes: number): Promise<void> {
  // One surface after another for each pattern, so that all kinds run beside each other.
  const jobs = patterns.flatMap((explosion) => surfaces.map((surface) => [surface, explosion] as const));
  const next = jobs.values();
  const lane = async (): Promise<void> => {
    for (const [surface, explosion] of next) {
      const { ms, result } = await timed(() => surface.run(explosion));
      ended.push({ surface: surface.name, source: explosion.source, ms, code: result });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function tellSurfaces(surfaces: readonly Surface[]): void {
  for (const { name, deadlineMs: ownMs } of surfaces) {
    const own = ended.filter(({ surface }) => surface === name);
    const times = own.map(({ ms }) => ms);
    const most = Math.max(...times);
    const codes = new Map<string, number>();
    for (const { code } of own) codes.set(code, (codes.get(code) ?? 0) + 1);
    const strange = [...codes.keys()].filter((code) => !['ok', 'PATTERN_TIMEOUT', 'SERVER_BUSY'].includes(code));
    report.add(
      name,
      `${own.length} runs: p50 ${median(times).toFixed(0)} ms, most ${most.toFixed(0)} ms; ${[...codes].map(([code, n]) => `${code} ${n}`).join(', ')}`,
      `≤ ${ownMs + lateMsMax} ms`,
      most <= ownMs + lateMsMax && strange.length === 0,
      own,
    );
  }
}

async function beside(what: string, daemon: BenchDaemon, target: number | null, work: Promise<unknown>): Promise<void> {
  const bystander = new Bystander(daemon.connect(), repository.path);
  bystander.start();
  await work;
  await bystander.stop();
  const { all } = bystander;
  const kinds = [...bystander.times].map(([kind, times]) => `${kind} ${quantile(times, 0.99).toFixed(0)}`);
  report.add(
    `another client ${what}`,
    `${all.length} requests: p50 ${median(all).toFixed(1)} ms, p99 ${quantile(all, 0.99).toFixed(1)} ms, most ${Math.max(...all).toFixed(0)} ms (p99: ${kinds.join(', ')})`,
    target === null ? '' : `p99 ≤ ${target} ms`,
    target === null ? null : quantile(all, 0.99) <= target && bystander.errors.length === 0,
    { times: [...bystander.times], errors: bystander.errors },
  );
  for (const error of new Set(bystander.errors)) console.error(error);
}

const open = async (name: string): Promise<BenchDaemon> => {
  const daemon = BenchDaemon.start(join(folder, name));
  const engine = daemon.engine(repository.path);
  await engine.index(['HEAD'], { history: true });
  for (const query of ['get', 'read file name']) await engine.search(query);
  return daemon;
};

const daemon = await open('store');
await beside('before', daemon, null, pause(quietMs));
const requests = [
  ...httpSurfaces(daemon.connect('http'), repository.path, deadlineMs),
  ...(await mcpSurfaces(daemon, repository.path)),
  ...(await lspSurfaces(daemon, repository.path, deadlineMs)),
];
// What a first request of its kind takes is another figure.
for (const surface of requests) await surface.run({ source: '(no|such)+ word.*x', text: '' });
await beside(`beside ${atOnce} requests`, daemon, bystanderMsMax, runAll(requests, atOnce));
tellSurfaces(requests);
const [grep] = requests as [Surface];
const burst = async (): Promise<void> => {
  const runs = [...patterns, ...patterns, ...patterns, ...patterns].map((explosion) =>
    timed(() => grep.run(explosion)),
  );
  const times = (await Promise.all(runs)).map(({ ms }) => ms);
  const most = Math.max(...times);
  report.add(
    `${times.length} at once`,
    `most ${most.toFixed(0)} ms`,
    `≤ ${deadlineMs + lateMsMax} ms`,
    most <= deadlineMs + lateMsMax,
    times,
  );
};
await beside('beside a burst', daemon, bystanderMsMax, burst());
if (!flag('no-commands')) {
  const commands = commandSurfaces(daemon, repository.path, false);
  await beside(`beside ${commandsAtOnce} commands`, daemon, bystanderMsMax, runAll(commands, commandsAtOnce));
  const alone = commandSurfaces(daemon, repository.path, true);
  await runAll(alone, 2);
  tellSurfaces([...commands, ...alone]);
}
await stopping('serve --stop', daemon, () => daemon.stop());
const second = await open('other');
await stopping('SIGTERM', second, async () => {
  process.kill(second.pid, 'SIGTERM');
  await waitUntil('the daemon to end', 20_000, () => !isRunning(second.pid));
});

/** Patterns explode with the longest deadline there is, and the daemon is to end. */
async function stopping(how: string, target: BenchDaemon, stop: () => Promise<void>): Promise<void> {
  const [slow] = httpSurfaces(target.connect(), repository.path, 60_000) as [Surface];
  const runs = patterns.map((explosion: Explosion) => slow.run(explosion));
  await pause(1000);
  const { ms } = await timed(stop);
  const codes = new Map<string, number>();
  for (const code of await Promise.all(runs)) codes.set(code, (codes.get(code) ?? 0) + 1);
  report.add(
    `${how} while ${patterns.length} patterns explode`,
    `${ms.toFixed(0)} ms; ${[...codes].map(([code, n]) => `${code} ${n}`).join(', ')}`,
    '≤ 10500 ms',
    ms <= 10_500,
  );
}

const title = `${patterns.length} patterns that explode, ${repository.git('ls-files').split('\n').length} files; ${machine()}`;
printTable(title, report.rows);
writeJson('explosions', { machine: machine(), deadlineMs, atOnce, rows: report.rows, ended, details: report.details });
process.exit(0);
