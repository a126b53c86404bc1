import { CoppiceError } from '../base/index.js';

/**
 * How a thread ended under its job: the job took longer than its deadline, filled the thread's heap, or made it exit or throw outside the job; or
 * the thread did not come up, or with less heap than it was promised, which says nothing about the job.
 */
export type ThreadLoss = 'deadline' | 'memory' | 'crashed' | 'start';

/** The thread that was at a job is gone. */
export class ThreadLostError extends CoppiceError {
  constructor(
    readonly loss: ThreadLoss,
    reason: string,
  ) {
    super(
      'WORKERS_LOST',
      loss === 'start' ? `no worker thread starts: ${reason}` : `a job ended its thread: ${reason}`,
      {
        hint: 'The machine may be out of memory, threads or open files (ulimit -n, ulimit -u): give it more, or run the command again when it has less to do.',
        data: { loss },
      },
    );
  }
}

export const isThreadLost = (error: unknown): error is ThreadLostError => error instanceof ThreadLostError;
