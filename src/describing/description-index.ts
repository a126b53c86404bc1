import { BitSet } from '../base/index.js';
import type { Segment, SegmentList } from '../segment/index.js';
import type { Snapshot } from '../snapshot/index.js';
import type { DescriptionLog } from '../store/index.js';
import { contentNameOf, keyOfContentName, textTerms } from '../text/index.js';

/** A term's chunks, ascending by doc id, and how often their descriptions have it. */
interface DescriptionPostings {
  readonly docs: readonly number[];
  readonly frequencies: readonly number[];
}

/** Looking a chunk up by its key takes as long as reading so many rows of the table of keys. */
const rowsPerLookup = 16;

/** What of a segment's chunks is described: by doc, the number of the description. */
interface DescribedDocs {
  readonly numbers: Map<number, number>;
  /** Descriptions there were. */
  upTo: number;
}

/**
 * What one model says of chunks, found by its words. Descriptions are numbered as they were written; which chunk one is of is looked up
 * once for each segment.
 */
export class DescriptionIndex {
  private readonly keys: string[] = [];
  private readonly numberOf = new Map<string, number>();
  private readonly lengths: number[] = [];
  private readonly terms = new Map<string, { readonly numbers: number[]; readonly counts: number[] }>();
  private readonly docsOf = new WeakMap<Segment, DescribedDocs>();

  constructor(private readonly log: DescriptionLog) {}

  /** What a snapshot's chunks are said to do; null when nothing is said. */
  of(snapshot: Snapshot): DescribedSnapshot | null {
    this.read();
    const visible = snapshot.ranked;
    const docs = new Map<number, number>();
    for (const segment of snapshot.segments.segments)
      for (const [doc, number] of this.describedDocs(segment)) if (visible.has(doc)) docs.set(doc, number);
    return docs.size === 0 ? null : new DescribedSnapshot(this, docs);
  }

  /** Changes when there are more. */
  get version(): number {
    this.log.refresh();
    return this.log.count;
  }

  /** Of a segment's chunks those that are described, by doc id. */
  describedDocs(segment: Segment): ReadonlyMap<number, number> {
    let own = this.docsOf.get(segment);
    if (own === undefined) this.docsOf.set(segment, (own = { numbers: new Map(), upTo: 0 }));
    const { keys } = this;
    const missing = keys.length - own.upTo;
    if (missing === 0) return own.numbers;
    if (missing * rowsPerLookup < segment.docKeys.count) {
      for (let number = own.upTo; number < keys.length; number++) {
        const found = segment.docKeys.find(keyOfContentName(keys[number]!));
        if (found >= 0) own.numbers.set(segment.docBase + found, number);
      }
    } else
      for (const { key, number: doc } of segment.docKeys.rows()) {
        const number = this.numberOf.get(contentNameOf(key));
        if (number !== undefined) own.numbers.set(segment.docBase + doc, number);
      }
    own.upTo = keys.length;
    return own.numbers;
  }

  /** Which chunks of some segments are described. */
  described(list: SegmentList, size: number): BitSet {
    this.read();
    const docs = new BitSet(size, list.docGap);
    for (const segment of list.segments) for (const doc of this.describedDocs(segment).keys()) docs.add(doc);
    return docs;
  }

  postings(term: string): { readonly numbers: readonly number[]; readonly counts: readonly number[] } | undefined {
    return this.terms.get(term);
  }

  /** In terms. */
  lengthOf(number: number): number {
    return this.lengths[number]!;
  }

  textOf(number: number): string {
    return this.log.textOf(this.keys[number]!)!;
  }

  private read(): void {
    this.log.refresh();
    for (const { key, text } of this.log.entries(this.keys.length)) {
      const number = this.keys.push(key) - 1;
      this.numberOf.set(key, number);
      const terms = textTerms(text);
      this.lengths.push(terms.length);
      const counts = new Map<string, number>();
      for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
      for (const [term, count] of counts) {
        let list = this.terms.get(term);
        if (list === undefined) this.terms.set(term, (list = { numbers: [], counts: [] }));
        list.numbers.push(number);
        list.counts.push(count);
      }
    }
  }
}

/** What a model says of the visible chunks of a snapshot. Statistics are over those of them that are described. */
export class DescribedSnapshot {
  /** Of descriptions, in terms. */
  readonly meanLength: number;
  private readonly docOf = new Map<number, number>();

  constructor(
    private readonly index: DescriptionIndex,
    /** The number of the description, by doc id. */
    private readonly numbers: ReadonlyMap<number, number>,
  ) {
    let length = 0;
    for (const [doc, number] of numbers) {
      this.docOf.set(number, doc);
      length += index.lengthOf(number);
    }
    this.meanLength = length / numbers.size;
  }

  /** Chunks that are described. */
  get count(): number {
    return this.numbers.size;
  }

  textOf(doc: number): string | undefined {
    const number = this.numbers.get(doc);
    return number === undefined ? undefined : this.index.textOf(number);
  }

  lengthOf(doc: number): number {
    return this.index.lengthOf(this.numbers.get(doc)!);
  }

  postings(term: string): DescriptionPostings {
    const list = this.index.postings(term);
    const rows: (readonly [doc: number, count: number])[] = [];
    for (const [i, number] of (list?.numbers ?? []).entries()) {
      const doc = this.docOf.get(number);
      if (doc !== undefined) rows.push([doc, list!.counts[i]!]);
    }
    rows.sort((a, b) => a[0] - b[0]);
    return { docs: rows.map(([doc]) => doc), frequencies: rows.map(([, count]) => count) };
  }
}
