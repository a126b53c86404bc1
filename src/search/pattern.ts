import { canBacktrack } from './pattern-cost.js';
import type { GramPlan } from './pattern-grams.js';
export type { GramPlan } from './pattern-grams.js';
export type { LineMatcher, OnLine } from './pattern-match.js';
import { literalFinder, matcherOf, neverFinder, regexFinder } from './pattern-match.js';
import type { LineMatcher } from './pattern-match.js';
import { planOfLiteral, planOfPattern } from './pattern-plan.js';
import { escapeLiteral, rewriteForText } from './pattern-rewrite.js';
import { invalidPattern, literalTextOf, parsePattern } from './pattern-syntax.js';

export interface PatternOptions {
  /** The pattern is plain text, not a regular expression. */
  readonly literal?: boolean;
  /** As JavaScript's `i` flag. */
  readonly ignoreCase?: boolean;
  /** As `git grep -w`: see {@link compilePattern}. */
  readonly wholeWord?: boolean;
}

/** Reading and compiling more would stop all else for too long. */
const patternLengthMax = 32_768;

/** A pattern ready to search whole chunks. It holds no state between calls and may be used re-entrantly. */
export interface CompiledPattern extends LineMatcher {
  readonly source: string;
  readonly options: Readonly<Required<PatternOptions>>;
  /** Necessary condition on the grams of a text for any line of it to match. */
  readonly plan: GramPlan;
  /** The pattern is so shaped that some line could take it more than linear time: run it under a deadline (guard.ts). */
  readonly canBacktrack: boolean;
}

/**
 * Compiles a pattern that is matched per line, as grep does, but runs over whole texts.
 *
 * A line is what lies between two `\n`; a `\r` before it belongs to the line. `.` is every character of a line
 * (`\r`, U+2028 and U+2029 too), `^` and `$` are its two ends and nothing else, no atom matches `\n`, and a
 * `\n` written in the pattern never matches. The empty pattern matches every line.
 *
 * The syntax is JavaScript's, in the lenient form that `new RegExp(source)` reads (Annex B). The `u` flag
 * is used when the pattern has `\p{…}`, `\P{…}` or `\u{…}`, whose meaning needs it, and its strict syntax then
 * holds; and when it has a character outside the BMP, if it also parses under `u`. Otherwise matching is by UTF-16
 * unit, and `.` is half of an emoji. The `v` flag is never used.
 *
 * With `wholeWord` a match must not be empty and must have none of `[A-Za-z0-9_]` on either side. As in
 * `git grep -P -w` the pattern's first match decides (`a|ab` does not match `ab`: nothing looks for a longer
 * match at the same place); when it is not a word, the search goes on after the next character that is no word character.
 *
 * @throws CoppiceError PATTERN_INVALID, `data.offset` being the index in `source` of what is wrong.
 */
export function compilePattern(source: string, options: PatternOptions = {}): CompiledPattern {
  const all = {
    literal: options.literal ?? false,
    ignoreCase: options.ignoreCase ?? false,
    wholeWord: options.wholeWord ?? false,
  };
  if (source.length > patternLengthMax)
    throw invalidPattern(source, patternLengthMax, `longer than ${patternLengthMax} characters`);
  return all.literal ? compileLiteral(source, source, all) : compileRegex(source, all);
}

type AllOptions = Required<PatternOptions>;

function compileLiteral(source: string, text: string, options: AllOptions): CompiledPattern {
  const finder = text.includes('\n')
    ? neverFinder
    : options.ignoreCase
      ? regexFinder(constructRegex(source, escapeLiteral(text), 'gi'))
      : literalFinder(text);
  const plan = planOfLiteral(text, options.ignoreCase);
  return { source, options, plan, canBacktrack: false, ...matcherOf(finder, options.wholeWord) };
}

function compileRegex(source: string, options: AllOptions): CompiledPattern {
  const syntax = guardDepth(source, () => parsePattern(source));
  const text = literalTextOf(syntax);
  // `i` with `u` has case variants that `i` alone lacks, so only the plain mode may take the literal way.
  if (text !== undefined && !(options.ignoreCase && syntax.unicode)) return compileLiteral(source, text, options);
  const flags = `g${options.ignoreCase ? 'i' : ''}${syntax.unicode ? 'u' : ''}`;
  return guardDepth(source, () => {
    const { strict, multiline } = rewriteForText(syntax, options.ignoreCase);
    const finder = regexFinder(
      constructRegex(source, strict, flags),
      multiline === undefined ? undefined : constructRegex(source, multiline, `${flags}m`),
    );
    return {
      source,
      options,
      plan: planOfPattern(syntax, options.ignoreCase),
      canBacktrack: canBacktrack(syntax, options.wholeWord),
      ...matcherOf(finder, options.wholeWord),
    };
  });
}

/** V8 refuses some patterns that the grammar allows (too large, a property of a newer Unicode). */
function constructRegex(source: string, rewritten: string, flags: string): RegExp {
  try {
    const regex = new RegExp(rewritten, flags);
    regex.test(''); // V8 compiles, and finds a pattern too large, at the first use only
    return regex;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '') : String(error);
    throw invalidPattern(source, 0, reason, error);
  }
}

/** Recursion over a pattern of thousands of nested groups overflows the stack; that is the pattern's fault. */
function guardDepth<T>(source: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof RangeError) throw invalidPattern(source, 0, 'nested too deeply', error);
    throw error;
  }
}
