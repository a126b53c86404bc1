import { TimeSlices, elapsedMs, throwIfAborted } from '../../base/index.js';
import type { Deadline } from '../deadline.js';
import { findInText, numbersOf } from './find-in-text.js';
import type { Wanted } from './find-in-text.js';
import { canRunWithDeadline, isGuardTimeout, runWithDeadline } from '../guard.js';
import { unguardedMatcherOf } from '../pattern.js';
import type { Pattern } from '../pattern.js';
import { Runaways } from '../runaways.js';
import { scanOnThread } from './scan-on-threads.js';

export interface ScanRequest {
  readonly pattern: Pattern;
  /** Of all scans of the request. A pattern that cannot backtrack needs none, and is not stopped. */
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
}

export interface TextScan extends ScanRequest {
  /** How many texts there are, and each. */
  readonly count: number;
  readonly textOf: (i: number) => string;
  readonly wanted: Wanted;
  /** Lines or matches that are still of use, beyond those of batches that were taken. */
  readonly limit?: () => number;
}

export interface FoundInText {
  readonly i: number;
  readonly text: string;
  /** See `Wanted`; never empty. */
  readonly numbers: ArrayLike<number>;
}

type FoundBatches = AsyncGenerator<readonly FoundInText[], void, undefined>;

/** After this long other work of the process gets its turn. */
const sliceMs = 12;
/** A pattern that can backtrack has this long for a slice before it is stopped and goes on in a thread. */
const tryMs = 20;
/** After one was stopped, or took most of its time, those that could explode go to threads at once for so long: many bad ones together hold up nobody; */
const cautionMs = 300;
/** others have less time, which is still enough for a batch of texts by nearly every one of them. */
const cautiousTryMs = 5;
const batchTexts = 64;
/** Of so many times as much, once the first show that it goes well: a guard costs as much as reading some texts. */
const batchGrowthMax = 8;
const batchChars = 128 * 1024;
/** What was found goes out when it is so much. */
const batchNumbers = 10_000;

let cautiousUntilMs = 0;
const runaways = new Runaways();

/**
 * Runs a pattern over texts in order, and yields what it finds, in batches that are not empty. Nothing is searched ahead of who takes them.
 *
 * This is the only way to run a user's pattern. One that takes linear time whatever the text runs in this thread, in slices. One that can
 * backtrack nearly always does as well as those, so it runs here too, stopped from outside when a slice of it takes too long; the rest is
 * then done on worker threads (which costs a copy of each text, and their start: too much for every pattern with `.*`), until the deadline. So no pattern holds up this thread for more than 20 ms.
 *
 * @throws CoppiceError PATTERN_TIMEOUT, ABORTED, SERVER_BUSY
 */
export async function* scanTexts(scan: TextScan): FoundBatches {
  const { deadline } = scan;
  const batches = batchesOf(scan);
  for (;;) {
    deadline.start();
    let next: IteratorResult<readonly FoundInText[], void>;
    try {
      next = await batches.next();
    } finally {
      deadline.stop();
    }
    if (next.done === true) return;
    yield next.value;
  }
}

/** The same for who takes everything. */
export async function scanAllTexts(scan: TextScan, onFound: (found: FoundInText) => void): Promise<void> {
  for await (const batch of scanTexts(scan)) for (const found of batch) onFound(found);
}

const batchesOf = (scan: TextScan): FoundBatches => (scan.pattern.canBacktrack ? scanGuarded(scan) : scanFreely(scan));

