import type { TimeSlices } from '../base/index.js';
import { BitSet } from '../base/index.js';
import type { DocId, EntryKind, Oid } from '../model/index.js';
import type { FileRecord, SegmentList, TreeNode } from '../segment/index.js';
import { readFileRecord, readTreeNode } from './record-caches.js';
import type { RecordCaches } from './record-caches.js';
import type { SnapshotFile } from './snapshot.js';

/** The files below a tree, in git's order, and what is not searched. */
export interface TreeContents {
  readonly files: readonly SnapshotFile[];
  /** Symlinks and submodules. */
  readonly unfollowed: readonly { readonly path: string; readonly kind: EntryKind; readonly oid: Oid }[];
}

/** Where chunks occur, in order of path and line. */
export interface Occurrences {
  /** By position: the chunk, its file's position, its first line from 0. */
  readonly docs: Uint32Array;
  readonly files: Uint32Array;
  readonly lines: Uint32Array;
  /** The chunks that occur. */
  readonly visible: BitSet;
  /** Position of a doc's first occurrence, by its slot in `visible`, plus one; 0 for what is not visible. */
  readonly first: Uint32Array;
  /** Position of the same doc's next occurrence plus one, by occurrence; 0 at the last. */
  readonly next: Uint32Array;
}

export async function collectFiles(
  segments: SegmentList,
  root: Pick<TreeNode, 'entries'>,
  caches: RecordCaches,
  slices: TimeSlices,
): Promise<TreeContents> {
  const files: SnapshotFile[] = [];
  const unfollowed: { path: string; kind: EntryKind; oid: Oid }[] = [];
  // Depth first and in order, by a list of the folders that are open: they can be nested deeper than calls.
  const open = [{ entries: root.entries, prefix: '', at: 0 }];
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    const entry = folder.entries[folder.at++];
    if (entry === undefined) {
      open.pop();
      continue;
    }
    if (slices.isOver) await slices.next();
    const path = folder.prefix + entry.name;
    if (entry.tree !== undefined)
      open.push({ entries: readTreeNode(segments, entry.tree, caches).entries, prefix: `${path}/`, at: 0 });
    else if (entry.file !== undefined)
      files.push({ path, id: entry.file, kind: entry.kind, record: readFileRecord(segments, entry.file, caches) });
    else unfollowed.push({ path, kind: entry.kind, oid: entry.oid! });
  }
  return { files, unfollowed };
}

export async function placeOccurrences(
  segments: SegmentList,
  files: readonly SnapshotFile[],
  slices: TimeSlices,
): Promise<Occurrences> {
  let count = 0;
  for (const { record } of files) count += searchedDocs(record).length;
  const visible = new BitSet(segments.docEnd, segments.docGap);
  const { gap } = visible;
  const placed: Occurrences = {
    docs: new Uint32Array(count),
    files: new Uint32Array(count),
    lines: new Uint32Array(count),
    visible,
    first: new Uint32Array(visible.slotCount),
    next: new Uint32Array(count),
  };
  const lastOccurrence = new Map<number, number>(); // only of docs that occur twice
  let at = 0;
  let segment = segments.segments[0];
  let lineCounts = segment?.column('lineCount');
  for (let file = 0; file < files.length; file++) {
    if (slices.isOver) await slices.next();
    let line = 0;
    for (const doc of searchedDocs(files[file]!.record)) {
      if (segment === undefined || doc < segment.docBase || doc >= segment.docEnd) {
        segment = segments.segmentOfDoc(doc);
        lineCounts = segment.column('lineCount');
      }
      placed.docs[at] = doc;
      placed.files[at] = file;
      placed.lines[at] = line;
      line += lineCounts![doc - segment.docBase]!;
      const slot = gap.slot(doc);
      const first = placed.first[slot]!;
      if (first === 0) {
        placed.first[slot] = at + 1;
        visible.add(doc);
      } else {
        placed.next[lastOccurrence.get(doc) ?? first - 1] = at + 1;
        lastOccurrence.set(doc, at);
      }
      at++;
    }
  }
  return placed;
}

/** A file that is skipped may have its content stored, for show alone. */
const searchedDocs = ({ skipped, docs }: FileRecord): readonly DocId[] => (skipped === null ? docs : []);
