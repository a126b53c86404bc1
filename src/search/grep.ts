import { elapsedMs, throwIfAborted, yieldToEventLoop } from '../base/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { candidateDocs } from './candidates.js';
import type { FileMask } from './file-mask.js';
import { runWithDeadline } from './guard.js';
import type { CompiledPattern } from './pattern.js';

/** A matching line: its file's position in the snapshot, line and column from 0. */
export interface GrepLine {
  readonly file: number;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly text: string;
}

export interface GrepRequest {
  readonly pattern: CompiledPattern;
  readonly mask: FileMask;
  /** Lines to find at most. */
  readonly maxCount: number;
  /** Of matching; the time in which nobody takes the lines does not count. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/** How many lines of a file match. */
export interface FileCount {
  /** Its position in the snapshot. */
  readonly file: number;
  readonly count: number;
}

/**
 * The matching lines of a snapshot in order of path and line, as they are found: exactly those of a scan of all its lines, since
 * every chunk that can match is a candidate and is then read. Nothing is searched ahead of who takes the batches. Returns
 * whether `maxCount` cut the list.
 */
export async function* grepLines(
  snapshot: Snapshot,
  request: GrepRequest,
): AsyncGenerator<readonly GrepLine[], boolean, undefined> {
  let left = request.maxCount;
  for await (const batch of matchBatches(snapshot, request)) {
    if (batch.length > left) {
      if (left > 0) yield batch.slice(0, left);
      return true;
    }
    left -= batch.length;
    yield batch;
  }
  return false;
}

/** As `grepLines`, but only how many there are in each file, in order; of at most `maxCount` lines. */
export async function* countLines(
  snapshot: Snapshot,
  request: GrepRequest,
): AsyncGenerator<readonly FileCount[], void, undefined> {
  let file = -1;
  let count = 0;
  for await (const batch of grepLines(snapshot, request)) {
    const ended: FileCount[] = [];
    for (const line of batch) {
      if (line.file !== file && count > 0) {
        ended.push({ file, count });
        count = 0;
      }
      file = line.file;
      count++;
    }
    if (ended.length > 0) yield ended;
  }
  if (count > 0) yield [{ file, count }];
}

/** After so long of matching other work of the process gets its turn, in milliseconds, and what was found goes out. */
const sliceMs = 12;
/** What was found goes out sooner when it is so much: lines, and characters of them. */
const batchLinesMax = 2000;
const batchCharsMax = 128 * 1024;

/**
 * The only loop that matches lines of a snapshot: batches of them, none empty, in order of path and line; of `maxCount` one more, to
 * tell that there are more.
 */
async function* matchBatches(
  snapshot: Snapshot,
  { pattern, mask, maxCount, deadlineMs, signal }: GrepRequest,
): AsyncGenerator<GrepLine[], void, undefined> {
  const positions = occurrencesOf(snapshot, candidateDocs(snapshot, pattern.plan), mask);
  let leftMs = deadlineMs;
  let leftCount = maxCount + 1;
  let next = 0;
  let batch: GrepLine[] = [];
  let chars = 0;
  const runSlice = (): void => {
    const endMs = elapsedMs() + sliceMs;
    while (next < positions.length) {
      const position = positions[next++]!;
      const file = snapshot.occurrenceFiles[position]!;
      const firstLine = snapshot.occurrenceLines[position]!;
      const text = snapshot.segments.chunkText(snapshot.occurrenceDocs[position]!);
      pattern.matchLines(text, (line, start, end, column, length) => {
        batch.push({ file, line: firstLine + line, column, length, text: text.slice(start, end) });
        chars += end - start;
        return batch.length < leftCount;
      });
      if (batch.length >= Math.min(leftCount, batchLinesMax) || chars >= batchCharsMax) return;
      if ((next & 15) === 0 && elapsedMs() > endMs) return;
    }
  };
  while (next < positions.length && leftCount > 0) {
    const startMs = elapsedMs();
    if (pattern.canBacktrack) runWithDeadline(leftMs, runSlice);
    else runSlice();
    leftMs -= elapsedMs() - startMs;
    throwIfAborted(signal);
    if (batch.length > 0) {
      leftCount -= batch.length;
      yield batch;
      throwIfAborted(signal);
      batch = [];
      chars = 0;
    }
    await yieldToEventLoop();
  }
}

/** Where the docs occur in files that the mask lets pass, in order of path and line. */
export function occurrencesOf(snapshot: Snapshot, docs: readonly number[], mask: FileMask): Uint32Array {
  const positions: number[] = [];
  for (const doc of docs) {
    snapshot.forEachOccurrence(doc, (position) => {
      if (mask === null || mask[snapshot.occurrenceFiles[position]!] === 1) positions.push(position);
    });
  }
  return Uint32Array.from(positions).sort();
}
