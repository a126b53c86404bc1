import type { Snapshot, SnapshotFile } from '../snapshot/index.js';
import { linesOf } from './context-lines.js';
import type { FileMask } from './file-mask.js';

/** Whether a snapshot has the very file at its path. */
const hasSame = (snapshot: Snapshot, { path, id }: SnapshotFile): boolean => snapshot.fileAt(path)?.id === id;

/** Of the files that pass the mask those that `other` has not, or has otherwise: nothing else can be new. */
export function changedFiles(snapshot: Snapshot, other: Snapshot, mask: FileMask): Uint8Array {
  return Uint8Array.from(snapshot.files, (file, at) =>
    (mask === null || mask[at] === 1) && !hasSame(other, file) ? 1 : 0,
  );
}

/** Things as often as they occur: of what comes once more than here, the last is too many. */
export class Multiset<T> {
  private readonly counts = new Map<T, number>();
  /** How many are left. */
  size = 0;

  constructor(items: Iterable<T> = []) {
    for (const item of items) this.add(item, 1);
  }

  add(item: T, count: number): void {
    this.counts.set(item, (this.counts.get(item) ?? 0) + count);
    this.size += count;
  }

  /** Takes one out; false if none is left. */
  take(item: T): boolean {
    const count = this.counts.get(item) ?? 0;
    if (count === 0) return false;
    this.counts.set(item, count - 1);
    this.size--;
    return true;
  }

  /** What is left, as often as it is. */
  *left(): Generator<readonly [item: T, count: number]> {
    for (const entry of this.counts) if (entry[1] > 0) yield entry;
  }
}

/**
 * Which chunk occurrences of `to` are **new** since `from`: those with a line that the file at the same path does not
 * have as often there.
 *
 * Chunks that both have pair off first and keep their lines, so that one more `}` or empty line in a new function
 * makes no old one new; lines of what remains are compared as those of a range of grep are. So a path has as many
 * new lines as grep finds, and has new chunks if and only if it has new lines.
 *
 * Only files that are asked about are compared, and only chunks that differ are read.
 */
export class NewChunks {
  /** By position of the file; null for a file that is the same. */
  private readonly compared = new Map<number, ChangedFile | null>();

  constructor(
    private readonly from: Snapshot,
    private readonly to: Snapshot,
  ) {}

  /** `position` is that of the occurrence in `to`. */
  has(position: number): boolean {
    const at = this.to.occurrenceFiles[position]!;
    let file = this.compared.get(at);
    if (file === undefined) {
      const same = hasSame(this.from, this.to.files[at]!);
      file = same ? null : new ChangedFile(this.from, this.to, position);
      this.compared.set(at, file);
    }
    return file !== null && file.hasNew(position);
  }
}

class ChangedFile {
  /** Positions of chunks that only `to` has, in order. */
  private readonly changed = new Set<number>();
  /** Chunks that only `from` has. */
  private readonly gone: Multiset<number>;
  private fresh: ReadonlySet<number> | undefined;

  /** `inside` is the position of any of the file's occurrences. */
  constructor(
    private readonly from: Snapshot,
    private readonly to: Snapshot,
    inside: number,
  ) {
    const { files, occurrenceDocs, occurrenceFiles } = to;
    const file = occurrenceFiles[inside]!;
    const before = from.fileAt(files[file]!.path)?.record;
    // A file that was skipped had no lines to search.
    this.gone = new Multiset(before?.skipped === null ? before.docs : []);
    let position = inside;
    while (occurrenceFiles[position - 1] === file) position--;
    for (; occurrenceFiles[position] === file; position++) {
      if (!this.gone.take(occurrenceDocs[position]!)) this.changed.add(position);
    }
  }

  hasNew(position: number): boolean {
    if (!this.changed.has(position)) return false;
    this.fresh ??= new Set(this.withNewLines());
    return this.fresh.has(position);
  }

  private withNewLines(): number[] {
    const { from, to } = this;
    if (this.gone.size === 0) return [...this.changed];
    const before = new Multiset<string>();
    for (const [doc, count] of this.gone.left()) {
      for (const line of linesOf(from.segments.chunkText(doc))) before.add(line, count);
    }
    return [...this.changed].filter((position) => {
      if (before.size === 0) return true;
      let isNew = false;
      // All lines are taken, not only up to the first new one: a later chunk may have the same.
      for (const line of linesOf(to.segments.chunkText(to.occurrenceDocs[position]!))) {
        if (!before.take(line)) isNew = true;
      }
      return isNew;
    });
  }
}
