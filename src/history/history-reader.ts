import { GenerationCache } from '../base/index.js';
import type { CommitId, DocId, FileId, Oid, TreeId } from '../model/index.js';
import type { FileTest } from '../search/index.js';
import type { CommitRecord, FileChange, SegmentList, TreeNodeEntry } from '../segment/index.js';
import { compareChunks, movedFiles, readFileRecord, readTreeNode } from '../snapshot/index.js';
import type { RecordCaches } from '../snapshot/index.js';
import { CommitGraph } from './commit-graph.js';

/**
 * How often the files of a commit have chunks, against before: for each difference the position of the file among the
 * commit's changes, ascending; the chunk; and how many more there are.
 */
export type ChunkDifferences = Int32Array;
export const differenceLength = 3;

const differencesBytesMax = 48 * 1024 * 1024;
const factsBytesMax = 32 * 1024 * 1024;

/** What is asked of a commit. (The record itself would keep the block that it came from.) */
export type CommitFacts = Pick<CommitRecord, 'oid' | 'tree' | 'changes'>;

const noDocs: readonly DocId[] = [];

/** Reads commits of a store, and keeps what it made of them: ids are never used twice, so nothing goes stale. */
export class HistoryReader {
  private readonly graphs = new WeakMap<SegmentList, CommitGraph>();
  private readonly facts = new GenerationCache<CommitId, CommitFacts>(
    factsBytesMax,
    ({ changes }) => 400 + 150 * changes.length,
  );
  private readonly differences = new GenerationCache<CommitId, ChunkDifferences>(
    differencesBytesMax,
    ({ byteLength }) => 200 + byteLength,
  );

  constructor(private readonly caches: RecordCaches) {
    for (const cache of [this.facts, this.differences]) caches.derived.add(cache);
  }

  graph(segments: SegmentList): CommitGraph {
    let graph = this.graphs.get(segments);
    if (graph === undefined) {
      graph = new CommitGraph(segments);
      this.graphs.set(segments, graph);
    }
    return graph;
  }

  commit(segments: SegmentList, id: CommitId): CommitFacts {
    let facts = this.facts.get(id);
    if (facts === undefined) {
      const { oid, tree, changes } = segments.commit(id);
      facts = { oid, tree, changes };
      this.facts.set(id, facts);
    }
    return facts;
  }

  /** The chunks that a file is searched by. */
  docsOf(segments: SegmentList, file: FileId | null): readonly DocId[] {
    if (file === null) return noDocs;
    const { skipped, docs } = readFileRecord(segments, file, this.caches);
    return skipped === null ? docs : noDocs;
  }

  /** What a commit changed against its first parent, without files that only moved. */
  chunkDifferences(segments: SegmentList, id: CommitId): ChunkDifferences {
    let differences = this.differences.get(id);
    if (differences === undefined) {
      differences = this.compare(segments, segments.commit(id).changes, null);
      this.differences.set(id, differences);
    }
    return differences;
  }

  /** The same of the files that pass alone, as if there were no others: one that moves in from elsewhere is new. */
  filteredDifferences(segments: SegmentList, id: CommitId, passes: FileTest): ChunkDifferences {
    const changes: FileChange[] = [];
    const positions: number[] = [];
    this.commit(segments, id).changes.forEach((whole, position) => {
      const { path, before, after } = whole;
      const change = {
        ...whole,
        before: this.passing(segments, path, before, passes),
        after: this.passing(segments, path, after, passes),
      };
      if (change.before === null && change.after === null) return;
      changes.push(change);
      positions.push(position);
    });
    return this.compare(segments, changes, positions);
  }

  /** The file if it passes, else null. */
  passing(segments: SegmentList, path: string, file: FileId | null, passes: FileTest): FileId | null {
    if (file === null) return null;
    return passes(path, readFileRecord(segments, file, this.caches).language) ? file : null;
  }

  private compare(
    segments: SegmentList,
    changes: readonly FileChange[],
    positions: readonly number[] | null,
  ): ChunkDifferences {
    const oidOf = (file: FileId): Oid => readFileRecord(segments, file, this.caches).oid;
    const moved = movedFiles(changes, oidOf);
    const found: number[] = [];
    for (let i = 0; i < changes.length; i++) {
      if (moved?.[i] === 1) continue;
      const { before, after } = changes[i]!;
      const position = positions === null ? i : positions[i]!;
      compareChunks(this.docsOf(segments, before), this.docsOf(segments, after), (doc, count) =>
        found.push(position, doc, count),
      );
    }
    return new Int32Array(found);
  }

  /** The file at a path below a tree. Null where there is none, or where tree `same` has the same at that place. */
  fileUnless(segments: SegmentList, tree: TreeId, same: TreeId, path: string): FileId | 'same' | null {
    let at: TreeId | undefined = tree;
    let other: TreeId | undefined = same;
    for (let from = 0; ;) {
      if (at === undefined) return null;
      if (at === other) return 'same';
      const slash = path.indexOf('/', from);
      const name = slash < 0 ? path.slice(from) : path.slice(from, slash);
      const entry = this.entryOf(segments, at, name);
      const otherEntry: TreeNodeEntry | undefined =
        other === undefined ? undefined : this.entryOf(segments, other, name);
      if (slash < 0) {
        const file = entry?.file ?? null;
        return file === (otherEntry?.file ?? null) ? 'same' : file;
      }
      at = entry?.tree;
      other = otherEntry?.tree;
      from = slash + 1;
    }
  }

  private entryOf(segments: SegmentList, tree: TreeId, name: string): TreeNodeEntry | undefined {
    return readTreeNode(segments, tree, this.caches).entries.find((entry) => entry.name === name);
  }
}
