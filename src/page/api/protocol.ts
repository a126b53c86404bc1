import type {
  CompareResult,
  FileFilter,
  FilesResult,
  GrepRangeResult,
  GrepResult,
  LineHistory,
  OutlineResult,
  Progress,
  ResolvedRev,
  RevsResult,
  SearchResult,
  ShownText,
  SymbolsResult,
} from '../../engine/types.js';

export type {
  ComparedFile,
  FileEntry,
  Freshness,
  Hit,
  LineChange,
  LineHistory,
  LineMatch,
  MatchSpan,
  NamedRev,
  NearestHit,
  OutlineSymbol,
  Progress,
  RangeLineMatch,
  ResolvedRev,
  SearchResult,
  SymbolHit,
} from '../../engine/types.js';

interface OfRepository {
  /** Absolute path of a work tree, a bare repository or a git folder. */
  readonly repo: string;
}

interface Pattern {
  readonly pattern: string;
  readonly literal: boolean;
  readonly ignoreCase: boolean;
  readonly wholeWord: boolean;
  readonly maxCount?: number;
}

export interface Repository {
  readonly id: string;
  readonly name: string;
  readonly path: string;
}

/** A file's text as it travels: text, or base64 where it is no valid UTF-8. */
export interface WireText extends Omit<ShownText, 'content'> {
  readonly text: string;
  readonly encoding: 'utf-8' | 'base64';
}

/** What the daemon tells without being asked. */
export type DaemonEvent =
  /** The first: whatever happens from now on is told. */
  | { readonly kind: 'listening' }
  | { readonly kind: 'changed'; readonly what: 'worktree' | 'head' | 'refs' }
  | { readonly kind: 'progress'; readonly operation: string; readonly progress: Progress | null };

/** An operation with one answer; `list` names the part of it that is streamed. */
interface Answer<Input, Result, List extends keyof Result | null = null> {
  readonly input: Input;
  readonly result: Result;
  readonly list: List;
}

/** An operation that answers with items only. */
interface Items<Input, Item> {
  readonly input: Input;
  readonly result: { readonly items: readonly Item[] };
  readonly list: 'items';
}

/** The operations of the daemon that the page uses, by name: `POST /v1/NAME`. */
export interface Operations {
  repositories: Answer<object, { readonly repositories: readonly Repository[] }, 'repositories'>;
  resolve: Answer<OfRepository & { readonly rev: string }, ResolvedRev>;
  revs: Answer<OfRepository & { readonly match?: string; readonly limit?: number }, RevsResult, 'revs'>;
  search: Answer<
    OfRepository & {
      readonly query: string;
      readonly rev: string;
      readonly limit: number;
      readonly effort: 'fast' | 'best';
    },
    SearchResult,
    'hits'
  >;
  grep: Answer<OfRepository & FileFilter & Pattern & { readonly rev: string }, GrepResult, 'lines'>;
  'grep-range': Answer<
    OfRepository & Pattern & { readonly from: string; readonly to: string },
    GrepRangeResult,
    'lines'
  >;
  symbols: Answer<
    OfRepository & { readonly name: string; readonly rev: string; readonly limit: number },
    SymbolsResult,
    'symbols'
  >;
  log: Items<OfRepository & Pattern & { readonly revs: readonly string[] }, LineHistory>;
  files: Answer<OfRepository & FileFilter & { readonly rev: string; readonly limit: number }, FilesResult, 'files'>;
  compare: Answer<
    OfRepository & { readonly from: string; readonly to: string; readonly limit: number },
    CompareResult,
    'files'
  >;
  show: Answer<OfRepository & { readonly rev: string; readonly path: string }, WireText>;
  outline: Answer<OfRepository & { readonly rev: string; readonly path: string }, OutlineResult>;
  events: Items<OfRepository, DaemonEvent>;
}

export type OperationName = keyof Operations;
export type InputOf<N extends OperationName> = Operations[N]['input'];

/** An element of the list that is streamed. */
export type ItemOf<N extends OperationName> =
  Operations[N] extends Answer<unknown, infer Result, infer List>
    ? List extends keyof Result
      ? Result[List] extends readonly (infer Item)[]
        ? Item
        : never
      : never
    : never;

/** What comes after the items. */
export type RestOf<N extends OperationName> =
  Operations[N] extends Answer<unknown, infer Result, infer List>
    ? List extends keyof Result
      ? Omit<Result, List>
      : Result
    : never;

/** One line of a streamed answer. */
export type StreamLine =
  | { readonly progress: Progress }
  | { readonly note: string }
  | { readonly item: unknown }
  | { readonly result: object }
  | { readonly error: WireError };

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}
