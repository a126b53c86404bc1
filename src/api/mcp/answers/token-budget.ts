import { startOf } from '../../../base/index.js';

/**
 * Bytes of UTF-8 that are counted as one token. Tokenizers make a token of 3 to 4 bytes of code; the lower end is taken, so
 * that what is promised to fit does fit.
 */
export const bytesPerToken = 3;

/** The `max_tokens` of a tool: how much an answer may be. */
export const maxTokens = { default: 4000, min: 500, max: 50_000 } as const;

export const byteLength = (text: string): number => Buffer.byteLength(text);

/** What a value takes as JSON, in bytes. */
export const jsonLength = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** The largest count, at most `count`, that fits; 0 when none does. What fits with more has to fit with less. */
export function largestFitting(count: number, fits: (count: number) => boolean): number {
  if (count === 0 || fits(count)) return count;
  let low = 0;
  let high = count;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** The text, or as much of its beginning as takes so many bytes in JSON. */
export function clip(text: string, bytesMax: number): string {
  const head = text.length > bytesMax ? text.slice(0, bytesMax) : text;
  if (head === text && jsonLength(text) <= bytesMax) return text;
  const length = largestFitting(head.length, (count) => jsonLength(`${head.slice(0, count)}…`) <= bytesMax);
  return `${startOf(head, length)}…`;
}
