import type {
  ComparedFile,
  Freshness,
  Hit,
  LineHistory,
  LineMatch,
  ResolvedRev,
  SearchResult,
  SymbolHit,
} from '../api/protocol.js';
import type { HitLabels } from '../api/protocol.js';
import { isTogether, pathInScope } from '../state/session.js';
import type { Side } from '../state/place.js';

interface ItemBase {
  /** In a comparison: which of the two revs has it. */
  readonly side: Side | null;
  /** The file that it is in, where it is asked for; of a line's history, one of those. */
  readonly path: string;
  /** Of several repositories the one that it is in; of a package its name. Empty: nothing to tell. */
  readonly root: string;
  readonly package: string;
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
      readonly change: ComparedFile['change'];
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

/** Where an answer found something, as items have it. */
export function placeOfItem(found: HitLabels & { readonly path: string }): Pick<ItemBase, 'path' | 'root' | 'package'> {
  return { path: pathInScope(found), root: isTogether.peek() ? (found.repo ?? '') : '', package: found.package ?? '' };
}
