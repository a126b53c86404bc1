import { BitSet } from '../../base/index.js';
import type { TimeSlices } from '../../base/index.js';
import type { FileId, TreeId } from '../../model/index.js';
import type { LiveIds, SegmentList } from '../../segment/index.js';
import type { NextIds } from '../../store/index.js';

/** Ids of a store that are marked, as sets. */
export class MarkedIds implements LiveIds {
  readonly docs: BitSet;
  readonly files: BitSet;
  readonly trees: BitSet;
  readonly commits: BitSet;

  constructor(next: NextIds) {
    this.docs = new BitSet(next.doc);
    this.files = new BitSet(next.file);
    this.trees = new BitSet(next.tree);
    this.commits = new BitSet(next.commit);
  }

  doc(id: number): boolean {
    return this.docs.has(id);
  }

  file(id: number): boolean {
    return this.files.has(id);
  }

  tree(id: number): boolean {
    return this.trees.has(id);
  }

  commit(id: number): boolean {
    return this.commits.has(id);
  }
}

/** Marks everything below a root tree. */
export async function markReachable(
  root: TreeId,
  segments: SegmentList,
  marked: MarkedIds,
  slices: TimeSlices,
): Promise<void> {
  const unvisited = [root];
  const onTree = (tree: TreeId): void => void (marked.tree(tree) || unvisited.push(tree));
  const onFile = (file: FileId): void => {
    if (marked.file(file)) return;
    marked.files.add(file);
    for (const doc of segments.file(file).docs) marked.docs.add(doc);
  };
  for (let tree = unvisited.pop(); tree !== undefined; tree = unvisited.pop()) {
    if (marked.tree(tree)) continue;
    marked.trees.add(tree);
    if (slices.isOver) await slices.next();
    segments.treeChildren(tree, onTree, onFile);
  }
}
