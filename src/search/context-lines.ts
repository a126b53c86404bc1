import type { Snapshot } from '../snapshot/index.js';
import type { GrepLine } from './grep.js';
import { TimeSlices } from '../base/index.js';

/** A line of grep's output: a match, or (column -1) a line near one. */
export type GrepOutputLine = GrepLine;

/** The lines with up to `count` lines around each, in order, each line once. */
export async function withContext(
  snapshot: Snapshot,
  lines: readonly GrepLine[],
  count: number,
  signal: AbortSignal | undefined,
): Promise<GrepOutputLine[]> {
  const slices = new TimeSlices(signal);
  const result: GrepOutputLine[] = [];
  for (let from = 0; from < lines.length;) {
    if (slices.isOver) await slices.next();
    const { file } = lines[from]!;
    let to = from + 1;
    while (to < lines.length && lines[to]!.file === file) to++;
    const all = fileLines(snapshot, file);
    const matches = new Map(lines.slice(from, to).map((match) => [match.line, match]));
    let printed = -1;
    for (const { line } of lines.slice(from, to)) {
      for (let at = Math.max(printed + 1, line - count); at <= Math.min(line + count, all.length - 1); at++) {
        result.push(matches.get(at) ?? { file, line: at, column: -1, length: 0, text: all[at]! });
        printed = at;
      }
    }
    from = to;
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
