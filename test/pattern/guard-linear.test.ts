import { describe, expect, test } from 'vitest';
import { enableLinearFallback, runWithDeadline } from '../../src/pattern/guard.js';
import { compilePattern, unguardedMatcherOf } from '../../src/pattern/pattern.js';
import { bombs } from './support/bombs.js';

// In a file, and so a process, of its own: the fallback cannot be taken back, and V8 keeps compiled patterns.
describe('enableLinearFallback', () => {
  enableLinearFallback();

  test.each(bombs.filter((bomb) => bomb.linear))('answers $source', ({ source, text }) => {
    const pattern = compilePattern(source);
    expect(runWithDeadline(5_000, () => unguardedMatcherOf(pattern).matchesAny(text))).toBe(false);
  });

  test.each(bombs.filter((bomb) => !bomb.linear))(
    'still needs the deadline for $source',
    ({ source, text, ignoreCase }) => {
      const pattern = compilePattern(source, { ignoreCase: ignoreCase ?? false });
      expect(() => runWithDeadline(60, () => unguardedMatcherOf(pattern).matchesAny(text))).toThrow(
        expect.objectContaining({ code: 'PATTERN_TIMEOUT' }),
      );
    },
  );
});
