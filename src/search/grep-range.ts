import { compareBytewise } from '../base/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { grepSnapshot } from './grep.js';
import type { GrepLine, GrepRequest } from './grep.js';
import type { FileMask } from './file-mask.js';

/** A line that only one of two snapshots has. */
export interface RangeLine {
  readonly side: '+' | '-';
  readonly path: string;
  readonly line: GrepLine;
}

/**
 * Matching lines that `to` has and `from` has not (`+`), and the reverse (`-`), by path, line, `-` first. Within a path
 * lines are compared by their text as often as it occurs: a line that moved is in both; of a line that
 * occurs once more the last occurrence is new. Only files that differ are read.
 */
export async function grepRange(
  from: Snapshot,
  to: Snapshot,
  masks: { readonly from: FileMask; readonly to: FileMask },
  request: Omit<GrepRequest, 'mask' | 'maxCount'>,
): Promise<RangeLine[]> {
  const unlimited = { ...request, maxCount: Infinity };
  const before = await grepSnapshot(from, { ...unlimited, mask: changedMask(from, to, masks.from) });
  const after = await grepSnapshot(to, { ...unlimited, mask: changedMask(to, from, masks.to) });
  const lines = [
    ...onlyIn(from, before.lines, to, after.lines).map((line) => ({
      side: '-' as const,
      path: from.files[line.file]!.path,
      line,
    })),
    ...onlyIn(to, after.lines, from, before.lines).map((line) => ({
      side: '+' as const,
      path: to.files[line.file]!.path,
      line,
    })),
  ];
  const order = pathOrder(from, to);
  return lines.sort(
    (a, b) =>
      order.get(a.path)! - order.get(b.path)! ||
      a.line.line - b.line.line ||
      (a.side === b.side ? 0 : a.side === '-' ? -1 : 1),
  );
}

/** Files that `other` has not, or has otherwise. */
function changedMask(snapshot: Snapshot, other: Snapshot, mask: FileMask): Uint8Array {
  return Uint8Array.from(snapshot.files, ({ path, id }, file) =>
    (mask === null || mask[file] === 1) && other.fileAt(path)?.id !== id ? 1 : 0,
  );
}

function onlyIn(
  own: Snapshot,
  lines: readonly GrepLine[],
  other: Snapshot,
  otherLines: readonly GrepLine[],
): GrepLine[] {
  const counts = new Map<string, number>();
  const keyOf = (snapshot: Snapshot, { file, text }: GrepLine): string => `${snapshot.files[file]!.path}\0${text}`;
  for (const line of otherLines) {
    const key = keyOf(other, line);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return lines.filter((line) => {
    const key = keyOf(own, line);
    const left = counts.get(key) ?? 0;
    if (left > 0) counts.set(key, left - 1);
    return left === 0;
  });
}

/** Rank of every path of either, in git's order. */
function pathOrder(from: Snapshot, to: Snapshot): Map<string, number> {
  const order = new Map<string, number>();
  let i = 0;
  let j = 0;
  while (i < from.files.length || j < to.files.length) {
    const a = from.files[i]?.path;
    const b = to.files[j]?.path;
    const path = b === undefined || (a !== undefined && compareBytewise(a, b) <= 0) ? a! : b;
    if (path === a) i++;
    if (path === b) j++;
    order.set(path, order.size);
  }
  return order;
}
