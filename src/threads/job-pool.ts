import type { TransferListItem } from 'node:worker_threads';
import { CoppiceError, throwIfAborted, messageOf } from '../base/index.js';
import { PoolThread, isCopied } from './pool-thread.js';
import type { Job } from './pool-thread.js';
import { ThreadLostError } from './thread-lost.js';
import type { ThreadLoss } from './thread-lost.js';

export interface JobPoolOptions {
  /** Module that a thread runs; it calls `serveJobs`. See `threadScript`. */
  readonly script: URL;
  /** Threads at most. They start with the first jobs (see also `start`). */
  readonly threads: number;
  /** JavaScript heap of one thread, in MiB; a job that needs more ends its thread. The same on every machine. */
  readonly heapMb: number;
  /** Available to the thread as `workerData`. */
  readonly data?: unknown;
  /** Jobs that a thread is given at once. Default 2: one in work and one waiting there, so that it never idles. */
  readonly inFlight?: number;
  /** A thread without a job for so long is stopped. Default: a minute. */
  readonly idleMs?: number;
  /** Jobs that may wait before `ready` makes the caller wait. Default: four for each thread. */
  readonly queueMax?: number;
  /** Deadline of jobs that have none of their own. Default: two minutes, which is for threads that hang. */
  readonly deadlineMs?: number;
}

export interface JobOptions {
  /**
   * Given away: moved to the thread with the last try, buffers copied before, because an earlier one may be lost with
   * its thread.
   */
  readonly transfer?: readonly TransferListItem[];
  /** Rejects the job at once. */
  readonly signal?: AbortSignal | undefined;
  /** From when a thread is at the job, on the wall clock; the thread is ended then. */
  readonly deadlineMs?: number;
  /** How often the job may be in a thread that dies of it; the last time alone on a fresh one. Default 2. */
  readonly tries?: number;
  /** It goes before all that wait and are not first. */
  readonly first?: boolean;
  /** An abort also ends the thread if it is at this job, for work that does not listen. */
  readonly endOnAbort?: boolean;
}

/** Runs jobs (whatever the threads' module serves) on worker threads, and survives what they do to those threads. */
export interface JobPool {
  /** Threads that run, or are about to. */
  readonly threadCount: number;
  /** Threads at most from now on; those that run go on. */
  threadsMax: number;
  /** Jobs that no thread has taken yet. */
  readonly queued: number;
  /** Rejects with ThreadLostError (WORKERS_LOST) when its threads died of it, or none starts; with what the job threw otherwise. */
  run<Result>(payload: unknown, options?: JobOptions): Promise<Result>;
  /** Resolves when the queue has room. Callers with many jobs await it before each. */
  ready(): Promise<void>;
  /** Starts all threads there may be, for jobs that are about to come. */
  start(): void;
  /** Stops the threads that have no job. The next jobs start new ones. */
  rest(): Promise<void>;
  /** Stops the threads; what is not done is rejected. */
  close(): Promise<void>;
}

const inFlightDefault = 2;
const triesDefault = 2;
const deadlineMsDefault = 120_000;
/** Threads that did not start one after the other, with pauses between, before that is an error. */
const startsMax = 4;
const startPauseMs = 50;

export function createJobPool(options: JobPoolOptions): JobPool {
  return new ThreadPool(options);
}

class ThreadPool implements JobPool {
  private readonly threads = new Set<PoolThread>();
  private readonly queue: Job[] = [];
  /** Jobs that a thread died of; each is tried again with a thread to itself. */
  private readonly suspects: Job[] = [];
  private waiting: (() => void)[] = [];
  private readonly aborts = new AbortActions();
  private nextId = 0;
  private closed = false;
  /** Threads in a row that did not start. */
  private failedStarts = 0;
  /** Until it fires no thread is started. */
  private startPause: NodeJS.Timeout | null = null;

  threadsMax: number;

  constructor(private readonly options: JobPoolOptions) {
    this.threadsMax = options.threads;
  }

  get threadCount(): number {
    return this.threads.size;
  }

  get queued(): number {
    return this.queue.length + this.suspects.length;
  }

