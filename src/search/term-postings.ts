import { compilePattern } from '../pattern/index.js';
import type { GramPlan } from '../pattern/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { isUnsegmented, packFrequencies, selectTermPostings, termKey } from '../text/index.js';
import { candidateDocs, visibleSegments } from './candidates.js';

/** A term's visible chunks, ascending by doc id, with their packed frequencies. */
export interface VisiblePostings {
  readonly docs: Uint32Array | readonly number[];
  readonly frequencies: Uint8Array | readonly number[];
}

/** The postings of a normalised term that a snapshot sees. Their count is its exact document frequency. */
export function visiblePostings(snapshot: Snapshot, term: string): VisiblePostings {
  const key = `postings:${term}`;
  const known = snapshot.recall<VisiblePostings>(key);
  if (known !== undefined) return known;
  const found =
    isUnsegmented(term) && [...term].length !== 2 ? typedPostings(snapshot, term) : listedPostings(snapshot, term);
  snapshot.remember(key, found, 200 + 5 * found.docs.length);
  return found;
}

function listedPostings(snapshot: Snapshot, term: string): VisiblePostings {
  const { high, low } = termKey(term);
  const lists = visibleSegments(snapshot).flatMap(({ segment, docEnd }) => {
    const list = segment.terms.find(high, low);
    return list === null ? [] : [{ segment, docEnd, list }];
  });
  const most = lists.reduce((sum, { list }) => sum + list.docCount, 0);
  const docs = new Uint32Array(most);
  const frequencies = new Uint8Array(most);
  let at = 0;
  for (const { segment, docEnd, list } of lists)
    at = selectTermPostings(list.bytes, snapshot.visible, segment.docBase, docEnd, { docs, frequencies, at });
  return at === most ? { docs, frequencies } : { docs: docs.slice(0, at), frequencies: frequencies.slice(0, at) };
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
  return { docs: Uint32Array.from(docs), frequencies: Uint8Array.from(frequencies) };
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
