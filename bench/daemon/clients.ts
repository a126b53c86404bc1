import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, quantile } from '../support/measure.js';
import { BenchDaemon } from './bench-daemon.js';
import type { ClientOrder } from './clients/client-process.js';
import { BranchMover } from './clients/mover.js';
import { makePlan } from './clients/plan.js';
import type { ClientPlan } from './clients/plan.js';
import { sumTallies } from './clients/tally.js';
import type { Tally } from './clients/tally.js';
import { killOnEnd } from './cleanup.js';
import { mib, ms, storeOf } from './context.js';
import type { DaemonBench } from './context.js';
import { rssOf } from './process-usage.js';

export { runClientProcess } from './clients/client-process.js';

const processCount = 2;
const thinkMs = [50, 150] as const;
const warmUpMs = 10_000;
/** What takes as much as it gets is run for a fifth of the time. */
const saturatingShare = 0.2;
const sampleMs = 1000;

/** Many clients at once, each of which checks every answer, while the work tree and branches change. */
export async function measureClients(bench: DaemonBench, clients: number, minutes: number): Promise<void> {
  const { report, folder } = bench;
  const durationMs = minutes * 60_000;
  const totalMs = warmUpMs + durationMs * (1 + saturatingShare);
  const { repository, plan } = await makePlan(bench, { clients, moves: BranchMover.movesIn(totalMs + 60_000) });
  const daemon = BenchDaemon.start(storeOf(bench));
  const mover = new BranchMover(plan);
  mover.start();
  await daemon.engine(repository.path).index(['@worktree', ...plan.revs.map(({ rev }) => rev)]);
  await daemon.watching();
  const whole: ClientPlan = { ...plan, storePath: daemon.storePath, socketPath: daemon.socketPath };
  const planPath = join(folder, 'plan.json');
  writeFileSync(planPath, JSON.stringify(whole));
  const processes = new ClientProcesses(planPath, clients);

  const startRss = rssOf(daemon.pid);
  const warmUp = await processes.work({ durationMs: warmUpMs, thinkMs });
  const thinking = await measured(daemon, () => processes.work({ durationMs, thinkMs }));
  const saturating = await measured(daemon, () =>
    processes.work({ durationMs: durationMs * saturatingShare, thinkMs: [0, 0] }),
  );
  const moves = await mover.stop();
  processes.end();
  await daemon.stop();

  const all = sumTallies([warmUp, thinking.tally, saturating.tally]);
  for (const text of [...all.errors, ...all.wrong]) console.error(text);
  const requests = Object.values(all.times).flat().length;
  const setting = `${clients} clients, ${requests.toLocaleString('en')} requests, ${moves} moves of ${Object.keys(plan.moving).length} branches`;
  report.add(`errors: ${setting}`, String(all.errorCount), '0', all.errorCount === 0, all.errors);
  report.add('wrong answers', String(all.wrongCount), '0', all.wrongCount === 0, all.wrong);
  const told = Object.entries(all.freshness).map(([freshness, count]) => `${count} ${freshness}`);
  report.add('what answers of the work tree called themselves', told.join(', '), '', null);
  addLatency(bench, thinking, saturating);
  addMemory(bench, startRss, thinking.rss);
}

interface Measured {
  readonly tally: Tally;
  readonly rss: readonly number[];
  readonly ms: number;
}

/** Looks at the daemon's memory meanwhile. */
async function measured(daemon: BenchDaemon, action: () => Promise<Tally>): Promise<Measured> {
  const rss = [rssOf(daemon.pid)];
  const timer = setInterval(() => rss.push(rssOf(daemon.pid)), sampleMs);
  const startMs = performance.now();
  const tally = await action().finally(() => clearInterval(timer));
  return { tally, rss, ms: performance.now() - startMs };
}

/** Of all requests and of each kind; beside them, what they took of clients that never pause. */
function addLatency({ report }: DaemonBench, thinking: Measured, saturating: Measured): void {
  const timesOf = ({ tally }: Measured, kind: string | null): number[] =>
    kind === null ? Object.values(tally.times).flat() : (tally.times[kind] ?? []);
  const perSecond = ({ ms: took, tally }: Measured): string =>
    ((Object.values(tally.times).flat().length * 1000) / took).toFixed(0);
  const pauses = `${thinkMs.join(' to ')} ms between requests`;
  report.add(
    `requests answered in a second, with ${pauses} (and without)`,
    `${perSecond(thinking)} (${perSecond(saturating)})`,
    '',
    null,
  );
  const kinds = Object.keys(thinking.tally.times).sort();
  for (const kind of [null, ...kinds]) {
    const [times, others] = [timesOf(thinking, kind), timesOf(saturating, kind)];
    const [p99, otherP99] = [quantile(times, 0.99), quantile(others, 0.99)];
    report.add(
      kind === null ? `all requests, with ${pauses} (and without)` : `… ${kind}`,
      `p50 ${ms(median(times))} ms, p99 ${ms(p99)} ms, most ${ms(maxOf(times))} ms (p50 ${ms(median(others))} ms, p99 ${ms(otherP99)} ms)`,
      'p99 ≤ 250 ms',
      p99 <= 250,
      { times, others },
    );
  }
}

/** Of more numbers than a call can have arguments. */
const maxOf = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);

function addMemory({ report }: DaemonBench, startRss: number, rss: readonly number[]): void {
  const part = (from: number, to: number): number =>
    median(rss.slice(Math.floor(rss.length * from), Math.ceil(rss.length * to)));
  const [begun, middle, end] = [part(0, 0.1), part(0.45, 0.55), part(0.9, 1)];
  report.add(
    'RSS of the daemon meanwhile',
    `${mib(startRss)} before, ${mib(begun)} after ${warmUpMs / 1000} s, ${mib(middle)} in the middle, ${mib(end)} at the end`,
    'flat: end ≤ 1.1x the middle',
    end <= middle * 1.1,
    rss,
  );
}

class ClientProcesses {
  private readonly processes: readonly ChildProcess[];

  constructor(
    planPath: string,
    private readonly clients: number,
  ) {
    this.processes = Array.from({ length: processCount }, () => {
      const child = fork(process.argv[1]!, ['--client-process', planPath]);
      killOnEnd(child.pid!);
      return child;
    });
  }

  /** Has all clients work, and sums up what came of it. */
  async work(order: Pick<ClientOrder, 'durationMs' | 'thinkMs'>): Promise<Tally> {
    const each = this.clients / processCount;
    const tallies = this.processes.map(async (child, i) => {
      const own: ClientOrder = { ...order, from: Math.floor(i * each), to: Math.floor((i + 1) * each) };
      child.send(own);
      const ended = once(child, 'exit').then(() => Promise.reject(new Error('a client process ended')));
      const [tally] = (await Promise.race([once(child, 'message'), ended])) as [Tally];
      return tally;
    });
    return sumTallies(await Promise.all(tallies));
  }

  end(): void {
    for (const child of this.processes) child.disconnect();
  }
}
