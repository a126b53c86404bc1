import { CoppiceError } from '../base/index.js';
import type { BlobContent } from '../git/index.js';
import type { Oid, TreeEntry, TreeId } from '../model/index.js';
import { contentOf, readFileRecord, readTreeNode } from '../snapshot/index.js';
import type { SegmentPlace, SnapshotStore } from '../snapshot/index.js';
import type { FileRecord } from '../segment/index.js';
import type { ObjectSource } from './object-source.js';

/**
 * The objects of a stored root tree, from the store: an edited fork is in no repository. Knows a directory once
 * its parent was read, which is the order in which trees are walked.
 */
export class StoredSource implements ObjectSource {
  private readonly trees = new Map<Oid, TreeId>();
  private readonly files = new Map<Oid, FileRecord>();

  constructor(
    private readonly snapshots: Pick<SegmentPlace, 'segments'> & Pick<SnapshotStore, 'caches'>,
    root: TreeId,
    private readonly behind: ObjectSource | null,
  ) {
    this.trees.set(readTreeNode(snapshots.segments(), root, snapshots.caches).oid, root);
  }

  async readTree(oid: Oid): Promise<readonly TreeEntry[]> {
    const id = this.trees.get(oid);
    if (id === undefined) {
      if (this.behind !== null) return this.behind.readTree(oid);
      throw new CoppiceError('OBJECT_MISSING', `tree ${oid} is missing`, { data: { oid } });
    }
    const segments = this.snapshots.segments();
    const { caches } = this.snapshots;
    return readTreeNode(segments, id, caches).entries.map((entry): TreeEntry => {
      const { name, kind } = entry;
      if (entry.tree !== undefined) {
        const child = readTreeNode(segments, entry.tree, caches);
        this.trees.set(child.oid, entry.tree);
        return { name, kind, oid: child.oid };
      }
      if (entry.file !== undefined) {
        const record = readFileRecord(segments, entry.file, caches);
        this.files.set(record.oid, record);
        return { name, kind, oid: record.oid };
      }
      return { name, kind, oid: entry.oid! };
    });
  }

  async *readBlobs(
    oids: readonly Oid[],
    options: { maxBytes: number; signal?: AbortSignal | undefined },
  ): AsyncIterable<BlobContent> {
    const segments = this.snapshots.segments();
    for (const oid of oids) {
      const record = this.files.get(oid);
      const content = record === undefined ? null : contentOf(record, segments);
      if (content !== null) {
        yield { oid, size: content.length, content: content.length <= options.maxBytes ? content : null };
      } else if (this.behind !== null) yield* this.behind.readBlobs([oid], options);
      else yield { oid, size: -1, content: null };
    }
  }

  async ownContent(oid: Oid): Promise<Buffer | null> {
    const record = this.files.get(oid);
    const content = record === undefined ? null : contentOf(record, this.snapshots.segments());
    if (content === null || this.behind === null) return content;
    for await (const { size } of this.behind.readBlobs([oid], { maxBytes: 0 })) if (size >= 0) return null;
    return content;
  }
}
