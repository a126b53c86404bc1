import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { compilePattern } from '../../src/search/pattern.js';
import type { CompiledPattern, PatternOptions } from '../../src/search/pattern.js';
import { runWithDeadline } from '../../src/search/guard.js';
import { anyPattern, anyText, gramsOf, matchedLines, referenceLines, satisfies } from './support/patterns.js';

const runs = Number(process.env['COPPICE_FUZZ_RUNS'] ?? 1_500);
const anyOptions = fc.record({ ignoreCase: fc.boolean(), wholeWord: fc.boolean() });

/** Undefined when the pattern is invalid, which the engine must think too. */
function compile(source: string, options: PatternOptions): CompiledPattern | undefined {
  try {
    return compilePattern(source, options);
  } catch (error) {
    expect(error).toBeInstanceOf(CoppiceError);
    expect((error as CoppiceError).code).toBe('PATTERN_INVALID');
    expect(() => referenceLines(source, options, 'x')).toThrow(SyntaxError);
    return undefined;
  }
}

function checkAgainstReference(source: string, options: PatternOptions, text: string): void {
  const pattern = compile(source, options);
  if (pattern === undefined) return;
  const check = (): void => {
    const lines = matchedLines(pattern, text);
    expect(lines).toEqual(referenceLines(source, options, text));
    expect(pattern.matchesAny(text)).toBe(lines.length > 0);
    const counts = text.match(/[^\n]*\n|[^\n]+$/g)?.map((line) => pattern.countMatches(line)) ?? [];
    expect(pattern.countMatches(text)).toBe(counts.reduce((sum, count) => sum + count, 0));
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
});
