/** What kind of failure it is; decides the HTTP status later and how the command line words it. */
export type ErrorKind = 'user' | 'config' | 'not-found' | 'busy' | 'corrupt' | 'internal';

/** Every code Coppice can report. Codes are stable: scripts match on them. */
export const errorKinds = {
  NOT_A_REPOSITORY: 'not-found',
  UNSAFE_REPOSITORY: 'user',
  FOLDER_TOO_WIDE: 'user',
  EMPTY_REPOSITORY: 'not-found',
  GIT_FAILED: 'internal',
  GIT_NOT_FOUND: 'config',
  REV_NOT_FOUND: 'not-found',
  REV_NOT_A_TREE: 'user',
  PATH_NOT_FOUND: 'not-found',
  LINES_OUT_OF_RANGE: 'user',
  OBJECT_MISSING: 'not-found',
  TREE_TOO_DEEP: 'user',
  NO_WORKTREE: 'user',
  WORKTREE_UNREADABLE: 'config',
  FORK_NOT_FOUND: 'not-found',
  LEASE_NOT_FOUND: 'not-found',
  OVERLAY_NOT_FOUND: 'not-found',
  VIEW_NOT_FOUND: 'not-found',
  VIEW_EMPTY: 'not-found',
  VIEW_EXISTS: 'user',
  VIEW_NAME_INVALID: 'user',
  NOT_IN_A_VIEW: 'user',
  FORK_EXISTS: 'user',
  FORK_CONFLICT: 'busy',
  FORK_NAME_INVALID: 'user',
  PATTERN_INVALID: 'user',
  PATTERN_TIMEOUT: 'user',
  QUERY_INVALID: 'user',
  GOLDEN_SET_INVALID: 'user',
  PATCH_INVALID: 'user',
  PATCH_CONFLICT: 'user',
  LOCKFILE_INVALID: 'user',
  LOCKFILE_UNSUPPORTED: 'user',
  NO_DEPENDENCIES: 'not-found',
  PACKAGE_NOT_FOUND: 'not-found',
  PACKAGE_UNREADABLE: 'user',
  FETCH_FAILED: 'busy',
  USAGE: 'user',
  CONFIG_INVALID: 'config',
  MODE_UNAVAILABLE: 'user',
  EMBEDDER_UNAVAILABLE: 'busy',
  EMBEDDER_REFUSED: 'config',
  EMBEDDER_INVALID: 'config',
  MODEL_UNAVAILABLE: 'busy',
  MODEL_REFUSED: 'config',
  MODEL_INVALID: 'config',
  MODEL_NOT_NAMED: 'config',
  STORE_LOCKED: 'busy',
  STORE_READ_ONLY: 'config',
  STORE_FULL: 'config',
  STORE_EXHAUSTED: 'config',
  STORE_VERSION: 'config',
  STORE_CORRUPT: 'corrupt',
  NOT_A_STORE: 'config',
  REMOTE_INVALID: 'corrupt',
  REMOTE_VERSION: 'config',
  REMOTE_UNTRUSTED: 'config',
  REMOTE_NOT_FOUND: 'not-found',
  REMOTE_READ_ONLY: 'user',
  REMOTE_REFUSED: 'config',
  REMOTE_UNREACHABLE: 'busy',
  REMOTE_BUSY: 'busy',
  UNAUTHORIZED: 'user',
  FORBIDDEN: 'user',
  ROUTE_NOT_FOUND: 'not-found',
  CONTENT_TYPE_UNSUPPORTED: 'user',
  REQUEST_TOO_LARGE: 'user',
  TOO_LARGE: 'user',
  SERVER_BUSY: 'busy',
  DAEMON_RUNNING: 'busy',
  CANNOT_LISTEN: 'config',
  DAEMON_UNREACHABLE: 'busy',
  WORKERS_LOST: 'busy',
  ABORTED: 'user',
  INTERNAL: 'internal',
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

export interface ErrorDetails {
  /** One sentence that tells the user the way out. */
  readonly hint?: string;
  /** Facts for programs: offsets, names, paths. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

const brand = Symbol.for('coppice.error');

/** The only error that crosses a module boundary on purpose. Anything else is a bug. */
export class CoppiceError extends Error {
  /**
   * The command's start is bundled apart from what it loads: an error is one of ours whichever copy of this class made it. Of a class below
   * this one, what its copy made.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    return this === CoppiceError ? brand in value : Object.prototype.isPrototypeOf.call(this.prototype, value);
  }

  override readonly name = 'CoppiceError';
  readonly [brand] = true;
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.data = details.data ?? {};
  }

  get kind(): ErrorKind {
    return errorKinds[this.code];
  }

  toJSON(): { code: ErrorCode; message: string; hint?: string } {
    return { code: this.code, message: this.message, ...(this.hint === undefined ? {} : { hint: this.hint }) };
  }
}

/** Throws when a programmer's assumption does not hold; never for bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new CoppiceError('INTERNAL', `assertion failed: ${message}`);
}

/** Throws ABORTED when the caller has cancelled. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CoppiceError('ABORTED', 'the operation was cancelled', { cause: signal.reason });
}

/** The `code` of a Node system error (`ENOENT`, `EACCES`, …), or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What a failure of any kind says of itself. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const fullDisk: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);
/** What the system gives no more of: descriptors, processes, memory. */
const exhausted: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'ENOBUFS']);

/** Whether the system refused something because it, or this process, has too much of it already: later it may not. */
export const isExhausted = (error: unknown): boolean =>
  exhausted.has(systemErrorCode(error)) ||
  (error instanceof CoppiceError && error.cause !== undefined && isExhausted(error.cause));

/** SERVER_BUSY for what `isExhausted`. */
export function exhaustedError(what: string, error: unknown): CoppiceError {
  return new CoppiceError('SERVER_BUSY', `${what}: the system's limit is reached: ${messageOf(error)}`, {
    hint: 'try again in a moment; `ulimit -n` (files and pipes) or `ulimit -u` (processes) may be low',
    data: { system: systemErrorCode(error) },
    cause: error,
  });
}

/** For a `catch` that takes a failure to mean "it is not there": where the system gave no more descriptors or memory, nothing can be told. SERVER_BUSY then. */
export function assertNotExhausted(error: unknown, path: string): void {
  if (isExhausted(error)) throw exhaustedError(`${path} cannot be read`, error);
}

/** Any failure as what is told of it; what is no CoppiceError is INTERNAL, and its stack its cause's. */
export function asCoppiceError(error: unknown): CoppiceError {
  if (error instanceof CoppiceError) return error;
  if (isExhausted(error)) return exhaustedError('the request could not be carried out', error);
  const message = messageOf(error) || 'unknown failure';
  return new CoppiceError(fullDisk.has(systemErrorCode(error)) ? 'STORE_FULL' : 'INTERNAL', message, { cause: error });
}
