import type { Batches } from '../base/index.js';
import type { CallOptions, Engine, Engines, Progress } from '../engine/index.js';

/** A parameter, said once: JSON Schema, validation, OpenAPI, MCP tools and the command line's help all come from this. */
export interface ParameterSpec {
  readonly type: 'string' | 'boolean' | 'integer' | 'strings' | 'objects';
  /** What it means, for people; no full stop at the end. */
  readonly help: string;
  /** Must be given. */
  readonly required?: true;
  readonly default?: string | number | boolean;
  /** The only values allowed, of a string or of each of several. */
  readonly choices?: readonly string[];
  /** Bounds of an integer. */
  readonly min?: number;
  readonly max?: number;
  /** Characters of a string at most. Default 10,000. */
  readonly maxLength?: number;
  /** Elements of a list at most. Default 1,000. */
  readonly maxItems?: number;
  /** Of `objects`: their parameters. */
  readonly fields?: ParameterTable;
}

export type ParameterTable = Readonly<Record<string, ParameterSpec>>;

type ChoiceOf<P extends ParameterSpec> = P extends { choices: readonly (infer C)[] } ? C : string;
type ValueOf<P extends ParameterSpec> = P['type'] extends 'boolean'
  ? boolean
  : P['type'] extends 'integer'
    ? number
    : P['type'] extends 'strings'
      ? readonly ChoiceOf<P>[]
      : P extends { type: 'objects'; fields: infer F extends ParameterTable }
        ? readonly ParameterValues<F>[]
        : ChoiceOf<P>;
type IsGiven<P extends ParameterSpec> = P extends { required: true } | { default: string | number | boolean }
  ? true
  : false;

/** What a handler gets: checked, with defaults filled in; what was not given is absent. */
export type ParameterValues<T extends ParameterTable> = {
  readonly [K in keyof T as IsGiven<T[K]> extends true ? K : never]: ValueOf<T[K]>;
} & {
  readonly [K in keyof T as IsGiven<T[K]> extends true ? never : K]?: ValueOf<T[K]>;
};

/** What a handler works with. */
export interface OperationContext {
  /** The engine of the repository that the request names. USAGE when it names none. */
  engine(): Engine;
  /** Where the request looks, as engine's `Where` has it. USAGE when it does not say. */
  repo(): string;
  /** An engine for what is asked of the store alone. */
  anywhere(): Engine;
  readonly host: OperationHost;
  /** Cancellation and progress; to be passed on to the engine. */
  readonly call: CallOptions & { readonly signal: AbortSignal };
}

/** A process that serves operations: the daemon. */
export interface OperationHost {
  readonly engines: Engines;
  /** Repositories are asked for by their names, and never by a path. */
  readonly hasNames?: boolean;
  /** Something happened in a repository, until the signal says that nobody listens any more. */
  events(repo: string, signal: AbortSignal): AsyncIterable<HostEvent>;
  /** Tells those who listen how far work in a repository is; null when it is done. */
  progress(repo: string, operation: string, progress: Progress | null): void;
  /** Reads the repository's work tree, whatever its watcher says. */
  sweep(repo: string, signal: AbortSignal): Promise<void>;
  /** About this process. */
  describe(): HostDescription;
  /** Listens on loopback for HTTP, if it does not yet, and tells where; 0 is any free port. */
  listenHttp(port: number): Promise<HttpAccess>;
  /** Ends the process once the answer is out. */
  shutDown(): void;
}

export type HostEvent =
  | { readonly kind: 'listening' }
  | { readonly kind: 'changed'; readonly what: 'worktree' | 'head' | 'refs' }
  | { readonly kind: 'progress'; readonly operation: string; readonly progress: Progress | null };

export interface HttpAccess {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** To be sent as `Authorization: Bearer TOKEN`. */
  readonly token: string;
}

export interface WatchDescription {
  readonly workTree: string;
  readonly state: 'starting' | 'watching' | 'polling' | 'failed';
  readonly folders: number;
  /** Why it is not watched, and the way out. */
  readonly reason?: string;
}

export interface HostDescription {
  readonly pid: number;
  readonly version: string;
  readonly startedMs: number;
  readonly rssBytes: number;
  readonly http: string | null;
  readonly repositories: readonly string[];
  readonly worktrees: readonly WatchDescription[];
  readonly requests: number;
}

interface OperationBase<P extends ParameterTable> {
  /** In kebab case: `POST /v1/NAME`. */
  readonly name: string;
  readonly summary: string;
  /** More than the summary. Markdown. */
  readonly description?: string;
  readonly parameters: P;
  /** What it changes: nothing; what the store holds, but no name in it; forks, leases and other names; the process. */
  readonly effect: 'none' | 'store' | 'names' | 'process';
  /** Whether a request names a repository: it must, or may. */
  readonly repo: 'required' | 'none';
}

/** An operation with one answer. */
export interface SingleOperation<
  P extends ParameterTable = ParameterTable,
  R extends object = object,
> extends OperationBase<P> {
  /** A list of the result, whose elements are sent one by one to who asks for a stream. */
  readonly list?: Extract<keyof R, string>;
  run(context: OperationContext, input: ParameterValues<P>): Promise<R>;
}

/**
 * An operation whose answer is mostly a list, which goes out as it is found to who asks for a stream; others get it whole,
 * while it is small enough.
 */
export interface ListOperation<
  P extends ParameterTable = ParameterTable,
  I extends object = object,
  R extends object = object,
  L extends string = string,
> extends OperationBase<P> {
  /** What the list is called in the whole answer. */
  readonly list: L;
  /** The list in batches; what it returns is the rest of the answer. */
  batches(context: OperationContext, input: ParameterValues<P>): Batches<I, R>;
}

/** An operation whose answer is a stream of items. */
export interface StreamOperation<
  P extends ParameterTable = ParameterTable,
  I extends object = object,
> extends OperationBase<P> {
  stream(context: OperationContext, input: ParameterValues<P>): AsyncIterable<I>;
}

export type Operation = SingleOperation | ListOperation | StreamOperation;

/** Keeps the parameters' types inside the handler, and gives every operation one type outside. */
export function defineOperation<const P extends ParameterTable, R extends object>(
  operation: SingleOperation<P, R>,
): SingleOperation<P, R> {
  return operation;
}

export function defineList<const P extends ParameterTable, I extends object, R extends object, const L extends string>(
  operation: ListOperation<P, I, R, L>,
): ListOperation<P, I, R, L> {
  return operation;
}

export function defineStream<const P extends ParameterTable, I extends object>(
  operation: StreamOperation<P, I>,
): StreamOperation<P, I> {
  return operation;
}
