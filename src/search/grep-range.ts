import { TimeSlices, compareBytewise } from '../base/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { grepLines } from './grep.js';
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
 * Matching lines that `to` has and `from` has not (`+`), and the reverse (`-`), by path, line, `-` first, as they are found. Within a
 * path lines are compared by their text as often as it occurs: a line that moved is in both; of a line that
 * occurs once more the last occurrence is new. Only files that differ are read, and the matches of one path are held. Returns
 * whether `maxCount` cut the list.
 */
export async function* grepRange(
  from: Snapshot,
  to: Snapshot,
  masks: { readonly from: FileMask; readonly to: FileMask },
  request: Omit<GrepRequest, 'mask'>,
): AsyncGenerator<readonly RangeLine[], boolean, undefined> {
  const slices = new TimeSlices(request.signal);
  const changedFrom = changedFiles(from, to, masks.from);
  if (slices.isOver) await slices.next();
  const changedTo = changedFiles(to, from, masks.to);
  if (slices.isOver) await slices.next();
  const unlimited = { ...request, maxCount: Infinity };
  const before = new FileByFile(from, '-', { ...unlimited, mask: changedFrom });
  const after = new FileByFile(to, '+', { ...unlimited, mask: changedTo });
  let left = request.maxCount;
  try {
    for (;;) {
      const [minus, plus] = [await before.first(), await after.first()];
      if (minus === null && plus === null) return false;
      const order = minus === null ? 1 : plus === null ? -1 : compareBytewise(minus.path, plus.path);
      const found = differenceOf(order <= 0 ? minus!.lines : [], order >= 0 ? plus!.lines : []);
      if (order <= 0) before.shift();
      if (order >= 0) after.shift();
      if (found.length > left) {
        if (left > 0) yield found.slice(0, left);
        return true;
      }
      left -= found.length;
      if (found.length > 0) yield found;
    }
  } finally {
    await before.close();
    await after.close();
  }
}

function differenceOf(minus: readonly RangeLine[], plus: readonly RangeLine[]): RangeLine[] {
  const found = [...onlyIn(minus, plus), ...onlyIn(plus, minus)];
  return found.sort((a, b) => a.line.line - b.line.line || (a.side === b.side ? 0 : a.side === '-' ? -1 : 1));
}

/** Lines that the others have not, or not as often. */
function onlyIn(lines: readonly RangeLine[], others: readonly RangeLine[]): readonly RangeLine[] {
  if (others.length === 0) return lines;
  const there = new Multiset(others.map(({ line }) => line.text));
  return lines.filter(({ line }) => !there.take(line.text));
}

interface FileLines {
  readonly path: string;
  readonly lines: RangeLine[];
}

/** The matching lines of a snapshot, a file at a time. */
class FileByFile {
  private readonly batches: ReturnType<typeof grepLines>;
  private isRead = false;
  /** Files whose lines have come; those of the last may not be all. */
  private readonly files: FileLines[] = [];

  constructor(
    private readonly snapshot: Snapshot,
    private readonly side: RangeLine['side'],
    request: GrepRequest,
  ) {
    this.batches = grepLines(snapshot, request);
  }

  /** All of the next file that has any, or null. */
  async first(): Promise<FileLines | null> {
    while (this.files.length < 2 && !this.isRead) await this.readOn();
    return this.files[0] ?? null;
  }

  shift(): void {
    this.files.shift();
  }

  close(): Promise<unknown> {
    return this.batches.return(false);
  }

  private async readOn(): Promise<void> {
    const { snapshot, side, files } = this;
    const next = await this.batches.next();
    if (next.done === true) this.isRead = true;
    else {
      for (const line of next.value) {
        const { path } = snapshot.files[line.file]!;
        let last = files.at(-1);
        if (last?.path !== path) files.push((last = { path, lines: [] }));
        last.lines.push({ side, path, line });
      }
    }
  }
}
