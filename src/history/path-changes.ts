import type { CommitId, FileId } from '../model/index.js';
import { forEachInSlices } from '../search/index.js';
import type { FileTest } from '../search/index.js';
import type { SegmentList } from '../segment/index.js';
import { compareChunks } from '../snapshot/index.js';
import type { ChunkTally } from './chunk-tally.js';
import type { HistoryScope } from './commit-graph.js';
import { differenceLength } from './history-reader.js';
import type { HistoryReader } from './history-reader.js';

/** In which sense a change is one of the history that was asked for: bits. */
export const enum ChangeScope {
  /** Against the first parent, on a line of first parents. */
  FirstParent = 1,
  /** Against every parent, in the whole graph. */
  Graph = 2,
}

/** Rows of a table: after a commit a path has an item more often, or less often, than before. By commit, then by path. */
export class PathChanges {
  readonly commits: CommitId[] = [];
  readonly items: number[] = [];
  /** Of the path among the changes of the commit. */
  readonly positions: number[] = [];
  /** How often more than the file at that path in the first parent. */
  readonly deltas: number[] = [];
  /** Bits of ChangeScope; 0 for changes that only tell what is there afterwards. */
  readonly scopes: number[] = [];

  add(commit: CommitId, item: number, position: number, delta: number, scope: number): void {
    this.commits.push(commit);
    this.items.push(item);
    this.positions.push(position);
    this.deltas.push(delta);
    this.scopes.push(scope);
  }

  get length(): number {
    return this.commits.length;
  }
}

export interface PathChangesRequest {
  readonly tally: ChunkTally;
  readonly itemCount: number;
  /** The commits to look at, ascending: every one that changed a chunk of the tally. */
  readonly commits: readonly CommitId[];
  /** In which sense a change counts. */
  readonly scope: Pick<HistoryScope, 'graph' | 'firstParent'>;
  /** Null for all files. */
  readonly passes: FileTest | null;
  readonly signal: AbortSignal | undefined;
}

/** Every change of the number of an item in a path. */
export async function findPathChanges(
  reader: HistoryReader,
  segments: SegmentList,
  request: PathChangesRequest,
): Promise<PathChanges> {
  const changes = new PathChanges();
  const { commits } = request;
  const finder = new ChangeFinder(reader, segments, request, changes);
  await forEachInSlices(commits.length, request.signal, (i) => finder.visit(commits[i]!));
  return changes;
}

/** Sums of small numbers by item, of which few are touched at a time. */
class Sums {
  readonly values: Int32Array;
  readonly touched: number[] = [];
  private readonly isTouched: Uint8Array;

  constructor(itemCount: number) {
    this.values = new Int32Array(itemCount);
    this.isTouched = new Uint8Array(itemCount);
  }

  /** Adds what a chunk has, `times` over. */
  addChunk({ places, starts, items, counts }: ChunkTally, doc: number, times: number): void {
    const place = places[doc]!;
    if (place === 0) return;
    for (let i = starts[place - 1]!; i < starts[place]!; i++) {
      const item = items[i]!;
      if (this.isTouched[item] === 0) {
        this.isTouched[item] = 1;
        this.touched.push(item);
      }
      this.values[item]! += times * counts[i]!;
    }
  }

  clear(): void {
    for (const item of this.touched) this.values[item] = this.isTouched[item] = 0;
    this.touched.length = 0;
  }
}

class ChangeFinder {
  private readonly sums: Sums;
  private readonly otherSums: Sums;

  constructor(
    private readonly reader: HistoryReader,
    private readonly segments: SegmentList,
    private readonly request: PathChangesRequest,
    private readonly changes: PathChanges,
  ) {
    this.sums = new Sums(request.itemCount);
    this.otherSums = new Sums(request.itemCount);
  }

  visit(commit: CommitId): void {
    const { reader, segments, sums } = this;
    const { tally, passes } = this.request;
    const differences =
      passes === null
        ? reader.chunkDifferences(segments, commit)
        : reader.filteredDifferences(segments, commit, passes);
    for (let at = 0; at < differences.length;) {
      const position = differences[at]!;
      for (; at < differences.length && differences[at] === position; at += differenceLength)
        sums.addChunk(tally, differences[at + 1]!, differences[at + 2]!);
      if (sums.touched.length > 0) this.take(commit, position);
    }
  }

  /** Takes over the changes of one path, which are in `sums`. */
  private take(commit: CommitId, position: number): void {
    const { reader, segments, sums, request, changes } = this;
    const { graph, firstParent } = request.scope;
    const inLine = firstParent.has(commit) ? ChangeScope.FirstParent : 0;
    const inGraph = graph.has(commit) ? ChangeScope.Graph : 0;
    const start = changes.length;
    for (const item of sums.touched) {
      const delta = sums.values[item]!;
      if (delta !== 0) changes.add(commit, item, position, delta, inLine | inGraph);
    }
    sums.clear();
    if (changes.length > start && inGraph !== 0 && reader.graph(segments).isMerge(commit))
      this.compareWithOthers(commit, position, start);
  }

  /** Of a merge: takes back that its changes at a path, those from row `start` on, are against every parent, where they are not. */
  private compareWithOthers(commit: CommitId, position: number, start: number): void {
    const { reader, segments, otherSums, changes, request } = this;
    const { tree, changes: fileChanges } = reader.commit(segments, commit);
    const { path, after } = fileChanges[position]!;
    const passing = (file: FileId | null): FileId | null =>
      request.passes === null ? file : reader.passing(segments, path, file, request.passes);
    for (const parent of reader.graph(segments).otherParents(commit)) {
      const other = reader.fileUnless(segments, reader.commit(segments, parent).tree, tree, path);
      if (other !== 'same') {
        const [docsBefore, docsAfter] = [passing(other), passing(after)].map((file) => reader.docsOf(segments, file));
        compareChunks(docsBefore!, docsAfter!, (doc, count) => otherSums.addChunk(request.tally, doc, count));
      }
      for (let row = start; row < changes.length; row++) {
        const delta = otherSums.values[changes.items[row]!]!;
        if (Math.sign(delta) !== Math.sign(changes.deltas[row]!)) changes.scopes[row]! &= ~ChangeScope.Graph;
      }
      otherSums.clear();
    }
  }
}
