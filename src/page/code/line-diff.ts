import type { Span } from './line-segments.js';

/** A line of a diff. Numbers are 1-based; null where the side does not have it. */
export interface DiffLine {
  readonly sign: ' ' | '-' | '+';
  readonly old: number | null;
  readonly new: number | null;
  readonly text: string;
  /** What of the line changed, where a line took its place. */
  readonly changed: readonly Span[];
}

/** Edits beyond these are too many to be looked for: the rest is shown as replaced. */
const editsMax = 800;

/** The lines that two texts have, in order, with those that only one has; what was replaced stands before what replaces it. */
export function diffLines(before: string, after: string): DiffLine[] {
  const old = linesOf(before);
  const now = linesOf(after);
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  const same = (): void => {
    lines.push({ sign: ' ', old: i + 1, new: j + 1, text: now[j]!, changed: [] });
    i++;
    j++;
  };
  for (const [oldEnd, nowEnd, length] of [...commonRuns(old, now), [old.length, now.length, 0] as const]) {
    const removed = old.slice(i, oldEnd);
    const added = now.slice(j, nowEnd);
    const pairs = removed.length === added.length ? removed.map((text, n) => changedParts(text, added[n]!)) : [];
    removed.forEach((text, n) =>
      lines.push({ sign: '-', old: i + n + 1, new: null, text, changed: pairs[n]?.[0] ?? [] }),
    );
    added.forEach((text, n) =>
      lines.push({ sign: '+', old: null, new: j + n + 1, text, changed: pairs[n]?.[1] ?? [] }),
    );
    i = oldEnd;
    j = nowEnd;
    for (let n = 0; n < length; n++) same();
  }
  return lines;
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Runs of lines that both have, in order: where they begin in each, and how long they are (Myers' greedy algorithm). */
function commonRuns(old: readonly string[], now: readonly string[]): (readonly [number, number, number])[] {
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const runs: (readonly [number, number, number])[] = head > 0 ? [[0, 0, head]] : [];
  const a = old.slice(head, old.length - tail);
  const b = now.slice(head, now.length - tail);
  for (const [x, y, length] of myers(a, b)) runs.push([head + x, head + y, length]);
  if (tail > 0) runs.push([old.length - tail, now.length - tail, tail]);
  return runs;
}

function myers(a: readonly string[], b: readonly string[]): (readonly [number, number, number])[] {
  const max = Math.min(a.length + b.length, editsMax);
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let edits = 0; edits <= max; edits++) {
    trace.push(new Map(furthest));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
      let x = down ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest.set(k, x);
      if (x >= a.length && x - k >= b.length) return runsOf(trace, a.length, b.length);
    }
  }
  return []; // too different: all of it is shown as replaced
}

function runsOf(
  trace: readonly ReadonlyMap<number, number>[],
  aLength: number,
  bLength: number,
): [number, number, number][] {
  const runs: [number, number, number][] = [];
  let x = aLength;
  let y = bLength;
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const furthest = trace[edits]!;
    const k = x - y;
    const down = k === -edits || (k !== edits && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
    const from = down ? k + 1 : k - 1;
    const startX = edits === 0 ? 0 : (furthest.get(from) ?? 0);
    const startY = edits === 0 ? 0 : startX - from;
    const first = edits === 0 ? 0 : down ? startX : startX + 1;
    if (x > first) runs.unshift([first, y - (x - first), x - first]);
    x = startX;
    y = startY;
  }
  return runs;
}

/** Of two lines, one of which took the other's place, what is not the same at their ends, by whole words. None where they have little in common. */
export function changedParts(old: string, now: string): readonly [readonly Span[], readonly Span[]] {
  const a = old.match(/[\p{L}\p{N}_]+|\s+|./gsu) ?? [];
  const b = now.match(/[\p{L}\p{N}_]+|\s+|./gsu) ?? [];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const start = a.slice(0, head).join('').length;
  const end = tail === 0 ? 0 : a.slice(-tail).join('').length;
  const shared = old.slice(0, start).trim().length + (end === 0 ? 0 : old.slice(-end).trim().length);
  if (shared * 3 < Math.min(old.trim().length, now.trim().length)) return [[], []];
  const span = (length: number): Span[] => (length - end > start ? [{ start, end: length - end }] : []);
  return [span(old.length), span(now.length)];
}

/** A row of a diff as it is shown: a line, or so many lines that are the same on both sides and left out. */
export type DiffRow = DiffLine | { readonly hidden: number; readonly from: number };

/** The changes with some lines around them; what is hidden is told by its number and where it begins. */
export function diffRows(lines: readonly DiffLine[], around: number): DiffRow[] {
  const shown = new Uint8Array(lines.length);
  lines.forEach(({ sign }, i) => {
    if (sign !== ' ') shown.fill(1, Math.max(0, i - around), i + around + 1);
  });
  const rows: DiffRow[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (shown[i] === 1) {
      rows.push(lines[i]!);
      continue;
    }
    const from = i;
    while (i + 1 < lines.length && shown[i + 1] === 0) i++;
    rows.push({ hidden: i - from + 1, from });
  }
  return rows;
}
