/** Characters of a line that are shown. */
const lineLength = 250;
/** Of a clipped line, what is shown before its match. */
const leadLength = 60;

/** Lines of a text without their ends; the newline at the end begins no line. */
export function splitLines(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A line that a minifier made is cut to what is around the match; `column` is counted from 1. */
export function clipLine(line: string, column = 1, length = lineLength): string {
  if (line.length <= length) return line;
  const start = Math.max(0, Math.min(column - 1 - leadLength, line.length - length));
  const end = start + length;
  return `${start > 0 ? '…' : ''}${line.slice(start, end)}${end < line.length ? '…' : ''}`;
}

/** Lines with their numbers, as `cat -n` without its padding. */
export function numberLines(lines: readonly string[], firstLine: number): string {
  return lines.map((line, i) => `${firstLine + i}\t${clipLine(line)}`).join('\n');
}

/** A path as it is shown in text: quoted only where it would break the line or be taken for something else. */
export function showPath(path: string): string {
  return /[\0-\x1f\x7f"\\]/.test(path) ? JSON.stringify(path) : path;
}

/** `1 line`, `12 lines`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export const shortCommit = (commit: string): string => commit.slice(0, 10);

/** Clients in other languages take no text with lone surrogates, by which bytes that are not UTF-8 are kept. */
export function wellFormed<T>(value: T): T {
  if (typeof value === 'string') return value.replace(/\p{Surrogate}/gu, '\ufffd') as T;
  if (Array.isArray(value)) return value.map(wellFormed) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, wellFormed(part as unknown)])) as T;
}
