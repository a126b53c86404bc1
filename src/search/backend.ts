import { lowerBound } from '../base/index.js';
import type { GramPlan } from '../pattern/index.js';
import type { SearchBackend, Snapshot, TermOf, TermPostings, Wanted } from '../snapshot/index.js';
import { readTermPostings, selectTermPostings } from '../text/index.js';
import type { PartRange, Segment } from '../segment/index.js';
import { countOfPlanMost, docsOfPlan, docsOfPlanAmong, gramsRead, visibleSegments } from './candidates.js';
import type { VisibleSegment } from './candidates.js';

/** What a search reads of a snapshot. */
export function backendOf(snapshot: Snapshot): SearchBackend {
  return snapshot.derived.once('backend', () => {
    const { far } = snapshot;
    const stored = storedBackendOf(snapshot);
    if (far === null) return stored;
    return stored.isEmpty ? far : new JoinedBackend(stored, far);
  });
}

/** The same of what lies here. */
export const storedBackendOf = (snapshot: Snapshot): StoredBackend =>
  snapshot.derived.once('storedBackend', () => {
    const near = visibleSegments(snapshot).filter(({ segment }) => segment.far === null);
    return new StoredBackend(snapshot, near);
  });

/** Visible docs of a snapshot, ascending, whose grams satisfy a plan: all that can match, and usually few more. */
export const candidateDocs = (snapshot: Snapshot, plan: GramPlan): readonly number[] =>
  backendOf(snapshot).candidates(plan);

/** Brings contents of chunks that are about to be read, where they are not here. */
export const bringTexts = (
  snapshot: Snapshot,
  docs: readonly number[] | Uint32Array,
  signal: AbortSignal | undefined,
): Promise<void> => backendOf(snapshot).bring({ texts: docs }, signal);

/** The segments of a store. */
export class StoredBackend implements SearchBackend {
  constructor(
    private readonly snapshot: Snapshot,
    private readonly segments: readonly VisibleSegment[],
  ) {}

  get isEmpty(): boolean {
    return this.segments.length === 0;
  }

  candidates(plan: GramPlan): readonly number[] {
    return docsOfPlan(this.segments, this.snapshot.visible, plan);
  }

  /** The same of some visible docs alone, ascending. */
  candidatesAmong(plan: GramPlan, among: Uint32Array): readonly number[] {
    return docsOfPlanAmong(this.segments, among, plan);
  }

  /** No more docs than that are candidates; told without looking for them. */
  candidatesMost(plan: GramPlan): number {
    return countOfPlanMost(this.segments, plan);
  }

  postings({ high, low }: TermOf): TermPostings {
    const lists = this.segments.flatMap(({ segment, docEnd }) => {
      const list = segment.terms.find(high, low);
      return list === null ? [] : [{ segment, docEnd, list }];
    });
    const most = lists.reduce((sum, { list }) => sum + list.docCount, 0);
    const docs = new Uint32Array(most);
    const frequencies = new Uint8Array(most);
    let at = 0;
    for (const { segment, docEnd, list } of lists)
      at = selectTermPostings(list.bytes, this.snapshot.visible, segment.docBase, docEnd, { docs, frequencies, at });
    return at === most ? { docs, frequencies } : { docs: docs.slice(0, at), frequencies: frequencies.slice(0, at) };
  }

  forEachWith(docs: Uint32Array, { high, low }: TermOf, onDoc: (at: number) => void): void {
    for (const { segment, docEnd } of this.segments) {
      const list = segment.terms.find(high, low);
      if (list === null) continue;
      let at = lowerBound(docs, segment.docBase);
      if (at === docs.length || docs[at]! >= docEnd) continue;
      readTermPostings(
        list.bytes,
        (own) => {
          const doc = segment.docBase + own;
          while (at < docs.length && docs[at]! < doc) at++;
          if (docs[at] === doc) onDoc(at);
        },
        docEnd - segment.docBase,
      );
    }
  }

  /** Nothing, where all is in files of the store. */
  async bring(wanted: Wanted, signal: AbortSignal | undefined): Promise<void> {
    const elsewhere = this.segments.filter(({ segment }) => !segment.isHere);
    if (elsewhere.length === 0) return;
    const { plans = [], docs = [], texts = [] } = wanted;
    const terms = [...(wanted.terms ?? []), ...(wanted.lookedFor ?? [])];
    const grams = plans.flatMap(gramsRead);
    const ascending = Uint32Array.from(docs).sort();
    const ascendingTexts = Uint32Array.from([...docs, ...texts]).sort();
    await Promise.all(
      elsewhere.map(({ segment }) => {
        const ranges: PartRange[] = [];
        const add = (range: PartRange | null): void => void (range !== null && ranges.push(range));
        for (const gram of grams) add(segment.grams.rangeOf(gram, 0));
        for (const { high, low } of terms) add(segment.terms.rangeOf(high, low));
        for (const doc of within(ascendingTexts, segment)) add(segment.content.rangeOf(doc - segment.docBase));
        for (const doc of within(ascending, segment)) add(segment.symbols.rangeOf(doc - segment.docBase));
        return segment.bring(ranges, signal);
      }),
    );
  }

  get isHere(): boolean {
    return this.segments.every(({ segment }) => segment.isHere);
  }
}

const within = (docs: Uint32Array, { docBase, docEnd }: Segment): Uint32Array =>
  docs.subarray(lowerBound(docs, docBase), lowerBound(docs, docEnd));

/** Some chunks here, those with higher numbers elsewhere. */
class JoinedBackend implements SearchBackend {
  readonly isHere = false;

  constructor(
    private readonly near: SearchBackend,
    private readonly far: SearchBackend,
  ) {}

  candidates(plan: GramPlan): readonly number[] {
    return [...this.near.candidates(plan), ...this.far.candidates(plan)];
  }

  postings(term: TermOf): TermPostings {
    const parts = [this.near.postings(term), this.far.postings(term)];
    return {
      docs: parts.flatMap(({ docs }) => [...docs]),
      frequencies: parts.flatMap(({ frequencies }) => [...frequencies]),
    };
  }

  forEachWith(docs: Uint32Array, term: TermOf, onDoc: (at: number) => void): void {
    this.near.forEachWith(docs, term, onDoc);
    this.far.forEachWith(docs, term, onDoc);
  }

  async bring(wanted: Wanted, signal: AbortSignal | undefined): Promise<void> {
    await Promise.all([this.near.bring(wanted, signal), this.far.bring(wanted, signal)]);
  }
}
