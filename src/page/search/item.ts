import type {
  ComparedFile,
  FileEntry,
  Freshness,
  Hit,
  LineHistory,
  LineMatch,
  ResolvedRev,
  SearchResult,
  SymbolHit,
} from '../api/protocol.js';
import type { Side } from '../state/place.js';

interface ItemBase {
  /** In a comparison: which of the two revs has it. */
  readonly side: Side | null;
  /** The file that it is in; of a line's history, one of those. */
  readonly path: string;
  readonly language: string;
  /** Of the definition that it is; empty for what is none. */
  readonly kind: string;
  /** The rev at which the file is shown. */
  readonly rev: string;
}

/** One result. */
export type Item =
  | (ItemBase & { readonly type: 'hit'; readonly hit: Hit })
  | (ItemBase & { readonly type: 'line'; readonly line: LineMatch })
  | (ItemBase & { readonly type: 'symbol'; readonly symbol: SymbolHit })
  | (ItemBase & { readonly type: 'history'; readonly history: LineHistory })
  | (ItemBase & {
      readonly type: 'file';
      readonly change: ComparedFile['change'] | null;
      readonly skipped: FileEntry['skipped'];
    });

/** About the answer as a whole. */
export interface Summary {
  readonly freshness: Freshness;
  /** Time that the daemon took, in milliseconds; null where it does not tell. */
  readonly tookMs: number | null;
  /** There is more than what came. */
  readonly truncated: boolean;
  /** How many there are in all, where that is known. */
  readonly total: number | null;
  /** What has to be said besides; absent: nothing. */
  readonly told?: Told;
  /** The rev, where the query names another than the place. */
  readonly searchedRev?: string;
}

/** What a ranked answer says besides its hits. */
export type Told = Pick<SearchResult, 'confidence' | 'didYouMean' | 'nearest' | 'notes'>;

/** Those of a repository's revs that an answer is about. */
export interface ShownRevs {
  readonly rev: ResolvedRev;
  readonly against: ResolvedRev | null;
}
