import { availableParallelism } from 'node:os';
import { CoppiceError, throwIfAborted, waitAside } from '../../base/index.js';
import { createJobPool, isThreadLost, threadScript } from '../../threads/index.js';
import type { JobPool } from '../../threads/index.js';
import { patternTimeout, patternTooLarge } from '../deadline.js';
import type { Deadline } from '../deadline.js';
import type { Wanted } from './find-in-text.js';
import type { Pattern } from '../pattern.js';
import { Runaways } from '../runaways.js';

interface Scan {
  readonly texts: readonly string[];
  readonly wanted: Wanted;
  readonly limit: number;
}

export interface ScanWork extends Scan {
  readonly pattern: Pattern;
}

export interface ScanJob extends Scan {
  readonly source: string;
  readonly options: Pattern['options'];
  /** It stops itself then. */
  readonly turnMs: number;
}

/** What was found in the first texts: all of them, unless the turn was over. */
export interface ScanAnswer {
  /** Where in `numbers` those of each text end; they begin where those of the text before it end. */
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly numbers: Uint32Array<ArrayBuffer>;
}

/** Enough for a batch of texts, by any pattern that will ever be done with them. */
const quickTurnMs = 40;
/** A text that it was not enough for waits among its like for a turn of so long, and after it for one twice as long. */
const longTurnMs = 250;
/** A thread whose turn is this much over does not hear. */
const deafMs = 2000;
const timerMax = 2 ** 31 - 1;
/** For texts of some MiB, and what V8 keeps of a pattern. */
const heapMb = 512;
const quickThreads = 2;
const longThreadsMax = 6;
/** Scans that may be on threads or wait for one, and characters of their texts: a single one may be larger. */
const waitingMax = 256;
const waitingCharsMax = 64 * 1024 * 1024;

let quick: JobPool | undefined;
let long: JobPool | undefined;
let waiting = 0;
let waitingChars = 0;
/** Those that took longer than a quick turn for one text. */
const slow = new Runaways();

const poolOf = (threads: number): JobPool =>
  createJobPool({ script: threadScript('scan'), threads, heapMb, inFlight: 1 });

/** Those that are soon done never wait for those that are not. */
const threadsFor = (turnMs: number): JobPool =>
  turnMs <= quickTurnMs
    ? (quick ??= poolOf(quickThreads))
    : (long ??= poolOf(Math.max(2, Math.min(longThreadsMax, availableParallelism() - 1))));

/**
 * Runs a pattern over texts on a thread, and tells what it found in the first of them, in one at least. Ends when the time is up or the
 * caller has gone. Others get the place of the request that waits.
 *
 * @throws CoppiceError PATTERN_TIMEOUT, ABORTED, SERVER_BUSY
 */
export async function scanOnThread(
  work: ScanWork,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<ScanAnswer> {
  const chars = work.texts.reduce((sum, { length }) => sum + length, 0);
  if (waiting >= waitingMax || (waiting > 0 && waitingChars + chars > waitingCharsMax)) throw tooMany();
  waiting++;
  waitingChars += chars;
  try {
    return await waitAside(() => takeTurns(work, deadline, signal));
  } finally {
    waiting--;
    waitingChars -= chars;
  }
}

async function takeTurns(work: ScanWork, deadline: Deadline, signal: AbortSignal | undefined): Promise<ScanAnswer> {
  for (let turnMs = slow.has(work.pattern) ? longTurnMs : quickTurnMs; ;) {
    const answer = await takeTurn(work, turnMs, deadline, signal);
    if (answer !== null && answer.ends.length > 0) return answer;
    slow.add(work.pattern);
    turnMs = Math.max(longTurnMs, turnMs * 2);
  }
}

/** Null when the thread was lost at it. */
async function takeTurn(
  work: ScanWork,
  turnMs: number,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<ScanAnswer | null> {
  throwIfAborted(signal);
  deadline.check();
  const end = new AbortController();
  const abort = (): void => end.abort();
  const timer = setTimeout(abort, Math.min(deadline.leftMs, timerMax));
  signal?.addEventListener('abort', abort, { once: true });
  const { pattern, ...scan } = work;
  const { source, options } = pattern;
  const job: ScanJob = { ...scan, source, options, turnMs: Math.min(turnMs, deadline.leftMs) };
  try {
    return await threadsFor(turnMs).run<ScanAnswer>(job, {
      signal: end.signal,
      first: !pattern.canExplode,
      // A turn that will soon be over costs less than a new thread.
      endOnAbort: turnMs > 2 * longTurnMs,
      tries: 1,
      deadlineMs: turnMs + deafMs,
    });
  } catch (error) {
    throwIfAborted(signal);
    if (end.signal.aborted || deadline.leftMs <= 0) throw patternTimeout(deadline.ms, error);
    if (!isThreadLost(error)) throw error;
    if (error.loss === 'memory') throw patternTooLarge(error);
    if (error.loss !== 'deadline') throw error;
    return null;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

const tooMany = (): CoppiceError =>
  new CoppiceError('SERVER_BUSY', `${waiting} patterns that take long are being searched for already`, {
    hint: 'try again in a moment',
    data: { limit: waitingMax },
  });
