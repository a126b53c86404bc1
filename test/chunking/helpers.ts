import { expect } from 'vitest';
import type { ChunkedFile } from '../../src/model/index.js';

export const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');

/** Symbols of a file as `line kind scope.name`, one a line, lines counted in the file. */
export function symbolLines(content: Uint8Array, { chunks }: ChunkedFile): string[] {
  return chunks.flatMap(({ startByte, symbols }) => {
    const before = content.subarray(0, startByte).filter((byte) => byte === 10).length;
    return symbols.map(({ name, kind, scope, line }) => `${before + line} ${kind} ${scope && `${scope}.`}${name}`);
  });
}

/** The chunks' texts, and their headings as far as they go into a chunk's identity. */
export function chunkKeys(content: Uint8Array, { chunks }: ChunkedFile): string[] {
  return chunks.map(({ startByte, endByte, symbols, continues }) =>
    JSON.stringify([Buffer.from(content.subarray(startByte, endByte)).toString('latin1'), symbols, continues]),
  );
}

/** Every line in exactly one chunk, no chunk empty, none cut within a line, symbols on lines of their chunk. */
export function expectPartition(content: Uint8Array, { chunks }: ChunkedFile): void {
  let at = 0;
  for (const { startByte, endByte, symbols } of chunks) {
    expect(startByte).toBe(at);
    expect(endByte).toBeGreaterThan(startByte);
    if (endByte < content.length) expect(content[endByte - 1]).toBe(10);
    const text = content.subarray(startByte, endByte);
    const lines = text.filter((byte) => byte === 10).length + (text[text.length - 1] === 10 ? 0 : 1);
    for (const { line, name } of symbols) {
      expect(line).toBeGreaterThanOrEqual(0);
      expect(line).toBeLessThan(lines);
      expect(name).not.toBe('');
    }
    expect(text.length <= 8192 || lines === 1, `${text.length} bytes in ${lines} lines`).toBe(true);
    at = endByte;
  }
  expect(at).toBe(content.length);
}
