import type { SymbolKind } from '../model/index.js';
import type { HitLabels } from './hit-types.js';
import type { SkippedFile } from './store-types.js';
import type { CallOptions, DependencyFilter, FileFilter, Freshness, PlaceFilter, ResolvedRev } from './types.js';

export interface SymbolsOptions extends CallOptions, FileFilter, DependencyFilter {
  readonly rev?: string;
  readonly kinds?: readonly string[];
  /** Default 20. */
  readonly limit?: number;
}

/** A definition as its file has it. */
export interface DefinedSymbol {
  readonly name: string;
  /** Names of the definitions around it, outermost first, joined by `.`; empty at top level. */
  readonly scope: string;
  readonly kind: SymbolKind;
  /** 1-based line of the name. */
  readonly line: number;
  /** 1-based, both inclusive: all of the declaration, decorators included, a doc comment above it not. */
  readonly startLine: number;
  readonly endLine: number;
  /** The declaration up to its body, on one line. */
  readonly signature: string;
  /** First sentence of its doc comment or docstring; empty when there is none. */
  readonly doc: string;
}

export interface SymbolHit extends DefinedSymbol, HitLabels {
  readonly path: string;
  readonly language: string;
  /** How the name matched, best first. */
  readonly match: 'exact' | 'prefix' | 'subword' | 'fuzzy';
  /** The text of that line. */
  readonly text: string;
}

export interface SymbolsResult {
  readonly rev: ResolvedRev;
  readonly symbols: readonly SymbolHit[];
  /** Definitions that match in all, misspellings only where there is not enough else; null when they are too many to count. */
  readonly total: number | null;
  readonly freshness: Freshness;
  readonly tookMs: number;
}

export interface DefinitionOptions extends CallOptions, FileFilter, DependencyFilter {
  readonly rev?: string;
  readonly kinds?: readonly string[];
  /** A file that uses the name: what is near it is meant sooner. */
  readonly usedIn?: string;
  /** 1-based line of that use. */
  readonly usedOnLine?: number;
  /** Default 20. */
  readonly limit?: number;
}

export interface DefinitionResult {
  readonly rev: ResolvedRev;
  /** What was asked for. */
  readonly name: string;
  /** The likeliest first. */
  readonly definitions: readonly DefinitionHit[];
  /** Of how many definitions of that name these are. */
  readonly total: number;
  /** Nothing else can be meant: there is one definition of the name. */
  readonly isExact: boolean;
  /** Where there is none: names that are like it. */
  readonly near: readonly string[];
  readonly freshness: Freshness;
  readonly tookMs: number;
}

export interface DefinitionHit extends DefinedSymbol, HitLabels {
  readonly path: string;
  readonly language: string;
  /** The text of its line. */
  readonly text: string;
}

export interface ReferencesOptions extends CallOptions, FileFilter, PlaceFilter, DependencyFilter {
  readonly rev?: string;
  /** Mentions in comments, in strings and in files that are no code too. */
  readonly mentions?: boolean;
  /** Stop after so many lines. Default 1,000. */
  readonly limit?: number;
  /** Give up with PATTERN_TIMEOUT after this long, in milliseconds. Default 10,000. */
  readonly deadlineMs?: number;
}

/** What a mention of a name is in. `text`: the file is prose or data. */
export type MentionPlace = 'code' | 'comment' | 'string' | 'text';

/** A line that has the name as a whole word. */
export interface Reference {
  /** 1-based; column and length, of the first mention in code, in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly text: string;
  readonly place: MentionPlace;
  /** The name is defined here. */
  readonly isDefinition?: true;
}

/** The references in one function; else in one type, or outside of all in one file. */
export interface ReferenceGroup extends HitLabels {
  readonly path: string;
  readonly language: string;
  /** Qualified name of what they are in; empty where that is the file. */
  readonly symbol: string;
  readonly kind: SymbolKind | '';
  /** 1-based, both inclusive, of what they are in; 0 where that is the file. */
  readonly startLine: number;
  readonly endLine: number;
  readonly signature: string;
  readonly references: readonly Reference[];
}

export interface ReferencesResult {
  readonly rev: ResolvedRev;
  /** The word that was looked for: of a qualified name the last part. */
  readonly name: string;
  /** In order of path and of their first line. */
  readonly groups: readonly ReferenceGroup[];
  /** Lines in code, and lines that have the name only elsewhere: together they are those of `grep -w`. */
  readonly lines: Readonly<Record<MentionPlace, number>>;
  /** True when `limit` ended it: more lines may have the name, and are not counted. */
  readonly truncated: boolean;
  /** Files that were not looked into; see `GrepResult`. */
  readonly unsearched: readonly SkippedFile[];
  readonly unmatched: readonly string[];
  readonly freshness: Freshness;
  readonly tookMs: number;
}

/** A definition in a file. */
export type OutlineSymbol = DefinedSymbol;

export interface OutlineResult extends HitLabels {
  readonly rev: ResolvedRev;
  readonly path: string;
  /** In order of their lines. */
  readonly symbols: readonly OutlineSymbol[];
  readonly freshness: Freshness;
}
