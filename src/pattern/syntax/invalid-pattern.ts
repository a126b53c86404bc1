import { CoppiceError, withCaret } from '../../base/index.js';

const hintDefault = 'Escape special characters with \\, or search for literal text (-F).';

/** The error of a pattern that cannot be compiled; `offset` is an index in the pattern, `hint` says what to write. */
export function invalidPattern(
  source: string,
  offset: number,
  reason: string,
  { hint = hintDefault, cause }: { readonly hint?: string; readonly cause?: unknown } = {},
): CoppiceError {
  return new CoppiceError('PATTERN_INVALID', `invalid pattern: ${reason}\n${withCaret(source, offset)}`, {
    hint,
    data: { offset, reason },
    cause,
  });
}
