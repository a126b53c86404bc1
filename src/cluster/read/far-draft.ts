import { clusterIdMin } from '../../model/index.js';
import { SegmentList } from '../../segment/index.js';
import type { SegmentCaches } from '../../segment/index.js';
import { createRecordCaches } from '../../snapshot/index.js';
import type { SegmentPlace } from '../../snapshot/index.js';
import { MemoryFiles } from '../../store/index.js';
import type { NextIds, SegmentEntry } from '../../store/index.js';

/** Ids that neither a store nor a work tree in memory gives away. */
const firstId = clusterIdMin - 2 ** 22;
const recordBytesMax = 16 * 1024 * 1024;

/**
 * What edits of a tree in the cluster come to, in memory, over what is known of the cluster: made to be published, and dropped then. Its records are cached
 * for itself, as its ids are those of every other draft.
 */
export class FarDraft implements SegmentPlace {
  readonly files = new MemoryFiles();
  readonly caches = createRecordCaches(recordBytesMax, recordBytesMax);
  private readonly own: SegmentList[] = [];
  private joined: SegmentList | null = null;
  nextIds: NextIds = { doc: firstId, file: firstId, tree: firstId, commit: firstId, segment: 0 };

  /** `below`: what is known of the cluster; it is released with the draft. */
  constructor(
    private readonly below: SegmentList,
    private readonly segmentCaches: SegmentCaches,
  ) {}

  segments(): SegmentList {
    return (this.joined ??= SegmentList.join([this.below, ...this.own]));
  }

  take(entry: SegmentEntry, next: NextIds): void {
    this.own.push(SegmentList.openInMemory(this.files, entry, this.segmentCaches));
    this.nextIds = next;
    this.joined?.release();
    this.joined = null;
  }

  close(): void {
    for (const list of [this.joined, ...this.own, this.below]) list?.release();
  }
}
