import { BitSet, TimeSlices } from '../base/index.js';
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

/** All that a root sees. */
export interface SeenByRoot {
  readonly contents: TreeContents;
  readonly occurrences: Occurrences;
}

/** Walks the trees below a root, giving other work its turns. */
export async function walkRoot(
  segments: SegmentList,
  root: Pick<TreeNode, 'entries'>,
  caches: RecordCaches,
): Promise<SeenByRoot> {
  const slices = new TimeSlices();
  const contents = await collectFiles(segments, root, caches, slices);
  return { contents, occurrences: await placeOccurrences(segments, contents.files, slices) };
}

async function collectFiles(
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

async function placeOccurrences(
  segments: SegmentList,
  files: readonly SnapshotFile[],
  slices: TimeSlices,
): Promise<Occurrences> {
  let count = 0;
  for (const { record } of files) count += searchedDocs(record).length;
  const docs = new Uint32Array(count);
  const ofFiles = new Uint32Array(count);
  const lines = new Uint32Array(count);
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
      docs[at] = doc;
      ofFiles[at] = file;
      lines[at] = line;
      line += lineCounts![doc - segment.docBase]!;
      at++;
    }
  }
  return { docs, files: ofFiles, lines, ...linkOccurrences(segments, docs) };
}

/** Which chunks occur, and where each does first and next. */
export function linkOccurrences(
  segments: SegmentList,
  docs: Uint32Array,
): Pick<Occurrences, 'visible' | 'first' | 'next'> {
  const visible = new BitSet(segments.docEnd, segments.docGap);
  const { gap } = visible;
  const first = new Uint32Array(visible.slotCount);
  const next = new Uint32Array(docs.length);
  // From the last: what was the first so far is the next one.
  for (let at = docs.length - 1; at >= 0; at--) {
    const doc = docs[at]!;
    const slot = gap.slot(doc);
    next[at] = first[slot]!;
    first[slot] = at + 1;
    visible.add(doc);
  }
  return { visible, first, next };
}

/** A file that is skipped may have its content stored, for show alone. */
const searchedDocs = ({ skipped, docs }: FileRecord): readonly DocId[] => (skipped === null ? docs : []);
