import { lowerBound } from '../base/index.js';
import type { BitSet } from '../base/index.js';
import type { GramPlan } from '../pattern/index.js';
import type { PostingList, Segment, SegmentList } from '../segment/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { isDenseGramList, readGramPostings, retainGramPostings, selectGramPostings } from '../text/index.js';

/**
 * A list this many times longer than what is left costs more to walk than it saves: a posting takes about 5 ns, a chunk 2 µs,
 * and of the chunks left after the rarest gram a further one takes no more than a quarter. Bitmaps are not walked.
 */
const listToChunkCost = 100;

/** Grams of one literal that are looked up in each segment: finding a list costs as much as reading a chunk. */
const gramsMax = 8;
const fewChunks = 8;

/** The same of all docs of a store, whatever sees them. */
export function storedCandidateDocs({ segments }: SegmentList, plan: GramPlan): number[] {
  const all = segments.map((segment) => ({ segment, visibleCount: segment.docCount, docEnd: segment.docEnd }));
  return docsOfPlan(all, null, plan);
}

/** Those docs of segments that can match, ascending. `visible` null: all docs. */
export function docsOfPlan(segments: readonly VisibleSegment[], visible: BitSet | null, plan: GramPlan): number[] {
  const docs: number[] = [];
  if (plan.kind === 'none') return docs;
  for (const { segment, visibleCount, docEnd } of segments) {
    // A segment of one small commit: reading its few chunks costs less than asking for them.
    const found = visibleCount <= fewChunks ? null : new SegmentPlan(segment, visible, docEnd).evaluate(plan, null);
    if (found === null) {
      for (let doc = segment.docBase; doc < docEnd; doc++) if (visible === null || visible.has(doc)) docs.push(doc);
    } else {
      for (const doc of found) docs.push(doc + segment.docBase);
    }
  }
  return docs;
}

/** Those of some docs of these segments, ascending, that can match. */
export function docsOfPlanAmong(segments: readonly VisibleSegment[], among: Uint32Array, plan: GramPlan): number[] {
  const docs: number[] = [];
  if (plan.kind === 'none') return docs;
  for (const { segment, docEnd } of segments) {
    const from = lowerBound(among, segment.docBase);
    const to = lowerBound(among, docEnd);
    if (from === to) continue;
    const within = Array.from(among.subarray(from, to), (doc) => doc - segment.docBase);
    const found = new SegmentPlan(segment, null, docEnd).evaluate(plan, within)!;
    for (const doc of found) docs.push(doc + segment.docBase);
  }
  return docs;
}

/** As many docs as docsOfPlan has at most, by the lengths of posting lists alone. */
export function countOfPlanMost(segments: readonly VisibleSegment[], plan: GramPlan): number {
  if (plan.kind === 'none') return 0;
  let count = 0;
  for (const { segment, visibleCount } of segments)
    count += visibleCount <= fewChunks ? visibleCount : Math.min(visibleCount, segmentMost(segment, plan));
  return count;
}

function segmentMost(segment: Segment, plan: GramPlan): number {
  switch (plan.kind) {
    case 'all':
      return segment.docCount;
    case 'none':
      return 0;
    case 'gram':
      return segment.grams.find(plan.gram, 0)?.docCount ?? 0;
    case 'or':
      return plan.parts.reduce((sum, part) => sum + segmentMost(segment, part), 0);
    case 'and': {
      // A few tell as well as all.
      const parts = plan.parts.length <= gramsMax ? plan.parts : plan.parts.slice(0, gramsMax);
      return parts.reduce((least, part) => Math.min(least, segmentMost(segment, part)), segment.docCount);
    }
  }
}

export interface VisibleSegment {
  readonly segment: Segment;
  /** How many of its chunks the snapshot sees. */
  readonly visibleCount: number;
  /** It sees none from this one on: of an old commit, nothing that came later. */
  readonly docEnd: number;
}

/** Segments that hold at least one visible chunk. */
export function visibleSegments(snapshot: Snapshot): readonly VisibleSegment[] {
  return snapshot.derived.once('visibleSegments', () =>
    snapshot.segments.segments
      .map((segment) => ({
        segment,
        visibleCount: snapshot.visible.countRange(segment.docBase, segment.docEnd),
        docEnd: snapshot.visible.endOf(segment.docBase, segment.docEnd),
      }))
      .filter(({ visibleCount }) => visibleCount > 0),
  );
}

/** At most `count` of the grams, evenly spread: neighbours overlap, so those between say little more. */
function spread(grams: readonly number[], count: number): readonly number[] {
  if (grams.length <= count) return grams;
  return Array.from({ length: count }, (_, i) => grams[Math.floor((i * (grams.length - 1)) / (count - 1))]!);
}

/** The grams whose lists a plan is answered by. */
export function gramsRead(plan: GramPlan): readonly number[] {
  switch (plan.kind) {
    case 'all':
    case 'none':
      return [];
    case 'gram':
      return [plan.gram];
    case 'or':
      return plan.parts.flatMap(gramsRead);
    case 'and': {
      const grams = plan.parts.flatMap((part) => (part.kind === 'gram' ? [part.gram] : []));
      return [
        ...spread(grams, gramsMax),
        ...plan.parts.flatMap((part) => (part.kind === 'gram' ? [] : gramsRead(part))),
      ];
    }
  }
}

/** Docs here are counted from the segment's first. Null stands for all visible docs. */
type Docs = number[] | null;

class SegmentPlan {
  constructor(
    private readonly segment: Segment,
    private readonly visible: BitSet | null,
    private readonly docEnd: number,
  ) {}

  /** Those of `within` that satisfy the plan. */
  evaluate(plan: GramPlan, within: Docs): Docs {
    switch (plan.kind) {
      case 'all':
        return within;
      case 'none':
        return [];
      case 'gram':
        return this.intersect(within, [plan.gram]);
      case 'or': {
        if (plan.parts.some(({ kind }) => kind === 'all')) return within;
        const union = new Set<number>();
        for (const part of plan.parts) for (const doc of this.evaluate(part, within) ?? []) union.add(doc);
        return [...union].sort((a, b) => a - b);
      }
      case 'and': {
        const grams = plan.parts.flatMap((part) => (part.kind === 'gram' ? [part.gram] : []));
        let docs = grams.length === 0 ? within : this.intersect(within, grams);
        for (const part of plan.parts) if (part.kind !== 'gram' && docs?.length !== 0) docs = this.evaluate(part, docs);
        return docs;
      }
    }
  }

  private intersect(within: Docs, grams: readonly number[]): Docs {
    const lists: PostingList[] = [];
    for (const gram of spread(grams, gramsMax)) {
      const list = this.segment.grams.find(gram, 0);
      if (list === null) return [];
      lists.push(list);
    }
    lists.sort((a, b) => a.docCount - b.docCount);
    let docs = within;
    const { docCount } = this.segment;
    for (const list of lists) {
      if (docs === null) docs = this.visibleDocs(list);
      else if (isDenseGramList(list.docCount, docCount) || list.docCount < docs.length * listToChunkCost)
        docs = retainGramPostings(list.bytes, list.docCount, docCount, docs);
      if (docs.length === 0) return docs;
    }
    return docs;
  }

  private visibleDocs(list: PostingList): number[] {
    const { docBase, docCount } = this.segment;
    if (this.visible !== null)
      return selectGramPostings(list.bytes, list.docCount, docCount, this.visible, docBase, this.docEnd);
    const docs: number[] = [];
    readGramPostings(list.bytes, list.docCount, docCount, (doc) => docs.push(doc));
    return docs;
  }
}
