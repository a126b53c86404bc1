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

/** A root that is open, and that one which is walked has most in common with. */
export interface LikeRoot {
  readonly node: Pick<TreeNode, 'entries'>;
  readonly seen: SeenByRoot;
  /** The same file over the segments of the other. */
  readonly over: (file: SnapshotFile) => SnapshotFile;
}

/** Walks the trees below a root, giving other work its turns. Of what another has at the same path nothing is read. */
export async function walkRoot(
  segments: SegmentList,
  root: Pick<TreeNode, 'entries'>,
  caches: RecordCaches,
  like: LikeRoot | null = null,
): Promise<SeenByRoot> {
  const slices = new TimeSlices();
  if (like !== null && hasTwice(like.node.entries)) like = null;
  const walk = new Walk(segments, caches, like);
  await walk.collect(root, slices);
  const { files, unfollowed, sameAs } = walk;
  const contents = { files, unfollowed };
  return { contents, occurrences: await placeOccurrences(segments, files, slices, like, sameAs) };
}

type TreeEntry = TreeNode['entries'][number];

/** A folder that is walked, with what the other root has at its path. */
interface OpenFolder {
  readonly entries: readonly TreeEntry[];
  readonly prefix: string;
  at: number;
  readonly others: readonly TreeEntry[];
  /** Those before this one were gone over. */
  otherAt: number;
  /** Theirs by name, once it is asked for. */
  places?: ReadonlyMap<string, number>;
}

/** Collects the files below a root, in order, and goes over those of another beside them. */
class Walk {
  readonly files: SnapshotFile[] = [];
  readonly unfollowed: TreeContents['unfollowed'][number][] = [];
  /** By file: its position in the other root; -1 where that does not have it there. */
  readonly sameAs: number[] = [];
  /** Of the other's files and links, those before these were gone over. */
  private otherFile = 0;
  private otherLink = 0;

  constructor(
    private readonly segments: SegmentList,
    private readonly caches: RecordCaches,
    private readonly like: LikeRoot | null,
  ) {}

  async collect(root: Pick<TreeNode, 'entries'>, slices: TimeSlices): Promise<void> {
    const { segments, caches } = this;
    // Depth first and in order, by a list of the folders that are open: they can be nested deeper than calls.
    const open: OpenFolder[] = [
      { entries: root.entries, prefix: '', at: 0, others: this.like?.node.entries ?? [], otherAt: 0 },
    ];
    for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
      if (slices.isOver) await slices.next();
      const entry = folder.entries[folder.at++];
      if (entry === undefined) {
        this.passUntil(folder, folder.others.length);
        open.pop();
        continue;
      }
      const other = this.otherOf(folder, entry.name);
      const path = folder.prefix + entry.name;
      if (entry.tree !== undefined) {
        const prefix = `${path}/`;
        if (entry.tree === other?.tree) this.pass(other, path, true);
        else {
          let others = other?.tree === undefined ? [] : readTreeNode(segments, other.tree, caches).entries;
          if (hasTwice(others)) others = [];
          if (other !== undefined && others.length === 0) this.pass(other, path, false);
          open.push({ entries: readTreeNode(segments, entry.tree, caches).entries, prefix, at: 0, others, otherAt: 0 });
        }
        continue;
      }
      const isSame = other !== undefined && entry.file === other.file && entry.kind === other.kind;
      if (other !== undefined) this.pass(other, path, isSame && entry.file !== undefined);
      if (entry.file === undefined) this.unfollowed.push({ path, kind: entry.kind, oid: entry.oid! });
      else if (!isSame) {
        this.sameAs.push(-1);
        const record = readFileRecord(segments, entry.file, caches);
        this.files.push({ path, id: entry.file, kind: entry.kind, record });
      }
    }
  }

  /** What the other has under a name, all before that being passed. Names are in one order in both, but for one that is a folder in one of them. */
  private otherOf(folder: OpenFolder, name: string): TreeEntry | undefined {
    let at: number | undefined = folder.otherAt;
    if (folder.others[at]?.name !== name) {
      folder.places ??= new Map(folder.others.map((other, i) => [other.name, i]));
      at = folder.places.get(name);
      if (at === undefined || at < folder.otherAt) return undefined;
    }
    this.passUntil(folder, at);
    folder.otherAt = at + 1;
    return folder.others[at];
  }

  private passUntil(folder: OpenFolder, end: number): void {
    for (; folder.otherAt < end; folder.otherAt++) {
      const entry = folder.others[folder.otherAt]!;
      this.pass(entry, folder.prefix + entry.name, false);
    }
  }

  /** Goes on behind what the other has at a path; `takes` it. */
  private pass({ tree, file }: TreeEntry, path: string, takes: boolean): void {
    const { files, unfollowed } = this.like!.seen.contents;
    const prefix = `${path}/`;
    const isHere = (own: string): boolean => (tree === undefined ? own === path : own.startsWith(prefix));
    if (file !== undefined || tree !== undefined)
      for (; this.otherFile < files.length && isHere(files[this.otherFile]!.path); this.otherFile++) {
        if (!takes) continue;
        this.files.push(this.like!.over(files[this.otherFile]!));
        this.sameAs.push(this.otherFile);
      }
    for (; this.otherLink < unfollowed.length && isHere(unfollowed[this.otherLink]!.path); this.otherLink++)
      if (takes) this.unfollowed.push(unfollowed[this.otherLink]!);
  }
}

/** Git refuses a name twice in one tree, and who makes trees need not ask git: by paths such files cannot be told apart. */
const hasTwice = (entries: readonly TreeEntry[]): boolean =>
  new Set(entries.map(({ name }) => name)).size < entries.length;

async function placeOccurrences(
  segments: SegmentList,
  files: readonly SnapshotFile[],
  slices: TimeSlices,
  like: LikeRoot | null,
  sameAs: readonly number[],
): Promise<Occurrences> {
  const others = like?.seen.occurrences;
  const starts = others === undefined ? null : startsOf(others.files, like!.seen.contents.files.length);
  let count = 0;
  for (let file = 0; file < files.length; file++) {
    const same = sameAs[file]!;
    count += same < 0 ? searchedDocs(files[file]!.record).length : starts![same + 1]! - starts![same]!;
  }
  const docs = new Uint32Array(count);
  const ofFiles = new Uint32Array(count);
  const lines = new Uint32Array(count);
  let at = 0;
  let segment = segments.segments[0];
  let lineCounts = segment?.column('lineCount');
  for (let file = 0; file < files.length; file++) {
    if (slices.isOver) await slices.next();
    const same = sameAs[file]!;
    if (same >= 0) {
      // With those that follow it in both.
      const from = starts![same]!;
      let end = same + 1;
      while (sameAs[file + end - same] === end) end++;
      const to = starts![end]!;
      docs.set(others!.docs.subarray(from, to), at);
      lines.set(others!.lines.subarray(from, to), at);
      const ahead = file - same;
      for (let position = from; position < to; position++) ofFiles[at++] = others!.files[position]! + ahead;
      file += end - same - 1;
      continue;
    }
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

/** Of occurrences in order of files: the first of each file, and at the end their number. */
export function startsOf(occurrenceFiles: Uint32Array, fileCount: number): Uint32Array {
  const starts = new Uint32Array(fileCount + 1);
  for (const file of occurrenceFiles) starts[file + 1]!++;
  for (let at = 0; at < fileCount; at++) starts[at + 1]! += starts[at]!;
  return starts;
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
