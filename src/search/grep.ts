import { throwIfAborted } from '../base/index.js';
import { scanTexts } from '../pattern/index.js';
import type { FoundInText, ScanRequest } from '../pattern/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { backendOf, bringTexts } from './backend.js';
import { candidatePages } from './candidate-parts.js';
import type { FileMask } from './file-mask.js';

/** A matching line: its file's position in the snapshot, line and column from 0. */
export interface GrepLine {
  readonly file: number;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly text: string;
}

export interface GrepRequest extends ScanRequest {
  readonly mask: FileMask;
  /** The lines that do not match. */
  readonly invert?: boolean;
  /** Lines to find at most. */
  readonly maxCount: number;
}

/** How many lines of a file match. */
export interface FileCount {
  /** Its position in the snapshot. */
  readonly file: number;
  readonly count: number;
}

/** Where texts of lines stand, by their number in a scan. */
interface TextPlaces {
  fileOf(i: number): number;
  firstLineOf(i: number): number;
}

type FoundTexts = AsyncGenerator<readonly FoundInText[], void, undefined>;

/**
 * The matching lines of a snapshot in order of path and line, as they are found: exactly those of a scan of all its lines, since
 * every chunk that can match is a candidate and is then read. Nothing is searched ahead of who takes the batches. Returns
 * whether `maxCount` cut the list.
 */
export function grepLines(
  snapshot: Snapshot,
  request: GrepRequest,
): AsyncGenerator<readonly GrepLine[], boolean, undefined> {
  const limit = new LineLimit(request.maxCount);
  const { places, found } = scanSnapshot(snapshot, request, () => limit.left);
  return limit.apply(matchedLines(found, places, request.signal));
}

/**
 * How many lines of each file match, in order. Every file is looked at: a count that stopped somewhere would be wrong, and a list of
 * files without those that come later too.
 */
export function countLines(
  snapshot: Snapshot,
  request: Omit<GrepRequest, 'maxCount'>,
): AsyncGenerator<readonly FileCount[], void, undefined> {
  const { places, found } = scanSnapshot(snapshot, request);
  return countedLines(found, places);
}

/** Lets so many lines pass. */
export class LineLimit {
  /** Lines that are still looked for: one more than pass, to tell that there are more. */
  left: number;

  constructor(maxCount: number) {
    this.left = maxCount + 1;
  }

  /** The lines that pass; returns whether there were more. */
  async *apply(
    batches: AsyncGenerator<GrepLine[], void, undefined>,
  ): AsyncGenerator<readonly GrepLine[], boolean, undefined> {
    for await (const batch of batches) {
      this.left -= batch.length;
      if (this.left > 0) {
        yield batch;
        continue;
      }
      const pass = batch.length - 1 + this.left;
      if (pass > 0) yield batch.slice(0, pass);
      return true;
    }
    return false;
  }
}

/** How many of the lines that were found each file has. */
export async function* countedLines(
  found: FoundTexts,
  places: TextPlaces,
): AsyncGenerator<readonly FileCount[], void, undefined> {
  let file = -1;
  let count = 0;
  for await (const batch of found) {
    const ended: FileCount[] = [];
    for (const { i, numbers } of batch) {
      const next = places.fileOf(i);
      if (next !== file && count > 0) {
        ended.push({ file, count });
        count = 0;
      }
      file = next;
      count += numbers.length / 5;
    }
    if (ended.length > 0) yield ended;
  }
  if (count > 0) yield [{ file, count }];
}

/** The lines that were found, in batches that are not empty. */
export async function* matchedLines(
  found: FoundTexts,
  places: TextPlaces,
  signal: AbortSignal | undefined,
): AsyncGenerator<GrepLine[], void, undefined> {
  for await (const texts of found) {
    throwIfAborted(signal);
    let batch: GrepLine[] = [];
    let chars = 0;
    for (const { i, text, numbers } of texts) {
      const file = places.fileOf(i);
      const firstLine = places.firstLineOf(i);
      for (let at = 0; at < numbers.length; at += 5) {
        batch.push({
          file,
          line: firstLine + numbers[at]!,
          column: numbers[at + 3]!,
          length: numbers[at + 4]!,
          text: text.slice(numbers[at + 1], numbers[at + 2]),
        });
        chars += numbers[at + 2]! - numbers[at + 1]!;
        if (chars < batchCharsMax) continue;
        yield batch;
        batch = [];
        chars = 0;
      }
    }
    if (batch.length > 0) yield batch;
  }
}

/** What is yielded at once has no more characters, but for the last line's. */
const batchCharsMax = 128 * 1024;

/** The chunks of a snapshot that can match, in order of path and line, and what is found in them. */
function scanSnapshot(
  snapshot: Snapshot,
  { pattern, mask, invert = false, deadline, signal }: Omit<GrepRequest, 'maxCount'>,
  limit?: () => number,
): { places: TextPlaces; found: FoundTexts } {
  // Lines that do not match can be anywhere.
  const plan = invert ? ({ kind: 'all' } as const) : pattern.plan;
  const wanted = invert ? ('other-lines' as const) : ('lines' as const);
  let positions: Uint32Array = new Uint32Array(0);
  const textOf = (i: number): string => snapshot.segments.chunkText(snapshot.occurrenceDocs[positions[i]!]!);
  async function* scan(): FoundTexts {
    await backendOf(snapshot).bring({ plans: [plan] }, signal);
    for (const page of candidatePages(snapshot, plan, mask, limit)) {
      positions = page;
      if (!backendOf(snapshot).isHere)
        await bringTexts(
          snapshot,
          page.map((position) => snapshot.occurrenceDocs[position]!),
          signal,
        );
      const texts = { pattern, deadline, signal, count: page.length, textOf, wanted };
      yield* scanTexts(limit === undefined ? texts : { ...texts, limit });
      if (limit !== undefined && limit() <= 0) return;
    }
  }
  const places = {
    fileOf: (i: number) => snapshot.occurrenceFiles[positions[i]!]!,
    firstLineOf: (i: number) => snapshot.occurrenceLines[positions[i]!]!,
  };
  return { places, found: scan() };
}
