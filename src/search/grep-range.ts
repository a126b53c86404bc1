import { TimeSlices, compareBytewise } from '../base/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { grepSnapshot } from './grep.js';
import type { GrepLine, GrepRequest } from './grep.js';
import type { FileMask } from './file-mask.js';
import { Multiset, changedFiles } from './range.js';

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
  const slices = new TimeSlices(request.signal);
  const changedFrom = changedFiles(from, to, masks.from);
  if (slices.isOver) await slices.next();
  const changedTo = changedFiles(to, from, masks.to);
  if (slices.isOver) await slices.next();
  const before = await grepSnapshot(from, { ...unlimited, mask: changedFrom });
  const after = await grepSnapshot(to, { ...unlimited, mask: changedTo });
  const minus = before.lines.map((line): RangeLine => ({ side: '-', path: from.files[line.file]!.path, line }));
  const plus = after.lines.map((line): RangeLine => ({ side: '+', path: to.files[line.file]!.path, line }));
  const found = [...onlyIn(minus, plus), ...onlyIn(plus, minus)];
  const paths = [...new Set(found.map(({ path }) => path))].sort(compareBytewise);
  const order = new Map(paths.map((path, i) => [path, i]));
  return found.sort(
    (a, b) =>
      order.get(a.path)! - order.get(b.path)! ||
      a.line.line - b.line.line ||
      (a.side === b.side ? 0 : a.side === '-' ? -1 : 1),
  );
}

/** Lines that the others have not at the same path, or not as often. */
function onlyIn(lines: readonly RangeLine[], others: readonly RangeLine[]): RangeLine[] {
  const keyOf = ({ path, line }: RangeLine): string => `${path}\0${line.text}`;
  const there = new Multiset(others.map(keyOf));
  return lines.filter((line) => !there.take(keyOf(line)));
}
