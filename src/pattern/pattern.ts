import { emitRegex, hasAnchors, isSensitiveToSurrogates } from './emit-regex.js';
import type { TextKind } from './emit-regex.js';
import type { GramPlan } from './gram-plan.js';
import { literalFinder, matcherOf, neverFinder, regexFinder } from './line-matcher.js';
import type { Finder, LineMatcher } from './line-matcher.js';
import { canBacktrack, canExplode } from './pattern-cost.js';
import { planOfPattern } from './plan-pattern.js';
import { requiredLiteralsOf, type RequiredLiterals } from './required-literals.js';
import { invalidPattern } from './syntax/invalid-pattern.js';
import { literalSyntax, parsePattern } from './syntax/parser.js';
import { literalTextOf } from './syntax/syntax.js';
import type { PatternSyntax } from './syntax/syntax.js';

export interface PatternOptions {
  /** The pattern is plain text, not a regular expression. */
  readonly literal?: boolean | undefined;
  /** By Unicode's simple case folding, as `git grep -i` does in a UTF-8 locale. */
  readonly ignoreCase?: boolean | undefined;
  /** As `git grep -w`: see {@link compilePattern}. */
  readonly wholeWord?: boolean | undefined;
}

/** Reading and compiling more would stop all else for too long. */
const patternLengthMax = 32_768;

/**
 * A pattern that was read. It cannot be run: some would never end. What it matches is asked of `scanTexts` alone, which runs each where it
 * holds up nobody, and stops it.
 */
export interface Pattern {
  readonly source: string;
  readonly options: Readonly<Required<PatternOptions>>;
  /** Necessary condition on the grams of a text for any line of it to match. */
  readonly plan: GramPlan;
  /** For a search of files without an index. */
  readonly literals: RequiredLiterals | null;
  /** The pattern is so shaped that some line could take it more than linear time. */
  readonly canBacktrack: boolean;
  /** The pattern is so shaped that a short line could take it for ever. */
  readonly canExplode: boolean;
}

const matchers = new WeakMap<Pattern, LineMatcher>();

/** What runs a pattern, without any guard: for `scanTexts` and its threads, and nobody else. */
export const unguardedMatcherOf = (pattern: Pattern): LineMatcher => matchers.get(pattern)!;

/**
 * Compiles a pattern that is matched per line, as grep does, but runs over whole texts.
 *
 * A line is what lies between two `\n`; a `\r` before it belongs to the line. `.` is every character of a line
 * (`\r`, U+2028 and U+2029 too), `^` and `$` are its two ends and nothing else, no atom matches `\n`, and a
 * `\n` written in the pattern never matches. The empty pattern matches every line. Characters are code points; a byte that is
 * no UTF-8 matches nothing but itself in literal text.
 *
 * The syntax is what JavaScript, PCRE, RE2 and ripgrep share, and what some of them have alone (see `parsePattern`). `\d`, `\w`, `\s`
 * and `\b` know ASCII.
 *
 * With `wholeWord` a match must not be empty and must have none of `[A-Za-z0-9_]` on either side. As in
 * `git grep -P -w` the pattern's first match decides (`a|ab` does not match `ab`: nothing looks for a longer
 * match at the same place); when it is not a word, the search goes on after the next character that is no word character.
 *
 * @throws CoppiceError PATTERN_INVALID, `data.offset` being the index in `source` of what is wrong, the hint what to write.
 */
export function compilePattern(source: string, options: PatternOptions = {}): Pattern {
  const { literal = false, ignoreCase = false, wholeWord = false } = options;
  if (source.length > patternLengthMax)
    throw invalidPattern(source, patternLengthMax, `longer than ${patternLengthMax} characters`);
  return guardDepth(source, () => {
    const syntax = literal ? literalSyntax(source, ignoreCase) : parsePattern(source, ignoreCase);
    const text = literal && !ignoreCase ? source : literalTextOf(syntax.root);
    const pattern: Pattern = {
      source,
      options: { literal, ignoreCase, wholeWord },
      plan: planOfPattern(syntax.root),
      literals: requiredLiteralsOf(syntax.root),
      canBacktrack: text === undefined && canBacktrack(syntax.root, wholeWord),
      canExplode: text === undefined && canExplode(syntax.root),
    };
    matchers.set(pattern, matcherOf(finderOf(syntax, text), wholeWord));
    return pattern;
  });
}

function finderOf(syntax: PatternSyntax, text: string | undefined): Finder {
  if (text !== undefined) return text.includes('\n') ? neverFinder : literalFinder(text);
  const compile = (kind: TextKind): RegExp => compileRegex(syntax, kind);
  const finder = regexFinder(compile, {
    anchors: hasAnchors(syntax.root),
    surrogates: isSensitiveToSurrogates(syntax.root),
  });
  return finder;
}

/** V8 refuses some patterns that can be read (too large). */
function compileRegex(syntax: PatternSyntax, kind: TextKind): RegExp {
  const { source, flags } = emitRegex(syntax, kind);
  try {
    const regex = new RegExp(source, flags);
    regex.test(''); // V8 compiles, and finds a pattern too large, at the first use only
    return regex;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '') : String(error);
    throw invalidPattern(syntax.source, 0, reason, { cause: error });
  }
}

/** Recursion over a pattern of thousands of nested groups overflows the stack; that is the pattern's fault. */
function guardDepth<T>(source: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof RangeError) throw invalidPattern(source, 0, 'nested too deeply', { cause: error });
    throw error;
  }
}
