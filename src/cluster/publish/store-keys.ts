import { contentHashLength } from '../../base/index.js';
import type { Segment, SegmentList } from '../../segment/index.js';

const tables = { docs: 'docKeys', files: 'fileKeys', trees: 'treeKeys' } as const;
type Kind = keyof typeof tables;

/** The keys of what a store has, by number: each segment's table is turned round when it is first needed. */
export class StoreKeys {
  private readonly known = new Map<Segment, Partial<Record<Kind, Buffer>>>();

  constructor(private readonly list: SegmentList) {}

  /** In hex. */
  keyOf(kind: Kind, id: number): string {
    const segment = this.list.segmentOf(kind, id);
    let own = this.known.get(segment);
    if (own === undefined) this.known.set(segment, (own = {}));
    const [from, to] = segment.entry[kind];
    if (own[kind] === undefined) {
      const keys = (own[kind] = Buffer.alloc((to - from) * contentHashLength));
      for (const { key, number } of segment[tables[kind]].rows()) key.copy(keys, number * contentHashLength);
    }
    const at = (id - from) * contentHashLength;
    return own[kind].toString('hex', at, at + contentHashLength);
  }
}
