import type { HitLabels } from './hit-types.js';
import type { SkipReason } from '../model/index.js';
import type { CallOptions, DependencyFilter, Freshness, ResolvedRev } from './types.js';

export interface FolderOptions extends CallOptions, DependencyFilter {
  readonly rev?: string;
}

/** What a folder holds directly. Of a view, what labels say is of the root that the entry is, or is in. */
export interface FolderEntry extends HitLabels {
  /** Below the folder; of a folder with nothing but one other folder in it, that one too: `main/java`. */
  readonly name: string;
  readonly kind: 'folder' | 'file' | 'link' | 'submodule';
  /** Of a folder: files at any depth below it. Of anything else 1. */
  readonly files: number;
  /** Of a file; empty for anything else. */
  readonly language: string;
  /** Of a folder, of all files below it. */
  readonly sizeBytes: number;
  /** Of a file: why it has no searchable lines. */
  readonly skipped: SkipReason | null;
}

export interface FolderResult {
  readonly rev: ResolvedRev;
  /** Without a slash at its end; empty: the root. */
  readonly path: string;
  /** Folders first, each sort by name. */
  readonly entries: readonly FolderEntry[];
  readonly freshness: Freshness;
}

export interface LastChangesOptions extends FolderOptions {
  /** Gives up so long after, in milliseconds. Default 3,000. */
  readonly deadlineMs?: number;
}

/** The newest commit that changed an entry of a folder. */
export interface LastChange {
  /** The first name of the entry's path below the folder. */
  readonly name: string;
  readonly commit: string;
  /** Committer date, ISO 8601. */
  readonly date: string;
  readonly author: string;
  /** First line of the message. */
  readonly subject: string;
}
