import type {
  CompareResult,
  DefinitionResult,
  FileFilter,
  FilesResult,
  FolderResult,
  GrepRangeResult,
  GrepResult,
  LastChange,
  LineHistory,
  OutlineResult,
  Progress,
  ReferencesResult,
  ResolvedRev,
  RevsResult,
  SearchResult,
  ShownText,
  SymbolsResult,
  ViewInfo,
} from '../../engine/types.js';

export type {
  ComparedFile,
  DefinitionHit,
  FolderEntry,
  Freshness,
  Hit,
  HitLabels,
  LastChange,
  LineChange,
  LineHistory,
  LineMatch,
  MatchSpan,
  NamedRev,
  NearestHit,
  OutlineSymbol,
  Progress,
  RangeLineMatch,
  ReferenceGroup,
  ResolvedRev,
  SearchResult,
  SymbolHit,
} from '../../engine/types.js';

interface OfRepository {
  /** Absolute path of a work tree, a bare repository or a git folder; a name, a view; or a list of these. */
  readonly repo: string | readonly string[];
}

/** Where is searched: repositories, and perhaps what they depend on. */
export interface WireScope extends OfRepository {
  readonly deps?: readonly string[];
  readonly withDeps?: boolean;
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
  repositories: Answer<
    object,
    { readonly repositories: readonly Repository[]; readonly feedback: boolean },
    'repositories'
  >;
  views: Answer<object, { readonly views: readonly ViewInfo[] }, 'views'>;
  resolve: Answer<OfRepository & { readonly rev: string }, ResolvedRev>;
  revs: Answer<OfRepository & { readonly match?: string; readonly limit?: number }, RevsResult, 'revs'>;
  search: Answer<
    WireScope & {
      readonly query: string;
      readonly rev: string;
      readonly limit: number;
      readonly effort: 'fast' | 'best';
    },
    SearchResult,
    'hits'
  >;
  grep: Answer<WireScope & FileFilter & Pattern & { readonly rev: string }, GrepResult, 'lines'>;
  'grep-range': Answer<WireScope & Pattern & { readonly from: string; readonly to: string }, GrepRangeResult, 'lines'>;
  symbols: Answer<
    WireScope & { readonly name: string; readonly rev: string; readonly limit: number },
    SymbolsResult,
    'symbols'
  >;
  log: Items<OfRepository & Pattern & { readonly revs: readonly string[] }, LineHistory>;
  files: Answer<WireScope & FileFilter & { readonly rev: string; readonly limit: number }, FilesResult, 'files'>;
  compare: Answer<
    OfRepository & { readonly from: string; readonly to: string; readonly limit: number },
    CompareResult,
    'files'
  >;
  show: Answer<WireScope & { readonly rev: string; readonly path: string }, WireText>;
  outline: Answer<WireScope & { readonly rev: string; readonly path: string }, OutlineResult>;
  folder: Answer<WireScope & { readonly rev: string; readonly path: string }, FolderResult, 'entries'>;
  'last-changes': Items<WireScope & { readonly rev: string; readonly path: string }, LastChange>;
  definition: Answer<
    WireScope & {
      readonly name: string;
      readonly rev: string;
      readonly usedIn: string;
      readonly usedOnLine?: number;
      readonly limit: number;
    },
    DefinitionResult,
    'definitions'
  >;
  references: Answer<
    WireScope & { readonly name: string; readonly rev: string; readonly limit: number },
    ReferencesResult,
    'groups'
  >;
  'add-label': Answer<
    OfRepository & {
      readonly query: string;
      readonly path: string;
      readonly rev: string;
      readonly startLine: number;
      readonly endLine: number;
      readonly feedback: true;
    },
    { readonly set: string }
  >;
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
