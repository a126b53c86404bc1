import type { Snapshot } from '../snapshot/index.js';
import { candidateDocs } from './candidates.js';
import type { FileMask } from './file-mask.js';
import type { CompiledPattern } from './pattern.js';
import { forEachInSlices } from './slices.js';

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
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The matching lines of a snapshot in order of path and line: exactly those of a scan of all its lines, since every
 * chunk that can match is a candidate and is then read.
 */
export async function grepSnapshot(
  snapshot: Snapshot,
  request: GrepRequest,
): Promise<{ lines: GrepLine[]; truncated: boolean }> {
  const lines: GrepLine[] = [];
  const truncated = await scan(snapshot, request, (position, text, line, start, end, column, length) => {
    lines.push({
      file: snapshot.occurrenceFiles[position]!,
      line: snapshot.occurrenceLines[position]! + line,
      column,
      length,
      text: text.slice(start, end),
    });
    return lines.length > request.maxCount;
  });
  if (truncated) lines.pop();
  return { lines, truncated };
}

/** Matching lines for each file that has any, by position, in order. */
export async function countSnapshot(snapshot: Snapshot, request: GrepRequest): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  let total = 0;
  await scan(snapshot, request, (position) => {
    const file = snapshot.occurrenceFiles[position]!;
    counts.set(file, (counts.get(file) ?? 0) + 1);
    return ++total >= request.maxCount;
  });
  return counts;
}

/** Returns true to stop. */
type OnMatch = (
  position: number,
  text: string,
  line: number,
  start: number,
  end: number,
  column: number,
  length: number,
) => boolean;

/** Whether it was stopped with candidates left. */
async function scan(snapshot: Snapshot, request: GrepRequest, onMatch: OnMatch): Promise<boolean> {
  const { pattern, mask } = request;
  const positions = occurrencesOf(snapshot, candidateDocs(snapshot, pattern.plan), mask);
  return forEachInSlices(positions.length, request, (i) => {
    const position = positions[i]!;
    const text = snapshot.segments.chunkText(snapshot.occurrenceDocs[position]!);
    let stopped = false;
    pattern.matchLines(text, (line, start, end, column, length) => {
      stopped = onMatch(position, text, line, start, end, column, length);
      return !stopped;
    });
    return stopped;
  });
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