  run<Result>(payload: unknown, options: JobOptions = {}): Promise<Result> {
    const { transfer = [], signal, tries = triesDefault, endOnAbort = false } = options;
    return new Promise((resolve, reject) => {
      throwIfAborted(signal);
      if (this.closed) throw new CoppiceError('ABORTED', 'the pool is closed');
      const onAbort = (): void => this.abandon(job, endOnAbort, signal);
      const settled = (): void => {
        if (signal !== undefined) this.aborts.remove(signal, onAbort);
        this.wake();
      };
      const job: Job = {
        id: this.nextId++,
        payload,
        transfer,
        deadlineMs: options.deadlineMs ?? this.options.deadlineMs ?? deadlineMsDefault,
        triesMax: tries,
        tries: 0,
        first: options.first ?? false,
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
      if (signal !== undefined) this.aborts.add(signal, onAbort);
      if (job.first) this.queue.splice(this.queue.findIndex((other) => !other.first) >>> 0, 0, job);
      else this.queue.push(job);
      this.dispatch();
    });
  }

  async ready(): Promise<void> {
    while (this.queue.length >= (this.options.queueMax ?? this.threadsMax * 4) && !this.closed) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  start(): void {
    while (this.canStart && this.startThread() !== undefined);
  }

  async rest(): Promise<void> {
    const idle = [...this.threads].filter(({ jobs }) => jobs.length === 0);
    for (const thread of idle) this.threads.delete(thread);
    await Promise.all(idle.map((thread) => thread.stop()));
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.startPause !== null) clearTimeout(this.startPause);
    const unfinished = [...this.queue, ...this.suspects, ...[...this.threads].flatMap(({ jobs }) => jobs)];
    this.queue.length = this.suspects.length = 0;
    for (const job of unfinished) settle(job, new CoppiceError('ABORTED', 'the pool was closed'));
    const stopping = [...this.threads].map((thread) => thread.stop());
    this.threads.clear();
    this.wake();
    await Promise.all(stopping);
  }

  private dispatch(): void {
    if (this.closed) return;
    for (;;) {
      const suspect = this.suspects[0];
      if (suspect !== undefined) {
        const idle = this.threadWithRoom(1);
        if (idle === undefined) break;
        this.suspects.shift();
        idle.give(suspect, true);
        continue;
      }
      const job = this.queue[0];
      if (job === undefined) break;
      const thread = this.threadWithRoom(this.options.inFlight ?? inFlightDefault);
      if (thread === undefined) break;
      this.queue.shift();
      thread.give(job, false);
    }
    this.wake();
  }

  /** The least busy thread with fewer than `jobsMax` jobs; a new one while all are busy and there may be more. */
  private threadWithRoom(jobsMax: number): PoolThread | undefined {
    let best: PoolThread | undefined;
    for (const thread of this.threads) {
      if (!thread.alone && (best === undefined || thread.jobs.length < best.jobs.length)) best = thread;
    }
    if (best?.jobs.length !== 0 && this.canStart) best = this.startThread() ?? best;
    return best !== undefined && best.jobs.length < jobsMax ? best : undefined;
  }

  private get canStart(): boolean {
    return !this.closed && this.threads.size < this.threadsMax && this.startPause === null;
  }

  private startThread(): PoolThread | undefined {
    try {
      const thread = new PoolThread(this.options, {
        ready: () => {
          this.failedStarts = 0;
          this.dispatch();
        },
        idle: (idle) => {
          this.threads.delete(idle);
          void idle.stop();
        },
        died: (dead, loss, reason) => this.bury(dead, loss, reason),
      });
      this.threads.add(thread);
      return thread;
    } catch (error) {
      this.pauseStarts(messageOf(error));
      return undefined;
    }
  }

  private bury(thread: PoolThread, loss: ThreadLoss, reason: string): void {
    this.threads.delete(thread);
    // Only the job that a thread was at can have ended it.
    const [suspect] = thread.jobs;
    const innocent = thread.jobs.filter((job) => !job.done && (loss === 'start' || job !== suspect));
    if (suspect?.done === false && loss !== 'start') {
      if (++suspect.tries >= suspect.triesMax) settle(suspect, new ThreadLostError(loss, reason));
      else this.suspects.push(suspect);
    }
    const isWhole = ({ transfer }: Job): boolean => !thread.started || transfer.every(isCopied);
    for (const job of innocent) if (!isWhole(job)) settle(job, new ThreadLostError(loss, reason));
    this.queue.unshift(...innocent.filter(isWhole));
    if (loss === 'start') this.pauseStarts(reason);
    this.dispatch();
  }

  /**
   * A thread did not start: want of memory, threads or descriptors passes, and other threads may be at work. When none has come up for
   * some tries, what waits is rejected.
   */
  private pauseStarts(reason: string): void {
    this.failedStarts++;
    if (this.failedStarts >= startsMax && this.threads.size === 0) {
      this.failedStarts = 0;
      const waiting = [...this.queue, ...this.suspects];
      this.queue.length = this.suspects.length = 0;
      for (const job of waiting) settle(job, new ThreadLostError('start', reason));
      return;
    }
    if (this.startPause !== null) return;
    const pauseMs = startPauseMs * 2 ** Math.min(this.failedStarts, 5);
    this.startPause = setTimeout(() => {
      this.startPause = null;
      this.dispatch();
    }, pauseMs);
  }

  /** Forgets an aborted job. A thread that is at it goes on, its answer dropped, unless it shall end. */
  private abandon(job: Job, ends: boolean, signal: AbortSignal | undefined): void {
    for (const list of [this.queue, this.suspects]) {
      const at = list.indexOf(job);
      if (at >= 0) list.splice(at, 1);
    }
    settle(job, new CoppiceError('ABORTED', 'the job was cancelled', { cause: signal?.reason }));
    if (!ends) return;
    for (const thread of this.threads) {
      if (thread.jobs[0] !== job) continue;
      // One that is about to start is none the worse for it, and is of use to the next.
      if (thread.started) thread.kill('crashed', 'its job was cancelled');
      else thread.forget(job);
    }
    this.dispatch();
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** What is to be done when a signal aborts, by one listener of each: Node warns of more than ten. */
class AbortActions {
  private readonly known = new Map<AbortSignal, { readonly actions: Set<() => void>; readonly listener: () => void }>();

  add(signal: AbortSignal, action: () => void): void {
    let known = this.known.get(signal);
    if (known === undefined) {
      const actions = new Set<() => void>();
      known = { actions, listener: () => [...actions].forEach((act) => act()) };
      this.known.set(signal, known);
      signal.addEventListener('abort', known.listener);
    }
    known.actions.add(action);
  }

  remove(signal: AbortSignal, action: () => void): void {
    const known = this.known.get(signal);
    if (known === undefined) return;
    known.actions.delete(action);
    if (known.actions.size > 0) return;
    signal.removeEventListener('abort', known.listener);
    this.known.delete(signal);
  }
}

function settle(job: Job, error: Error): void {
  if (job.done) return;
  job.done = true;
  job.reject(error);
}
