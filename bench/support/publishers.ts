import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openPublisher } from '../../src/engine/index.js';
import type { Random } from '../../test/crash/support/random.js';
import { flag, option } from './measure.js';

/** How often commits are dealt out and a publisher may be killed. */
const tickMs = 200;

/** Whether this process is a publisher that `Publishers` began: it is to call `publishAsTold` and nothing else. */
export const isPublisher = (): boolean => flag('publisher');

/** One CI job after another: pushes each commit that it is told on a line, and tells what became of it. */
export async function publishAsTold(): Promise<void> {
  for await (const commit of createInterface({ input: process.stdin })) {
    const publisher = await openPublisher({ repo: option('repo'), store: option('store') });
    try {
      const [pushed] = (await publisher.push(option('remote'), [commit])).revs;
      console.log(pushed!.isPublished ? `ack ${commit}` : `fail ${commit} NOT_PUBLISHED`);
    } catch (error) {
      console.log(`fail ${commit} ${(error as { code?: string }).code ?? ''} ${String(error)}`);
    } finally {
      await publisher.close();
    }
  }
}

export interface PublishersOptions {
  /** The program that calls `publishAsTold`: `import.meta.url`. */
  readonly program: string;
  readonly repo: string;
  readonly remote: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Taken from the end; each is published by one at a time, again until it is acknowledged. */
  readonly commits: readonly string[];
  readonly atOnce: number;
  /** Makes a store for one of them. */
  readonly makeStore: () => string;
  readonly random: Random;
  /** One of them is killed every so many ticks of 200 ms. */
  readonly killEvery: number;
}

interface Job {
  readonly child: ChildProcess;
  commit: string | null;
}

/** Publishers that work at once, each in a process and a store of its own, and are killed at random; another takes the place of each that ends. */
export class Publishers {
  readonly acked = new Set<string>();
  readonly failures: { readonly commit: string; readonly code: string; readonly why: string }[] = [];
  kills = 0;
  /** Of these in a push. */
  killedBusy = 0;
  tookMs = 0;
  isOver = false;
  private readonly waiting: string[];
  private readonly jobs = new Set<Job>();

  constructor(private readonly options: PublishersOptions) {
    this.waiting = [...options.commits];
  }

  /** Until all commits are acknowledged, or for so long. */
  async run(msMax: number, onTick?: (tick: number) => void): Promise<void> {
    const { commits, atOnce, random, killEvery } = this.options;
    const startMs = performance.now();
    for (let i = 0; i < atOnce; i++) this.begin();
    for (let tick = 0; this.acked.size < commits.length && performance.now() - startMs < msMax; tick++) {
      await new Promise((done) => setTimeout(done, tickMs));
      onTick?.(tick);
      if (random(killEvery) === 0 && this.jobs.size > 0) this.kill([...this.jobs][random(this.jobs.size)]!);
      // Those who found nothing left wait; what a killed one had is taken up again.
      for (const job of this.jobs) if (job.commit === null) this.next(job);
    }
    this.tookMs = performance.now() - startMs;
    this.isOver = true;
    for (const { child } of this.jobs) child.kill('SIGKILL');
  }

  private kill({ child, commit }: Job): void {
    this.kills++;
    if (commit !== null) this.killedBusy++;
    child.kill('SIGKILL');
  }

  private next(job: Job): void {
    job.commit = this.waiting.pop() ?? null;
    if (job.commit !== null) job.child.stdin!.write(`${job.commit}\n`);
  }

  private begin(): void {
    const { program, repo, remote, env, makeStore, commits } = this.options;
    const store = makeStore();
    const args = [fileURLToPath(program), '--publisher', '--repo', repo, '--store', store, '--remote', remote];
    const child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.stdin.on('error', () => undefined);
    const job: Job = { child, commit: null };
    this.jobs.add(job);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [what, commit, code = '', ...why] = line.split(' ') as [string, string, ...string[]];
      if (what === 'ack') this.acked.add(commit);
      else {
        this.failures.push({ commit, code, why: why.join(' ') });
        this.waiting.push(commit);
      }
      this.next(job);
    });
    child.on('exit', () => {
      this.jobs.delete(job);
      if (job.commit !== null && !this.acked.has(job.commit)) this.waiting.push(job.commit);
      rmSync(store, { recursive: true, force: true });
      if (!this.isOver && this.acked.size < commits.length) this.begin();
    });
    this.next(job);
  }
}
