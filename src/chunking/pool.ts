import { CoppiceError, throwIfAborted } from '../base/index.js';
import { PoolWorker } from './pool-worker.js';
import type { Job } from './pool-worker.js';

export interface ChunkPoolOptions {
  /** Module that a worker runs; it calls `serveJobs`. */
  readonly workerUrl: URL;
  readonly workers: number;
  /** Available to the worker as `workerData`. */
  readonly workerData?: unknown;
  /** A job that takes longer is stopped, and its worker with it. */
  readonly jobTimeoutMs?: number;
  /** JavaScript heap of one worker; a job that needs more ends its worker. */
  readonly workerMemoryMb?: number;
  /** A worker without a job for so long is stopped. Default: a minute. */
  readonly idleMs?: number;
  /** Jobs that may wait before `ready` makes the caller wait. */
  readonly queueMax?: number;
}

/** Runs jobs (whatever the workers' module serves) on worker threads, and survives what they do to those threads. */
export interface ChunkPool {
  /** Workers that run, or are about to. */
  readonly workerCount: number;
  /**
   * Rejects with `WorkerDiedError` when the job ended its worker twice, the second time alone on a fresh one.
   * The buffers of `transfer` are given away: moved to the worker with the last try, copied before, because the first
   * may be lost with its worker.
   */
  run<Result>(payload: unknown, transfer?: readonly ArrayBuffer[], signal?: AbortSignal): Promise<Result>;
  /** Resolves when the queue has room. Callers with many jobs await it before each. */
  ready(): Promise<void>;
  /** Stops the workers that have no job. The next jobs start new ones. */
  rest(): Promise<void>;
  /** Stops the workers; what is not done is rejected. */
  close(): Promise<void>;
}

/** The job crashed its worker, filled its memory, or would not end. */
export class WorkerDiedError extends CoppiceError {
  constructor(message: string) {
    super('INTERNAL', message);
  }
}

export const isWorkerDied = (error: unknown): error is WorkerDiedError => error instanceof WorkerDiedError;

/** A job in flight and one waiting at the worker, so that it never idles. */
const inFlightMax = 2;
const triesMax = 2;

/** A pool of worker threads; they start with the first jobs. */
export function createChunkPool(options: ChunkPoolOptions): ChunkPool {
  return new WorkerPool(options);
}

class WorkerPool implements ChunkPool {
  private readonly workers = new Set<PoolWorker>();
  private readonly queue: Job[] = [];
  /** Jobs that were in a worker when it died; each is tried again with a worker to itself. */
  private readonly suspects: Job[] = [];
  private waiting: (() => void)[] = [];
  private nextId = 0;
  private closed = false;

  constructor(private readonly options: ChunkPoolOptions) {}

  get workerCount(): number {
    return this.workers.size;
  }

  run<Result>(payload: unknown, transfer: readonly ArrayBuffer[] = [], signal?: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      throwIfAborted(signal);
      if (this.closed) throw new CoppiceError('ABORTED', 'the pool is closed');
      const onAbort = (): void => this.abandon(job, signal);
      const settled = (): void => {
        signal?.removeEventListener('abort', onAbort);
        this.wake();
      };
      const job: Job = {
        id: this.nextId++,
        payload,
        transfer,
        tries: 0,
        done: false,
        resolve: (result) => {
          settled();
          resolve(result as Result);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.queue.push(job);
      this.dispatch();
    });
  }

  async ready(): Promise<void> {
    while (this.queue.length >= (this.options.queueMax ?? this.options.workers * 4) && !this.closed) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  async rest(): Promise<void> {
    const idle = [...this.workers].filter(({ jobs }) => jobs.length === 0);
    for (const worker of idle) this.workers.delete(worker);
    await Promise.all(idle.map((worker) => worker.stop()));
  }

  async close(): Promise<void> {
    this.closed = true;
    const unfinished = [...this.queue, ...this.suspects, ...[...this.workers].flatMap(({ jobs }) => jobs)];
    this.queue.length = this.suspects.length = 0;
    for (const job of unfinished) settle(job, new CoppiceError('ABORTED', 'the pool was closed'));
    const stopping = [...this.workers].map((worker) => worker.stop());
    this.workers.clear();
    this.wake();
    await Promise.all(stopping);
  }

  private dispatch(): void {
    if (this.closed) return;
    for (;;) {
      const suspect = this.suspects[0];
      if (suspect !== undefined) {
        const idle = this.workerWithRoom(1);
        if (idle === undefined) break;
        this.suspects.shift();
        idle.give(suspect, true);
        continue;
      }
      if (this.queue.length === 0) break;
      const worker = this.workerWithRoom(inFlightMax);
      if (worker === undefined) break;
      worker.give(this.queue.shift()!, false);
    }
    this.wake();
  }

  /** The least busy worker with fewer than `jobsMax` jobs; a new one while all are busy and there may be more. */
  private workerWithRoom(jobsMax: number): PoolWorker | undefined {
    let best: PoolWorker | undefined;
    for (const worker of this.workers) {
      if (!worker.alone && (best === undefined || worker.jobs.length < best.jobs.length)) best = worker;
    }
    if (best?.jobs.length !== 0 && this.workers.size < this.options.workers) {
      best = new PoolWorker(this.options, {
        ready: () => this.dispatch(),
        idle: (worker) => {
          this.workers.delete(worker);
          void worker.stop();
        },
        died: (worker, reason) => this.bury(worker, reason),
      });
      this.workers.add(best);
    }
    return best !== undefined && best.jobs.length < jobsMax ? best : undefined;
  }

  private bury(worker: PoolWorker, reason: string): void {
    this.workers.delete(worker);
    for (const job of worker.jobs) {
      if (job.done) continue;
      if (++job.tries >= triesMax) settle(job, new WorkerDiedError(`a job ended its worker: ${reason}`));
      else this.suspects.push(job);
    }
    this.dispatch();
  }

  /** Forgets an aborted job. A worker that is at it goes on; its answer is dropped. */
  private abandon(job: Job, signal: AbortSignal | undefined): void {
    for (const list of [this.queue, this.suspects]) {
      const at = list.indexOf(job);
      if (at >= 0) list.splice(at, 1);
    }
    settle(job, new CoppiceError('ABORTED', 'the job was cancelled', { cause: signal?.reason }));
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function settle(job: Job, error: Error): void {
  if (job.done) return;
  job.done = true;
  job.reject(error);
}
