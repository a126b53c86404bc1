/**
 * The source with a caret below the character at `offset`, for error messages: two lines, indented by two
 * spaces. A long source is cut to what surrounds the offset; control characters are shown as `·` so that the
 * caret stays below its character.
 */
export function withCaret(source: string, offset: number): string {
  const reach = 48;
  const from = offset > reach ? offset - reach : 0;
  const to = Math.min(source.length, offset + reach);
  const head = from > 0 ? '…' : '';
  const tail = to < source.length ? '…' : '';
  const shown = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029\ud800-\udfff]/gu, '·');
  const before = head + shown(source.slice(from, offset));
  const width = Array.from(before).length;
  return `  ${before}${shown(source.slice(offset, to))}${tail}\n  ${' '.repeat(width)}^`;
}
