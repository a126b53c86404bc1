import type { DocId, FileId } from '../model/index.js';
import type { FileChange } from '../segment/index.js';

/**
 * The changes of files that only moved, byte for byte: 1 at the position of each. Of the removed and the added files that are
 * one, as many as there are of both pair off, the first by path; then, with `contentOf`, those of one content that are
 * read as different languages. What a symlink took the place of did not move. Null when none moved.
 */
export function movedFiles(
  changes: readonly FileChange[],
  contentOf: ((file: FileId) => string) | null,
): Uint8Array | null {
  if (!changes.some(({ after }) => after === null) || !changes.some(({ before }) => before === null)) return null;
  const moved = new Uint8Array(changes.length);
  const anyFile = pairOff(changes, (file) => file, moved);
  const anyContent = contentOf !== null && pairOff(changes, contentOf, moved);
  return anyFile || anyContent ? moved : null;
}

/** Marks removed and added files of one key that are not marked yet; whether there were any. */
function pairOff<Key>(changes: readonly FileChange[], keyOf: (file: FileId) => Key, moved: Uint8Array): boolean {
  const gone = new Map<Key, number[]>();
  changes.forEach(({ before, after, replaced }, i) => {
    if (after !== null || replaced === true || moved[i] === 1) return;
    const key = keyOf(before!);
    const same = gone.get(key);
    if (same === undefined) gone.set(key, [i]);
    else same.push(i);
  });
  let any = false;
  changes.forEach(({ before, after, replaced }, i) => {
    const from = before === null && replaced !== true && moved[i] === 0 ? gone.get(keyOf(after!))?.shift() : undefined;
    if (from === undefined) return;
    moved[from] = moved[i] = 1;
    any = true;
  });
  return any;
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
