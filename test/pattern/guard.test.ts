import { describe, expect, test } from 'vitest';
import { runWithDeadline } from '../../src/pattern/guard.js';
import { compilePattern, unguardedMatcherOf } from '../../src/pattern/pattern.js';
import { aaa, bombs } from './support/bombs.js';

describe('runWithDeadline', () => {
  test.each(bombs)('stops $source', ({ source, text, ignoreCase }) => {
    const pattern = compilePattern(source, { ignoreCase: ignoreCase ?? false });
    expect(pattern.canBacktrack).toBe(true);
    const started = performance.now();
    expect(() => runWithDeadline(60, () => unguardedMatcherOf(pattern).matchesAny(text))).toThrow(
      expect.objectContaining({ code: 'PATTERN_TIMEOUT' }),
    );
    expect(performance.now() - started).toBeLessThan(1_000);
    // Nothing of the stopped search is left behind.
    expect(runWithDeadline(1_000, () => unguardedMatcherOf(compilePattern('a+')).matchesAny(text))).toBe(true);
    expect(runWithDeadline(1_000, () => unguardedMatcherOf(pattern).matchesAny('!\n'))).toBe(false);
  });

  test('passes values and errors through, and nests', () => {
    expect(runWithDeadline(1_000, () => runWithDeadline(1_000, () => 1) + 1)).toBe(2);
    const error = new Error('mine');
    expect(() =>
      runWithDeadline(1_000, () => {
        throw error;
      }),
    ).toThrow(error);
    expect(runWithDeadline(1_000, () => undefined)).toBeUndefined();
  });

  test('an inner deadline leaves the outer one running', () => {
    const pattern = compilePattern('(a+)+$');
    const inner = (): boolean => runWithDeadline(20, () => unguardedMatcherOf(pattern).matchesAny(aaa));
    expect(() => runWithDeadline(2_000, inner)).toThrow('20 ms');
    expect(runWithDeadline(1_000, () => 7)).toBe(7);
  });
});
