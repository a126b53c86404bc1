import { Catalog } from '../../src/store/index.js';
import type { CatalogRecord } from '../../src/store/index.js';
import { Journal } from '../../src/store/records/journal.js';
import type { JournalRecord } from '../../src/store/records/journal.js';

/** Reads the journal of a store along with its writer, and adds up the segments that were ever published. */
export class SegmentLog {
  private readonly segments = new SegmentCatalog();
  private readonly journal: Journal;

  constructor(store: string) {
    this.journal = Journal.open(store, this.segments);
  }

  /** What there is now, and all that was written and the most there were since the log began. */
  read(): SegmentTotals {
    this.journal.refresh();
    const live = this.segments.segments();
    const { writtenBytes, mergedBytes, merges, liveMax } = this.segments;
    const liveBytes = live.reduce((sum, { bytes }) => sum + bytes, 0);
    return { live: live.length, liveBytes, liveMax, writtenBytes, mergedBytes, merges };
  }

  close(): void {
    this.journal.close();
  }
}

export interface SegmentTotals {
  readonly live: number;
  readonly liveBytes: number;
  readonly liveMax: number;
  /** Bytes of all segments that were written. */
  readonly writtenBytes: number;
  /** Of those, of segments that replaced others. */
  readonly mergedBytes: number;
  readonly merges: number;
}

class SegmentCatalog extends Catalog {
  writtenBytes = 0;
  mergedBytes = 0;
  merges = 0;
  liveMax = 0;
  /** A new journal begins with the segments that were there. */
  private readonly seen = new Set<string>();

  override apply(record: JournalRecord): void {
    super.apply(record);
    const entry = record as unknown as CatalogRecord;
    if (entry.t !== 'segments') return;
    const added = entry.add.filter(({ id }) => !this.seen.has(id));
    for (const { id, bytes } of added) {
      this.seen.add(id);
      this.writtenBytes += bytes;
      if (entry.remove.length > 0) this.mergedBytes += bytes;
    }
    if (entry.remove.length > 0) this.merges++;
    this.liveMax = Math.max(this.liveMax, this.segments().length);
  }
}