async function* scanFreely(scan: TextScan): FoundBatches {
  const { pattern, count, textOf, wanted, limit, signal } = scan;
  const matcher = unguardedMatcherOf(pattern);
  let batch: FoundInText[] = [];
  let numbersCount = 0;
  const slices = new TimeSlices(signal, sliceMs);
  for (let i = 0; i < count; i++) {
    const text = textOf(i);
    const numbers = findInText(matcher, text, wanted, (limit?.() ?? Infinity) - numbersCount / numbersOf[wanted]);
    if (numbers.length > 0) {
      batch.push({ i, text, numbers });
      numbersCount += numbers.length;
    }
    const isFull = numbersCount >= batchNumbers || (limit !== undefined && numbersCount >= limit() * numbersOf[wanted]);
    const isOver = ((i & 7) === 7 || text.length > batchChars) && slices.isOver;
    if (!isFull && !isOver) continue;
    if (batch.length > 0) yield batch;
    batch = [];
    numbersCount = 0;
    throwIfAborted(signal);
    if (slices.isOver) await slices.next();
  }
  if (batch.length > 0) yield batch;
}

async function* scanGuarded(scan: TextScan): FoundBatches {
  const { pattern, count, deadline, signal } = scan;
  const slices = new TimeSlices(signal, sliceMs);
  let growth = 1;
  for (let next = 0; next < count;) {
    const texts = readBatch(scan, next, growth);
    const isHere = isTried(pattern) && canRunWithDeadline();
    const found = isHere ? tryBatch(scan, texts) : await askThread(scan, texts);
    const batch: FoundInText[] = [];
    for (const [at, numbers] of found.entries())
      if (numbers.length > 0) batch.push({ i: next + at, text: texts[at]!, numbers });
    if (batch.length > 0) yield batch;
    next += found.length;
    growth = found.length < texts.length ? 1 : Math.min(2 * growth, batchGrowthMax);
    throwIfAborted(signal);
    if (next >= count) return;
    deadline.check();
    if (slices.isOver) await slices.next();
  }
}

const isCautious = (): boolean => elapsedMs() < cautiousUntilMs;

const isTried = (pattern: Pattern): boolean => !runaways.has(pattern) && !(pattern.canExplode && isCautious());

/** What is found in the first texts of a batch: all of them, unless it takes long. */
function tryBatch({ pattern, wanted, limit, deadline }: TextScan, batch: readonly string[]): (readonly number[])[] {
  const matcher = unguardedMatcherOf(pattern);
  const found: (readonly number[])[] = [];
  const max = limit?.() ?? Infinity;
  const patienceMs = isCautious() ? cautiousTryMs : tryMs;
  const before = process.cpuUsage();
  // On a busy machine a clock goes on while nothing is done: that says nothing of the pattern.
  const workedMs = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  try {
    runWithDeadline(Math.min(patienceMs, Math.max(1, deadline.leftMs)), () => {
      const sliceEnd = elapsedMs() + sliceMs;
      for (const text of batch) {
        found.push(findInText(matcher, text, wanted, max));
        if (elapsedMs() > sliceEnd) return;
      }
    });
  } catch (error) {
    if (!isGuardTimeout(error)) throw error;
    if (workedMs() > patienceMs / 2) runaways.add(pattern);
  }
  if (workedMs() > tryMs * 0.75) cautiousUntilMs = elapsedMs() + cautionMs;
  return found;
}

/** What is found in the first texts of a batch, by a thread. */
async function askThread(scan: TextScan, texts: readonly string[]): Promise<ArrayLike<number>[]> {
  const { pattern, wanted, limit, deadline, signal } = scan;
  const work = { pattern, texts, wanted, limit: limit?.() ?? Infinity };
  const { ends, numbers } = await scanOnThread(work, deadline, signal);
  return Array.from(ends, (end, i) => numbers.subarray(i === 0 ? 0 : ends[i - 1]!, end));
}

/** Texts are read outside of what may be stopped anywhere. */
function readBatch({ count, textOf }: TextScan, first: number, growth: number): string[] {
  const texts: string[] = [];
  let chars = 0;
  for (let i = first; i < count && texts.length < batchTexts * growth && chars < batchChars * growth; i++) {
    const text = textOf(i);
    texts.push(text);
    chars += text.length;
  }
  return texts;
}
