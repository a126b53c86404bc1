import type { GramPlan } from '../pattern/index.js';

/** A term's visible chunks, ascending by doc id, with their packed frequencies (see text's `packFrequencies`). */
export interface TermPostings {
  readonly docs: Uint32Array | readonly number[];
  readonly frequencies: Uint8Array | readonly number[];
}

/** A term by its key (see text's `termKey`). */
export interface TermOf {
  readonly high: number;
  readonly low: number;
}

/** What a search will read of a snapshot: brought here beforehand, where it lies elsewhere, it is one request. */
export interface Wanted {
  readonly plans?: readonly GramPlan[];
  readonly terms?: readonly TermOf[];
  /** Contents and definitions of chunks. */
  readonly docs?: readonly number[] | Uint32Array;
  /** Contents alone. */
  readonly texts?: readonly number[] | Uint32Array;
  /** The terms of these chunks. */
  readonly termsOf?: readonly number[] | Uint32Array;
  /** Of those the ones that are looked for: which of the chunks have them. */
  readonly lookedFor?: readonly TermOf[];
}

/**
 * What search reads of a snapshot, wherever its chunks lie: in the segments of a store, or in a cluster. Doc ids are the snapshot's; contents and
 * definitions are read by them from its segments. Where something is not here, what reads it throws NotHere.
 */
export interface SearchBackend {
  /** Nothing that it reads lies elsewhere. */
  readonly isHere: boolean;
  /** Visible docs, ascending, whose grams satisfy a plan: all that can match, and usually few more. */
  candidates(plan: GramPlan): readonly number[];
  /** The postings of a term; their count is its exact document frequency in the snapshot. */
  postings(term: TermOf): TermPostings;
  /** Calls with the index in `docs`, ascending, of each that has a term. */
  forEachWith(docs: Uint32Array, term: TermOf, onDoc: (at: number) => void): void;
  /** Brings here what is about to be read. Where all is here, nothing. */
  bring(wanted: Wanted, signal: AbortSignal | undefined): Promise<void>;
}
