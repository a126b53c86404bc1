/**
 * Where objects are: a folder of immutable objects and few movable names. All names are plain (`packs/<hash>`); what they
 * hold is the caller's business. Three implementations answer the same contract suite (`test/remote/storage-contract.ts`).
 */
export interface RemoteStorage {
  /** How it is called in messages: never with credentials. */
  readonly url: string;
  readonly isReadOnly: boolean;
  /** The object, or null when there is none. With `unless`, null-like `unchanged` when its version is still that one. */
  read(name: string, options?: ReadOptions): Promise<StoredObject | 'unchanged' | null>;
  /**
   * Writes an object whole or not at all, and returns its version. Null, and nothing is written, when the condition does not
   * hold: it is `absent` (create), or of another version than the one given (compare and swap).
   */
  write(name: string, bytes: Uint8Array, condition: WriteCondition, options?: CallOptions): Promise<string | null>;
  /** Every object below a prefix that ends in a slash, in no order. REMOTE_READ_ONLY where nothing can be listed. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ListedObject>;
  /** Gone afterwards, whether or not it was there. */
  remove(name: string, options?: CallOptions): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long errors that may pass are tried again, in milliseconds. */
  readonly patienceMs?: number | undefined;
}

export interface ReadOptions extends CallOptions {
  /** A version that the caller has already. */
  readonly unless?: string | undefined;
  /** Bytes from `offset` on; fewer at the object's end, and all where a server does not know ranges. Without `unless` the version need not be told. */
  readonly range?: { readonly offset: number; readonly length: number } | undefined;
  /** About how large the object is, where the caller knows: a large one may take longer. */
  readonly sizeBytes?: number | undefined;
}

/** Told apart from each other by equality alone. */
export type WriteCondition = 'any' | 'absent' | { readonly version: string };

export interface StoredObject {
  readonly bytes: Buffer;
  readonly version: string;
}

export interface ListedObject {
  readonly name: string;
  readonly sizeBytes: number;
  /** When it was written last, in milliseconds since 1970, by the clock of the storage. */
  readonly modifiedMs: number;
}
