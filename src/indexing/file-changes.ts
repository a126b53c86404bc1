import { compareBytewise } from '../base/index.js';
import type { DocId, FileId, TreeId } from '../model/index.js';
import { ChangeSign } from '../segment/index.js';
import type { FileChange, TreeNodeEntry } from '../segment/index.js';
import { compareChunks, movedFiles } from '../snapshot/index.js';
import type { SegmentSink } from './segment-sink.js';

/**
 * The files that tree `after` has and `before` (null: the empty tree) has not, or has otherwise, at each path where either is
 * searched; by path. Directories that both share are not looked into.
 */
export function changedFiles(before: TreeId | null, after: TreeId, sink: SegmentSink): FileChange[] {
  const changes: FileChange[] = [];
  // A list, not a recursion: folders can be nested deeper than calls.
  const pairs: { before: TreeId | null; after: TreeId | null; prefix: string }[] = [{ before, after, prefix: '' }];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    if (pair.before === pair.after) continue;
    const { prefix } = pair;
    const old = pair.before === null ? [] : sink.treeNode(pair.before).entries;
    const now = pair.after === null ? [] : sink.treeNode(pair.after).entries;
    forEachDifference(old, now, (was, is) => {
      const path = prefix + (was ?? is)!.name;
      const fileBefore = was?.file ?? null;
      const fileAfter = is?.file ?? null;
      if (fileBefore !== fileAfter && (isSearched(fileBefore, sink) || isSearched(fileAfter, sink)))
        changes.push({
          path,
          before: fileBefore,
          after: fileAfter,
          ...(was?.oid !== undefined || is?.oid !== undefined ? { replaced: true } : {}),
        });
      const treeBefore = was?.tree ?? null;
      const treeAfter = is?.tree ?? null;
      if (treeBefore !== treeAfter) pairs.push({ before: treeBefore, after: treeAfter, prefix: `${path}/` });
    });
  }
  return changes.sort((a, b) => compareBytewise(a.path, b.path));
}

const isSearched = (file: FileId | null, sink: SegmentSink): boolean => file !== null && sink.isSearched(file);

/** Calls `onDifference` for each name that two directories have differently. */
function forEachDifference(
  before: readonly TreeNodeEntry[],
  after: readonly TreeNodeEntry[],
  onDifference: (before: TreeNodeEntry | undefined, after: TreeNodeEntry | undefined) => void,
): void {
  // Nearly all entries are in step: only the rest is looked up by name.
  let from = 0;
  while (from < before.length && from < after.length && before[from]!.name === after[from]!.name) {
    if (differ(before[from]!, after[from]!)) onDifference(before[from], after[from]);
    from++;
  }
  let cut = 0;
  while (cut < before.length - from && cut < after.length - from) {
    const was = before[before.length - 1 - cut]!;
    const is = after[after.length - 1 - cut]!;
    if (was.name !== is.name) break;
    if (differ(was, is)) onDifference(was, is);
    cut++;
  }
  const rest = new Map<string, TreeNodeEntry>();
  for (let i = from; i < before.length - cut; i++) rest.set(before[i]!.name, before[i]!);
  for (let i = from; i < after.length - cut; i++) {
    const is = after[i]!;
    const was = rest.get(is.name);
    rest.delete(is.name);
    if (was === undefined || differ(was, is)) onDifference(was, is);
  }
  for (const was of rest.values()) onDifference(was, undefined);
}

const differ = (a: TreeNodeEntry, b: TreeNodeEntry): boolean => a.file !== b.file || a.tree !== b.tree;

/** What happened to chunks: some path has more afterwards (Added), or fewer (Removed), or a file that has them moved. */
export function changedDocs(
  changes: readonly FileChange[],
  docsOf: (file: FileId) => readonly DocId[],
): Map<DocId, ChangeSign> {
  const signs = new Map<DocId, number>();
  const add = (doc: DocId, sign: ChangeSign): void => void signs.set(doc, (signs.get(doc) ?? 0) | sign);
  const moved = movedFiles(changes, null);
  changes.forEach(({ before, after }, i) => {
    if (moved?.[i] === 1) for (const doc of docsOf((before ?? after)!)) add(doc, ChangeSign.Moved);
    else {
      compareChunks(before === null ? [] : docsOf(before), after === null ? [] : docsOf(after), (doc, count) =>
        add(doc, count > 0 ? ChangeSign.Added : ChangeSign.Removed),
      );
    }
  });
  return signs;
}
