import type { DocId, FileId } from '../model/index.js';
import type { FileChange } from '../segment/index.js';

/**
 * The changes of files that only moved, byte for byte: 1 at the position of each. Of the removed and the added files with
 * one content, as many as there are of both pair off, the first by path. Null when none moved.
 */
export function movedFiles(
  changes: readonly FileChange[],
  contentOf: (file: FileId) => number | string,
): Uint8Array | null {
  if (!changes.some(({ after }) => after === null) || !changes.some(({ before }) => before === null)) return null;
  const gone = new Map<number | string, number[]>();
  changes.forEach(({ before, after }, i) => {
    if (after !== null) return;
    const content = contentOf(before!);
    const same = gone.get(content);
    if (same === undefined) gone.set(content, [i]);
    else same.push(i);
  });
  let moved: Uint8Array | null = null;
  changes.forEach(({ before, after }, i) => {
    const from = before === null ? gone.get(contentOf(after!))?.shift() : undefined;
    if (from === undefined) return;
    moved ??= new Uint8Array(changes.length);
    moved[from] = moved[i] = 1;
  });
  return moved;
}

/** Calls `onDifference` for each chunk that two files do not have equally often: how many more `after` has. */
export function compareChunks(
  before: readonly DocId[],
  after: readonly DocId[],
  onDifference: (doc: DocId, count: number) => void,
): void {
  let from = 0;
  while (from < before.length && from < after.length && before[from] === after[from]) from++;
  let cut = 0;
  while (
    cut < before.length - from &&
    cut < after.length - from &&
    before[before.length - 1 - cut] === after[after.length - 1 - cut]
  )
    cut++;
  const [goneCount, newCount] = [before.length - cut - from, after.length - cut - from];
  // Most changes are within one chunk.
  if (goneCount <= 1 && newCount <= 1) {
    if (goneCount === 1) onDifference(before[from]!, -1);
    if (newCount === 1) onDifference(after[from]!, 1);
    return;
  }
  const balance = new Map<DocId, number>();
  for (let i = from; i < after.length - cut; i++) balance.set(after[i]!, (balance.get(after[i]!) ?? 0) + 1);
  for (let i = from; i < before.length - cut; i++) balance.set(before[i]!, (balance.get(before[i]!) ?? 0) - 1);
  for (const [doc, count] of balance) if (count !== 0) onDifference(doc, count);
}
