import type { TreeId } from '../../model/index.js';
import type { GramPlan } from '../../pattern/index.js';
import type { SearchCluster } from '../../remote/index.js';
import { SegmentList } from '../../segment/index.js';
import type { SegmentCaches } from '../../segment/index.js';
import { createRecordCaches } from '../../snapshot/index.js';
import type { SegmentPlace } from '../../snapshot/index.js';
import { MemoryFiles } from '../../store/index.js';
import type { NextIds, SegmentEntry } from '../../store/index.js';
import { FarStore } from './far-store.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
}

/** Tables of a history are as long as its highest number: it has numbers of its own. */
const firstIds: NextIds = { doc: 0, file: 0, tree: 0, commit: 0, segment: 0 };
const noLimits = { segmentsMax: Infinity, bytesMax: Infinity, quietMs: 0 };
const recordBytesMax = 32 * 1024 * 1024;

/**
 * The history of a repository as it is published: the trees of its commits, and the records of what each changed, which are made here of the trees. In
 * memory, and made again when it is needed; texts of chunks are read from the cluster when they are looked at.
 */
export class FarHistory implements SegmentPlace {
  readonly files = new MemoryFiles();
  /** Its numbers are those of no other place. */
  readonly caches = createRecordCaches(recordBytesMax, recordBytesMax);
  private readonly store: FarStore;
  private users = 0;
  private isOver = false;
  usedMs = 0;

  constructor(
    cluster: SearchCluster,
    private readonly segmentCaches: SegmentCaches,
  ) {
    this.store = new FarStore(cluster, segmentCaches, noLimits, firstIds);
  }

  get bytes(): number {
    return this.store.bytes;
  }

  get nextIds(): NextIds {
    return this.store.nextIds;
  }

  segments(): SegmentList {
    return this.store.segments();
  }

  take(entry: SegmentEntry, next: NextIds): void {
    this.store.take(SegmentList.openInMemory(this.files, entry, this.segmentCaches), next);
  }

  /** Root trees by their keys, in hex; null for those of which no snapshot is published. */
  roots(keys: readonly string[], call: Call): Promise<(TreeId | null)[]> {
    return this.store.openMany(keys, call);
  }

  /** Docs whose grams satisfy a plan, ascending. */
  candidates(plan: GramPlan, signal: AbortSignal | undefined): Promise<readonly number[]> {
    return this.store.candidates(plan, { signal });
  }

  bring(docs: readonly number[], signal: AbortSignal | undefined): Promise<void> {
    return this.store.bring(docs, { signal });
  }

  /** Keeps it open while it is used. */
  async use<T>(action: () => Promise<T>): Promise<T> {
    this.users++;
    try {
      return await action();
    } finally {
      if (--this.users === 0 && this.isOver) this.store.close();
    }
  }

  /** Lets go what was read of chunks. */
  trim(): void {
    this.store.trim();
  }

  /** Ends it, once nobody uses it. */
  close(): void {
    this.isOver = true;
    if (this.users === 0) this.store.close();
  }
}
