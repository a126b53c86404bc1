import type { SymbolKind } from '../../model/index.js';
import type { Pattern } from '../../pattern/index.js';

/** Words and phrases that decide the order of the hits. */
export interface QueryTerm {
  readonly text: string;
  /** Index of its first character in the query. */
  readonly offset: number;
  /** Written in quotes: it must also hold, as a condition. */
  readonly phrase: boolean;
}

/**
 * What a hit must fulfil. A clause **holds** for a chunk when all its conditions hold and, if it has bare terms, at
 * least one of these occurs in the chunk.
 */
export interface Clause {
  /** Bare terms. */
  readonly terms: readonly QueryTerm[];
  readonly conditions: readonly Condition[];
}

export type Condition =
  /** Some line of the chunk matches: a phrase (literal text) or a regular expression. */
  | {
      readonly kind: 'phrase' | 'regex';
      readonly text: string;
      readonly pattern: Pattern;
      readonly offset: number;
    }
  /** The chunk has a definition of one of these names (as typed: bare `Finish` or qualified `Builder.Finish`). */
  | { readonly kind: 'symbol'; readonly names: readonly string[]; readonly offset: number }
  /** The chunk has a definition of one of these kinds. */
  | { readonly kind: 'symbol-kind'; readonly kinds: readonly SymbolKind[]; readonly offset: number }
  /** The file is in one of these languages. */
  | { readonly kind: 'language'; readonly languages: readonly string[]; readonly offset: number }
  /** The file's path matches one of these patterns, which are for `compilePathFilter`; none starts with `!`. */
  | { readonly kind: 'path'; readonly patterns: readonly string[]; readonly offset: number }
  | { readonly kind: 'or'; readonly operands: readonly Clause[]; readonly offset: number }
  /** The clause does not hold. */
  | { readonly kind: 'not'; readonly clause: Clause; readonly offset: number };

/** Names that a filter selects or leaves out. */
export interface NameFilter {
  /** At least one of these, if there are any. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export interface Query {
  /** As it was typed. */
  readonly text: string;
  /** What every hit must fulfil. */
  readonly clause: Clause;
  /** All that ranks: terms and phrases that are not under a `-`, those of `or` groups included, in query order. */
  readonly ranking: readonly QueryTerm[];
  /** `rev:`, if given. */
  readonly rev: string | undefined;
  /** `-rev:`: a hit must not be in any of these. */
  readonly notRevs: readonly string[];
  /** `repo:` and `-repo:`: names of repositories. */
  readonly repos: NameFilter;
  /** `dep:` and `-dep:`: packages that the project depends on, `direct` and `prod` among them. */
  readonly deps: NameFilter;
  /** `case:yes`. Phrases' and expressions' patterns are compiled accordingly; it also holds for terms and names. */
  readonly caseSensitive: boolean;
}

export interface QueryOptions {
  /** The id of a language by its id or another name; undefined if there is none such. Default: any name is an id. */
  readonly languageByAlias?: ((alias: string) => string | undefined) | undefined;
}
