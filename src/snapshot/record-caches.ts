import { GenerationCache, LruCache } from '../base/index.js';
import type { FileId, TreeId } from '../model/index.js';
import type { FileRecord, SegmentList, TreeNode } from '../segment/index.js';

/** Records decoded once per process. Ids are never used twice, so entries never go stale. */
export interface RecordCaches {
  readonly trees: GenerationCache<number, TreeNode>;
  readonly files: GenerationCache<number, FileRecord>;
  /** What searches found in snapshots, by the snapshot's serial number and a name of its own. */
  readonly found: LruCache<string, unknown>;
  /** What others keep that they made of records: counted with these. */
  readonly derived: Set<Pick<GenerationCache<unknown, unknown>, 'weight' | 'weightMax' | 'clear'>>;
}

/** Caches that take about so many bytes together. */
export const createRecordCaches = (bytesMax: number, foundBytesMax: number): RecordCaches => ({
  trees: new GenerationCache<number, TreeNode>(bytesMax / 2, ({ entries }) => 150 + 80 * entries.length),
  files: new GenerationCache<number, FileRecord>(bytesMax / 2, ({ docs }) => 200 + 8 * docs.length),
  found: new LruCache<string, unknown>(foundBytesMax),
  derived: new Set(),
});

/** A stored tree, decoded once. */
export function readTreeNode(segments: SegmentList, id: TreeId, caches: RecordCaches): TreeNode {
  let node = caches.trees.get(id);
  if (node === undefined) {
    node = segments.tree(id);
    caches.trees.set(id, node);
  }
  return node;
}

/** A stored file, decoded once. */
export function readFileRecord(segments: SegmentList, id: FileId, caches: RecordCaches): FileRecord {
  let record = caches.files.get(id);
  if (record === undefined) {
    record = segments.file(id);
    caches.files.set(id, record);
  }
  return record;
}
