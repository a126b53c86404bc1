import { compilePattern } from '../pattern/index.js';
import type { GramPlan } from '../pattern/index.js';
import type { Snapshot, TermPostings } from '../snapshot/index.js';
import { isUnsegmented, packFrequencies, termKey } from '../text/index.js';
import { backendOf, candidateDocs } from './backend.js';

export type VisiblePostings = TermPostings;

/** The postings of a normalised term that a snapshot sees. Their count is its exact document frequency. */
export function visiblePostings(snapshot: Snapshot, term: string): VisiblePostings {
  const key = `postings:${term}`;
  const known = snapshot.recall<VisiblePostings>(key);
  if (known !== undefined) return known;
  const found = isTyped(term) ? typedPostings(snapshot, term) : backendOf(snapshot).postings(termKey(term));
  snapshot.remember(key, found, 200 + 5 * found.docs.length);
  return found;
}

/** A run that the index does not have as such. */
const isTyped = (term: string): boolean => isUnsegmented(term) && [...term].length !== 2;

/** Brings the postings of terms, and the candidates of plans, that are about to be read, where they are not here. */
export const bringPostings = (
  snapshot: Snapshot,
  terms: readonly string[],
  plans: readonly GramPlan[],
  signal: AbortSignal | undefined,
): Promise<void> =>
  backendOf(snapshot).bring({ terms: terms.filter((term) => !isTyped(term)).map(termKey), plans }, signal);

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
