import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { findInText } from '../../src/pattern/scan/find-in-text.js';
import { compilePattern, unguardedMatcherOf } from '../../src/pattern/pattern.js';
import type { Pattern, PatternOptions } from '../../src/pattern/pattern.js';
import { runWithDeadline } from '../../src/pattern/guard.js';
import { anyPattern, anyText, gramsOf, matchedLines, referenceLines, satisfies } from './support/patterns.js';

const runs = Number(process.env['COPPICE_FUZZ_RUNS'] ?? 1_500);
const anyOptions = fc.record({ ignoreCase: fc.boolean(), wholeWord: fc.boolean() });

/** Undefined when the pattern is invalid. */
function compile(source: string, options: PatternOptions): Pattern | undefined {
  try {
    return compilePattern(source, options);
  } catch (error) {
    expect(error).toBeInstanceOf(CoppiceError);
    expect((error as CoppiceError).code).toBe('PATTERN_INVALID');
    return undefined;
  }
}

/** How often the reference had an opinion. */
let compared = 0;

function checkAgainstReference(source: string, options: PatternOptions, text: string): void {
  const pattern = compile(source, options);
  if (pattern === undefined) {
    if (/\[\^?\]/.test(source)) return;
    expect(() => new RegExp(source, 'u')).toThrow(SyntaxError);
    return;
  }
  const matcher = unguardedMatcherOf(pattern);
  const check = (): void => {
    const lines = matchedLines(pattern, text);
    const reference = referenceLines(source, options, text);
    if (reference !== undefined) {
      compared++;
      expect(lines).toEqual(reference);
    }
    // Each line alone gives the same, whatever stands around it.
    const apart = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    expect(lines).toEqual(
      apart.flatMap((line, number) => matchedLines(pattern, line).map((found) => ({ ...found, line: number }))),
    );
    expect(matcher.matchesAny(text)).toBe(lines.length > 0);
    const counts = apart.map((line) => findInText(matcher, line, 'count', Infinity)[0] ?? 0);
    expect(findInText(matcher, text, 'count', Infinity)[0] ?? 0).toBe(counts.reduce((sum, count) => sum + count, 0));
    expect(counts.filter((count) => count > 0).length).toBe(lines.length);
    if (lines.length > 0 && !satisfies(gramsOf(text), pattern.plan)) {
      throw new Error(`the plan excludes a matching text: ${JSON.stringify(pattern.plan)}`);
    }
  };
  try {
    runWithDeadline(2_000, check);
  } catch (error) {
    if (!(error instanceof CoppiceError && error.code === 'PATTERN_TIMEOUT')) throw error;
    expect(pattern.canBacktrack).toBe(true);
  }
}

describe('matchLines over a text equals matching line by line, and the plan is a necessary condition', () => {
  test('for regular expressions', () => {
    fc.assert(fc.property(anyPattern, anyOptions, anyText, checkAgainstReference), { numRuns: runs });
  }, 120_000);

  test('for regular expressions over texts made of their own matches', () => {
    const pieces = fc.array(
      fc.constantFrom('abc', 'aab', 'bca', 'cab1', 'aabbca', 'ABC', 'éa', 'É', '\n', ' ', '😀', 'k\u212as'),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        anyPattern,
        anyOptions,
        pieces.map((parts) => parts.join('')),
        checkAgainstReference,
      ),
      { numRuns: runs },
    );
  }, 120_000);

  test('for literals', () => {
    const anyLiteral = fc
      .oneof(anyText, anyPattern)
      .chain((text) =>
        fc
          .tuple(fc.constant(text), fc.nat(text.length), fc.nat(4))
          .map(([whole, from, length]) => whole.slice(from, from + length)),
      );
    fc.assert(
      fc.property(anyLiteral, anyOptions, anyText, (source, options, text) => {
        checkAgainstReference(source, { ...options, literal: true }, text);
        checkAgainstReference(source, { ...options, literal: true }, `${text}${source}\n${text}`);
      }),
      { numRuns: runs },
    );
  }, 120_000);

  test('and the reference had something to say', () => expect(compared).toBeGreaterThan(runs));
});
