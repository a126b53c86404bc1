import { lowerBound } from '../base/index.js';
import type { GramPlan } from '../pattern/index.js';
import type { SearchBackend, Snapshot, TermOf, TermPostings, Wanted } from '../snapshot/index.js';
import { readTermPostings, selectTermPostings } from '../text/index.js';
import { countOfPlanMost, docsOfPlan, docsOfPlanAmong, visibleSegments } from './candidates.js';
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

/** Brings contents and definitions of chunks that are about to be read, where they are not here. */
export const bringDocs = (
  snapshot: Snapshot,
  docs: readonly number[] | Uint32Array,
  signal: AbortSignal | undefined,
): Promise<void> => backendOf(snapshot).bring({ docs }, signal);

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

  bring(): Promise<void> {
    return Promise.resolve();
  }
}

/** Some chunks here, those with higher numbers elsewhere. */
class JoinedBackend implements SearchBackend {
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

  bring(wanted: Wanted, signal: AbortSignal | undefined): Promise<void> {
    return this.far.bring(wanted, signal);
  }
}
