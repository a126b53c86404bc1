/** A snapshot held for a task of many calls: as a REV it gives the same answers until it expires. */
export interface LeaseInfo {
  /** `lease:ID`, to be used as a REV. */
  readonly lease: string;
  /** What it was taken of, as written. */
  readonly rev: string;
  readonly commit: string | null;
  readonly tree: string;
  readonly expiresMs: number;
}

export interface OverlayFile {
  readonly path: string;
  /** Null: the file is not there. */
  readonly content: Uint8Array | null;
}

/** Unsaved buffers laid over the work tree, which shows through as it changes. */
export interface OverlayInfo {
  /** `overlay:ID`, to be used as a REV. */
  readonly overlay: string;
  readonly files: number;
  readonly expiresMs: number;
}

/** Several roots under one name. */
export interface ViewInfo {
  readonly name: string;
  /** Repositories and folders by their paths, each perhaps with `@REV` behind; `*`: all that the store knows. */
  readonly roots: readonly string[];
  /** It has the packages that they depend on as well. */
  readonly deps: boolean;
  readonly createdMs: number;
}

export interface ForkInfo {
  readonly name: string;
  /** The rev it was made from, as written. */
  readonly rev: string;
  /** The commit it equals, or null once edited. */
  readonly commit: string | null;
  readonly tree: string;
  readonly createdMs: number;
  /** When it is dropped by itself, or null. */
  readonly expiresMs: number | null;
}

export interface ForkResult extends ForkInfo {
  /** Time of the durable fork itself. */
  readonly tookMs: number;
}

/** One step of `apply`; all steps of a call are published at once or not at all. */
export type ApplyStep =
  | { readonly kind: 'commit'; readonly rev: string }
  /** A unified diff, as `git diff` writes. */
  | { readonly kind: 'patch'; readonly patch: Uint8Array }
  | { readonly kind: 'put'; readonly path: string; readonly content: Uint8Array }
  | { readonly kind: 'remove'; readonly path: string };

export interface ApplyResult extends ForkInfo {
  readonly changedFiles: number;
  readonly newChunks: number;
  readonly tookMs: number;
}
