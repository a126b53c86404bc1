import { TimeSlices } from '../base/index.js';
import type { Snapshot } from '../snapshot/index.js';
import type { GrepLine } from './grep.js';

/** A line of grep's output: a match, or (column -1) a line near one. */
export type GrepOutputLine = GrepLine;

/** How many lines to show before and after each match. */
export interface LinesAround {
  readonly before: number;
  readonly after: number;
}

/** All lines of a file, by its number. */
export type LinesOfFile = (file: number) => readonly string[];

/**
 * Batches of matching lines with some lines around each, in order, each line once. Holds the matches of one
 * file. Returns what `batches` does.
 */
export async function* withContext<R>(
  linesOfFile: LinesOfFile,
  batches: AsyncGenerator<readonly GrepLine[], R, undefined>,
  around: LinesAround,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly GrepOutputLine[], R, undefined> {
  const slices = new TimeSlices(signal);
  let ofFile: GrepLine[] = [];
  try {
    for (;;) {
      const next = await batches.next();
      if (next.done === true) {
        if (ofFile.length > 0) yield aroundMatches(linesOfFile, ofFile, around);
        return next.value;
      }
      const result: GrepOutputLine[] = [];
      for (const line of next.value) {
        if (ofFile.length > 0 && ofFile[0]!.file !== line.file) {
          for (const shown of aroundMatches(linesOfFile, ofFile, around)) result.push(shown);
          ofFile = [];
          if (slices.isOver) await slices.next();
        }
        ofFile.push(line);
      }
      if (result.length > 0) yield result;
    }
  } finally {
    await batches.return(undefined as R);
  }
}

function aroundMatches(linesOfFile: LinesOfFile, lines: readonly GrepLine[], around: LinesAround): GrepOutputLine[] {
  const { file } = lines[0]!;
  const all = linesOfFile(file);
  const matches = new Map(lines.map((match) => [match.line, match]));
  const result: GrepOutputLine[] = [];
  let printed = -1;
  for (const { line } of lines) {
    for (
      let at = Math.max(printed + 1, line - around.before);
      at <= Math.min(line + around.after, all.length - 1);
      at++
    ) {
      result.push(matches.get(at) ?? { file, line: at, column: -1, length: 0, text: all[at]! });
      printed = at;
    }
  }
  return result;
}

/** All lines of a file, without their newlines. */
export function fileLines(snapshot: Snapshot, file: number): string[] {
  return linesOf(snapshot.files[file]!.record.docs.map((doc) => snapshot.segments.chunkText(doc)).join(''));
}

/** The lines of a text, without their newlines; there is none after a final one. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
