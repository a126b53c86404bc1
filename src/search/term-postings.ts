import type { Snapshot } from '../snapshot/index.js';
import { readTermPostings, termKey } from '../text/index.js';
import { visibleSegments } from './candidates.js';

/** A term's visible chunks, ascending by doc id, with their packed frequencies. */
export interface VisiblePostings {
  readonly docs: readonly number[];
  readonly frequencies: readonly number[];
}

/** The postings of a normalised term that a snapshot sees. Their count is its exact document frequency. */
export function visiblePostings(snapshot: Snapshot, term: string): VisiblePostings {
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
