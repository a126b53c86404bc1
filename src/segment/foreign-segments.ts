import { SegmentList } from './segment-list.js';

/** So much may be in memory, and for so long nobody has to have opened anything before all is begun anew. */
export interface ForeignLimits {
  readonly segmentsMax: number;
  readonly bytesMax: number;
  readonly quietMs: number;
}

/**
 * Segments over what lies elsewhere, one behind the other. With more of them, or more of them in memory, than should be all is begun anew, as it can
 * be read again: once nobody has opened anything for a while, as who opens the roots of a view needs them together; with twice as much at once.
 */
export class ForeignSegments {
  bytes = 0;
  private lists: SegmentList[] = [];
  private joined: SegmentList | null = null;

  constructor(private readonly limits: ForeignLimits) {}

  all(): SegmentList {
    return (this.joined ??= SegmentList.join(this.lists));
  }

  add(list: SegmentList, bytes: number): void {
    this.lists.push(list);
    this.bytes += bytes;
    this.joined?.release();
    this.joined = null;
  }

  isFull(quietForMs: number): boolean {
    const { segmentsMax, bytesMax, quietMs } = this.limits;
    const share = Math.max(this.lists.length / segmentsMax, this.bytes / bytesMax);
    return share > 2 || (share > 1 && quietForMs > quietMs);
  }

  /** Open snapshots keep what they have. */
  clear(): void {
    this.joined?.release();
    this.joined = null;
    for (const list of this.lists) list.release();
    this.lists = [];
    this.bytes = 0;
  }
}
