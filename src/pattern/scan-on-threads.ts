import { availableParallelism } from 'node:os';
import { throwIfAborted } from '../base/index.js';
import { createJobPool, isThreadLost, threadScript } from '../threads/index.js';
import type { JobPool } from '../threads/index.js';
import { patternTimeout, patternTooLarge } from './deadline.js';
import type { Deadline } from './deadline.js';
import type { Wanted } from './find-in-text.js';
import type { Pattern } from './pattern.js';

export interface ScanJob {
  readonly source: string;
  readonly options: Pattern['options'];
  readonly texts: readonly string[];
  readonly wanted: Wanted;
  readonly limit: number;
}

export interface ScanAnswer {
  /** Where in `numbers` those of each text end; they begin where those of the text before it end. */
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly numbers: Uint32Array<ArrayBuffer>;
}

/** A job that takes longer gives way to those that wait: it begins anew behind them, with twice the time. */
const firstTurnMs = 500;
const timerMax = 2 ** 31 - 1;
/** For texts of some MiB, and what V8 keeps of a pattern. */
const heapMb = 512;

let pool: JobPool | undefined;

/** More threads than processors, as patterns that never end would else hold all of them; each runs with low priority. */
const threads = (): JobPool =>
  (pool ??= createJobPool({
    script: threadScript('scan'),
    threads: Math.min(8, Math.max(4, availableParallelism())),
    heapMb,
    inFlight: 1,
  }));

/** Runs a pattern over texts on a thread, which is ended when the time is up or the caller has gone. */
export async function scanOnThread(
  job: ScanJob,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<ScanAnswer> {
  for (let turnMs = firstTurnMs; ; turnMs *= 2) {
    throwIfAborted(signal);
    deadline.check();
    const end = new AbortController();
    const abort = (): void => end.abort();
    const timer = setTimeout(abort, Math.min(deadline.leftMs, timerMax));
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await threads().run<ScanAnswer>(job, {
        signal: end.signal,
        endOnAbort: true,
        tries: 1,
        deadlineMs: turnMs,
      });
    } catch (error) {
      throwIfAborted(signal);
      if (end.signal.aborted || deadline.leftMs <= 0) throw patternTimeout(deadline.ms, error);
      if (!isThreadLost(error)) throw error;
      if (error.loss === 'memory') throw patternTooLarge(error);
      if (error.loss !== 'deadline') throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }
}
