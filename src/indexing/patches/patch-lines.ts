import { CoppiceError } from '../../base/index.js';

/** Lines with their `\n`; the last may lack it. */
export function splitLines(text: string): string[] {
  const lines: string[] = [];
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline + 1;
    lines.push(text.slice(from, to));
    from = to;
  }
  return lines;
}

/** Bytes as a string of one character each, so that lines can be compared without decoding them. */
export const latin1Of = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** The error of a patch that cannot be read. `line` is 0-based here, 1-based in the message. */
export function invalidPatch(line: number, reason: string): CoppiceError {
  return new CoppiceError('PATCH_INVALID', `invalid patch: ${reason} (line ${line + 1})`, {
    hint: 'A patch is what `git diff` or `diff -u` writes.',
    data: { line: line + 1 },
  });
}
