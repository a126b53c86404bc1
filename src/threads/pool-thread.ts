import { Worker } from 'node:worker_threads';
import type { TransferListItem } from 'node:worker_threads';
import { IdleTimer, systemErrorCode, messageOf } from '../base/index.js';
import type { JobPoolOptions } from './job-pool.js';
import { receivedError } from './serve-jobs.js';
import type { JobMessage, ThreadMessage } from './serve-jobs.js';
import type { ThreadLoss } from './thread-lost.js';

export interface Job {
  readonly id: number;
  readonly payload: unknown;
  readonly transfer: readonly TransferListItem[];
  readonly deadlineMs: number;
  /** How often it may be in a thread that dies of it. */
  readonly triesMax: number;
  /** It goes before those that are not. */
  readonly first: boolean;
  /** How often it was. */
  tries: number;
  done: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface PoolThreadEvents {
  /** It has started, or finished a job, and can take another. */
  ready(): void;
  /** It has had nothing to do for `idleMs`. */
  idle(thread: PoolThread): void;
  /** It is gone; `jobs` are those it had not answered, the first of which it was at. */
  died(thread: PoolThread, loss: ThreadLoss, reason: string): void;
}

const idleMsDefault = 60_000;
/** Loading modules and WebAssembly on a busy machine takes its time; a job's own deadline begins after it. */
const startTimeoutMs = 60_000;
/** Where others have the machine, a thread is not lost that had no time to start: it is waited for so often, unless this process had so much of the processor meanwhile. */
const startWaits = 10;
const startCpuMs = 10_000;
const mebibyte = 1024 * 1024;

/**
 * One worker thread with the jobs given to it, the first of which it is at. It has flags, environment and limits of its own: what this process was
 * started with (`-e`, `--input-type`, `--import`, `--require`, `--inspect`, NODE_OPTIONS) is meant for this process, and can keep
 * a thread from starting or run somebody's code in it.
 */
export class PoolThread {
  readonly jobs: Job[] = [];
  /** Its one job may kill it: nothing else is given to it meanwhile. */
  alone = false;
  started = false;
  private readonly worker: Worker;
  private readonly idle: IdleTimer;
  private gone = false;
  private starved = false;
  private timer: NodeJS.Timeout | undefined;

  /** Throws what `new Worker` throws: threads can be forbidden to a process. */
  constructor(
    options: JobPoolOptions,
    private readonly events: PoolThreadEvents,
  ) {
    const { heapMb } = options;
    this.worker = new Worker(options.script, {
      workerData: options.data,
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 48, stackSizeMb: 4 },
    });
    this.idle = new IdleTimer(options.idleMs ?? idleMsDefault, () => {
      if (this.jobs.length === 0) this.events.idle(this);
    });
    let loss: ThreadLoss = 'crashed';
    let reason = '';
    this.worker.on('message', (message: ThreadMessage) => this.receive(message, heapMb));
    this.worker.on('error', (error) => {
      reason = messageOf(error);
      if (systemErrorCode(error) === 'ERR_WORKER_OUT_OF_MEMORY') loss = 'memory';
    });
    this.worker.on('messageerror', (error) => this.kill('crashed', error.message));
    this.worker.on('exit', (code) => this.die(loss, reason === '' ? `it exited with ${code}` : reason));
    this.awaitStart(startWaits, process.cpuUsage());
  }

  give(job: Job, alone: boolean): void {
    this.alone = alone;
    this.jobs.push(job);
    this.worker.ref();
    if (!this.started) return;
    if (this.jobs.length === 1) this.setTimer(job.deadlineMs, 'it ran out of time');
    this.post(job);
  }

  /** What is to be moved is copied while there may be another try, or the thread may be lost to the job before. */
  private post(job: Job): void {
    const moves = this.jobs[0] === job && job.tries + 1 >= job.triesMax;
    const message: JobMessage = { id: job.id, payload: job.payload };
    this.worker.postMessage(message, moves ? job.transfer : job.transfer.filter((item) => !isCopied(item)));
  }

  /** Takes back a job that was not sent yet, the thread not having started. */
  forget(job: Job): void {
    this.jobs.splice(this.jobs.indexOf(job), 1);
    this.alone = false;
  }

  async stop(): Promise<void> {
    this.gone = true;
    this.stopTimers();
    await this.worker.terminate();
  }

  /** Ends it as if it had died. */
  kill(loss: ThreadLoss, reason: string): void {
    if (this.gone) return;
    void this.worker.terminate();
    this.die(loss, reason);
  }

  private receive(message: ThreadMessage, heapMb: number): void {
    if (this.gone) return;
    if ('started' in message) {
      this.started = true;
      this.starved = message.heapBytes < heapMb * mebibyte * 0.9;
      this.jobs.splice(0, Infinity, ...this.jobs.filter(({ done }) => !done));
      for (const job of this.jobs) this.post(job);
    } else {
      const at = this.jobs.findIndex(({ id }) => id === message.id);
      const job = this.jobs[at];
      if (job === undefined) return;
      this.jobs.splice(at, 1);
      this.alone = false;
      if (!job.done) {
        job.done = true;
        if ('result' in message) job.resolve(message.result);
        else job.reject(receivedError(message.error));
      }
    }
    clearTimeout(this.timer);
    const [next] = this.jobs;
    if (next !== undefined) this.setTimer(next.deadlineMs, 'it ran out of time');
    else {
      this.worker.unref(); // an idle thread must not keep a finished program alive
      this.idle.touch();
    }
    this.events.ready();
  }

  private awaitStart(waits: number, before: NodeJS.CpuUsage): void {
    this.after(startTimeoutMs, () => {
      const { user, system } = process.cpuUsage(before);
      if (waits > 1 && (user + system) / 1000 < startCpuMs) this.awaitStart(waits - 1, before);
      else this.kill('deadline', 'it did not start in time');
    });
  }

  private setTimer(ms: number, reason: string): void {
    this.after(ms, () => this.kill('deadline', reason));
  }

  private after(ms: number, action: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(action, ms);
    this.timer.unref();
  }

  private die(loss: ThreadLoss, reason: string): void {
    if (this.gone) return;
    this.gone = true;
    this.stopTimers();
    const isStart = !this.started || (loss === 'memory' && this.starved);
    this.events.died(this, isStart ? 'start' : loss, reason);
  }

  private stopTimers(): void {
    clearTimeout(this.timer);
    this.idle.stop();
  }
}

/** Buffers can be copied; ports can only be given away. */
export const isCopied = (item: TransferListItem): boolean => item instanceof ArrayBuffer;
