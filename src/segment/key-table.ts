import { ByteWriter, contentHashLength } from '../base/index.js';
import type { PagedFile, PagedFileWriter } from '../store/index.js';
import { orderOfKeys } from './sorted-arrays.js';

/**
 * Content hash to number: rows of 16 bytes of hash and a u32, sorted by hash. Hashes are uniform, so the first
 * four bytes say nearly where a row is.
 */
const rowLength = contentHashLength + 4;

export interface KeyTableLocation {
  readonly offset: number;
  readonly count: number;
}

export function writeKeyTable(
  file: PagedFileWriter,
  keys: readonly Uint8Array[],
  numbers: ArrayLike<number>,
): KeyTableLocation {
  const order = orderOfKeys(keys);
  const offset = file.length;
  const writer = new ByteWriter(64 * 1024);
  for (const row of order) {
    writer.bytes(keys[row]!);
    writer.u32(numbers[row]!);
    if (writer.length > 60 * 1024) {
      file.write(writer.view());
      writer.reset();
    }
  }
  file.write(writer.view());
  return { offset, count: keys.length };
}

export class KeyTable {
  constructor(
    private readonly file: PagedFile,
    private readonly location: KeyTableLocation,
  ) {}

  get count(): number {
    return this.location.count;
  }

  /** The key's number, or -1. */
  find(key: Buffer): number {
    const { count } = this.location;
    if (count === 0) return -1;
    const guess = Math.floor((key.readUInt32BE(0) / 2 ** 32) * count);
    // Rows stray from their expected place by half the square root of the count (one standard deviation, at most).
    let spread = 8 + Math.ceil(Math.sqrt(count));
    for (;;) {
      const from = Math.max(0, guess - spread);
      const to = Math.min(count, guess + spread);
      const rows = this.file.read(this.location.offset + from * rowLength, (to - from) * rowLength);
      const found = search(rows, key);
      if (found >= 0) return found;
      const below = from > 0 && rows.compare(key, 0, contentHashLength, 0, contentHashLength) > 0;
      const above = to < count && rows.compare(key, 0, contentHashLength, rows.length - rowLength, rows.length - 4) < 0;
      if (!below && !above) return -1;
      spread *= 8;
    }
  }

  /** The key of a number, or null: found by looking at all rows, for rare questions. */
  keyOf(number: number): Buffer | null {
    const step = 16_384;
    for (let from = 0; from < this.location.count; from += step) {
      const to = Math.min(from + step, this.location.count);
      const rows = this.file.read(this.location.offset + from * rowLength, (to - from) * rowLength);
      for (let at = 0; at < rows.length; at += rowLength)
        if (rows.readUInt32LE(at + contentHashLength) === number)
          return Buffer.from(rows.subarray(at, at + contentHashLength));
    }
    return null;
  }

  /** Every row, in order of hash. */
  *rows(): Generator<{ key: Buffer; number: number }> {
    const step = 4096;
    for (let from = 0; from < this.location.count; from += step) {
      const to = Math.min(from + step, this.location.count);
      const rows = this.file.read(this.location.offset + from * rowLength, (to - from) * rowLength);
      for (let at = 0; at < rows.length; at += rowLength) {
        yield { key: rows.subarray(at, at + contentHashLength), number: rows.readUInt32LE(at + contentHashLength) };
      }
    }
  }
}

function search(rows: Buffer, key: Buffer): number {
  let low = 0;
  let high = rows.length / rowLength - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = middle * rowLength;
    const order = rows.compare(key, 0, contentHashLength, at, at + contentHashLength);
    if (order === 0) return rows.readUInt32LE(at + contentHashLength);
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
