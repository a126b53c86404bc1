import { compilePattern } from '../pattern/index.js';
import type { GramPlan } from '../pattern/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { isUnsegmented, packFrequencies, readTermPostings, termKey } from '../text/index.js';
import { candidateDocs, visibleSegments } from './candidates.js';

/** A term's visible chunks, ascending by doc id, with their packed frequencies. */
export interface VisiblePostings {
  readonly docs: readonly number[];
  readonly frequencies: readonly number[];
}

/** The postings of a normalised term that a snapshot sees. Their count is its exact document frequency. */
export function visiblePostings(snapshot: Snapshot, term: string): VisiblePostings {
  if (isUnsegmented(term) && [...term].length !== 2) return typedPostings(snapshot, term);
  const docs: number[] = [];
  const frequencies: number[] = [];
  const { high, low } = termKey(term);
  const { visible } = snapshot;
  for (const { segment, docEnd } of visibleSegments(snapshot)) {
    const list = segment.terms.find(high, low);
    if (list === null) continue;
    const base = segment.docBase;
    const onPosting = (doc: number, packed: number): void => {
      if (!visible.has(base + doc)) return;
      docs.push(base + doc);
      frequencies.push(packed);
    };
    readTermPostings(list.bytes, onPosting, docEnd - base);
  }
  return { docs, frequencies };
}

/**
 * Chunks with a run of a script without spaces as it is typed: the index has its pairs, which may stand anywhere. Found as exact search
 * finds it; what a run counts for beside its pairs is in its body.
 */
function typedPostings(snapshot: Snapshot, run: string): VisiblePostings {
  const docs: number[] = [];
  const frequencies: number[] = [];
  for (const doc of candidateDocs(snapshot, planOfRun(run))) {
    const count = countOf(run, snapshot.segments.chunkText(doc));
    if (count === 0) continue;
    docs.push(doc);
    frequencies.push(packFrequencies(count, 0, 0));
  }
  return { docs, frequencies };
}

const planOfRun = (run: string): GramPlan => compilePattern(run, { literal: true }).plan;

/** Whether a visible chunk has such a run. */
export const occursTyped = (snapshot: Snapshot, run: string): boolean =>
  candidateDocs(snapshot, planOfRun(run)).some((doc) => snapshot.segments.chunkText(doc).includes(run));

function countOf(run: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(run); at >= 0; at = text.indexOf(run, at + run.length)) count++;
  return count;
}
