import { Worker } from 'node:worker_threads';
import { CoppiceError, IdleTimer } from '../base/index.js';
import type { ChunkPoolOptions } from './pool.js';
import type { JobMessage, WorkerMessage } from './serve-jobs.js';

export interface Job {
  readonly id: number;
  readonly payload: unknown;
  readonly transfer: readonly ArrayBuffer[];
  /** How often it was in a worker that died. */
  tries: number;
  done: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface PoolWorkerEvents {
  /** It has finished a job and can take another. */
  ready(): void;
  /** It has had nothing to do for `idleMs`. */
  idle(worker: PoolWorker): void;
  /** It is gone; `jobs` are those it had not answered. */
  died(worker: PoolWorker, reason: string): void;
}

const jobTimeoutMsDefault = 10_000;
const idleMsDefault = 60_000;
/** Loading modules and WebAssembly on a busy machine takes its time; a job's own deadline begins after it. */
const startTimeoutMs = 30_000;

/** One worker thread with the jobs given to it, the first of which it is at. */
export class PoolWorker {
  readonly jobs: Job[] = [];
  /** Its one job may kill it: nothing else is given to it meanwhile. */
  alone = false;
  private readonly worker: Worker;
  private readonly jobTimeoutMs: number;
  private readonly idle: IdleTimer;
  private started = false;
  private gone = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    options: ChunkPoolOptions,
    private readonly events: PoolWorkerEvents,
  ) {
    this.jobTimeoutMs = options.jobTimeoutMs ?? jobTimeoutMsDefault;
    this.idle = new IdleTimer(options.idleMs ?? idleMsDefault, () => {
      if (this.jobs.length === 0) this.events.idle(this);
    });
    const { workerMemoryMb } = options;
    this.worker = new Worker(options.workerUrl, {
      workerData: options.workerData,
      ...(workerMemoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: workerMemoryMb } }),
    });
    let reason = '';
    this.worker.on('message', (message: WorkerMessage) => this.receive(message));
    this.worker.on('error', (error) => (reason = error instanceof Error ? error.message : String(error)));
    this.worker.on('messageerror', (error) => this.kill(error.message));
    this.worker.on('exit', (code) => this.die(reason === '' ? `it exited with ${code}` : reason));
    this.setTimer(startTimeoutMs, 'it did not start');
  }

  /** The last try of a job is the one alone. */
  give(job: Job, alone: boolean): void {
    this.alone = alone;
    this.jobs.push(job);
    this.worker.ref();
    if (this.started && this.jobs.length === 1) this.setTimer(this.jobTimeoutMs, 'it ran out of time');
    const message: JobMessage = { id: job.id, payload: job.payload };
    this.worker.postMessage(message, alone ? job.transfer : []);
  }

  async stop(): Promise<void> {
    this.gone = true;
    this.stopTimers();
    await this.worker.terminate();
  }

  private receive(message: WorkerMessage): void {
    if (this.gone) return;
    if ('started' in message) {
      this.started = true;
    } else {
      const at = this.jobs.findIndex(({ id }) => id === message.id);
      const job = this.jobs[at];
      if (job === undefined) return;
      this.jobs.splice(at, 1);
      this.alone = false;
      if (!job.done) {
        job.done = true;
        if ('result' in message) job.resolve(message.result);
        else job.reject(new CoppiceError('INTERNAL', `a job failed: ${message.error}`));
      }
    }
    clearTimeout(this.timer);
    if (this.jobs.length > 0) this.setTimer(this.jobTimeoutMs, 'it ran out of time');
    else {
      this.worker.unref(); // an idle worker must not keep a finished program alive
      this.idle.touch();
    }
    this.events.ready();
  }

  private setTimer(ms: number, reason: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.kill(reason), ms);
    this.timer.unref();
  }

  private kill(reason: string): void {
    if (this.gone) return;
    void this.worker.terminate();
    this.die(reason);
  }

  private die(reason: string): void {
    if (this.gone) return;
    this.gone = true;
    this.stopTimers();
    this.events.died(this, reason);
  }

  private stopTimers(): void {
    clearTimeout(this.timer);
    this.idle.stop();
  }
}
