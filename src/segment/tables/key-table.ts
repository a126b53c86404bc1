import { ByteWriter, contentHashLength } from '../../base/index.js';
import type { TimeSlices } from '../../base/index.js';
import type { PartRange, ReadableFile, WritableFile } from '../../store/index.js';
import { forRuns, orderOfHashes } from './sorted-arrays.js';

/**
 * Content hash to number: rows of 16 bytes of hash and a u32, sorted by hash.
 */
const rowLength = contentHashLength + 4;

/** Half of the rows that are looked at at once: few enough that they seldom lie across pages. */
const windowRows = 24;

export interface KeyTableLocation {
  readonly offset: number;
  readonly count: number;
}

const pieceBytes = 60 * 1024;

export class KeyTableWriter {
  private readonly offset: number;
  private readonly piece = new ByteWriter(64 * 1024);
  private count = 0;

  constructor(private readonly file: WritableFile) {
    this.offset = file.length;
  }

  /** Keys come in ascending order. */
  add(key: Uint8Array, number: number): void {
    this.piece.bytes(key);
    this.piece.u32(number);
    this.count++;
    if (this.piece.length > pieceBytes) this.flush();
  }

  finish(): KeyTableLocation {
    this.flush();
    return { offset: this.offset, count: this.count };
  }

  private flush(): void {
    this.file.write(this.piece.view());
    this.piece.reset();
  }
}

/** Writes keys that come in any order, each with its position as its number. */
export async function writeKeyTable(
  file: WritableFile,
  keys: readonly Uint8Array[],
  slices: TimeSlices,
): Promise<KeyTableLocation> {
  const firstBits = (position: number): number => {
    const key = keys[position]!;
    return (key[0]! << 24) | (key[1]! << 16) | (key[2]! << 8) | key[3]!;
  };
  const compare = (a: number, b: number): number => Buffer.compare(keys[a]!, keys[b]!);
  const order = await orderOfHashes(keys.length, firstBits, compare, slices);
  const table = new KeyTableWriter(file);
  await forRuns(order.length, slices, (from, to) => {
    for (let at = from; at < to; at++) table.add(keys[order[at]!]!, order[at]!);
  });
  return table.finish();
}

export class KeyTable {
  constructor(
    private readonly file: ReadableFile,
    private readonly location: KeyTableLocation,
  ) {}

  get count(): number {
    return this.location.count;
  }

  get range(): PartRange {
    return { offset: this.location.offset, length: this.location.count * rowLength };
  }

  /**
   * The key's number, or -1. Hashes are uniform, so their first bytes tell nearly where a row is (interpolation search): a
   * small window there is looked at and, by what it holds, the next, which seldom is more than two.
   */
  find(key: Buffer): number {
    const { count, offset } = this.location;
    const first = key.readUInt32BE(0);
    let low = 0; // rows before it are smaller
    let high = count; // rows from it on are larger
    let guess = Math.floor((first / 2 ** 32) * count);
    while (low < high) {
      const from = Math.max(low, Math.min(guess, high - 1) - windowRows);
      const to = Math.min(high, from + 2 * windowRows);
      const rows = this.file.read(offset + from * rowLength, (to - from) * rowLength);
      const last = rows.length - rowLength;
      if (rows.compare(key, 0, contentHashLength, 0, contentHashLength) > 0) {
        high = from;
        guess = from + rowsBetween(first, rows.readUInt32BE(0), count);
      } else if (rows.compare(key, 0, contentHashLength, last, last + contentHashLength) < 0) {
        low = to;
        guess = to + rowsBetween(first, rows.readUInt32BE(last), count);
      } else return search(rows, key);
    }
    return -1;
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

/** How many rows are expected from a hash that begins with `there` to one that begins with `wanted`. */
const rowsBetween = (wanted: number, there: number, count: number): number =>
  Math.floor(((wanted - there) / 2 ** 32) * count);

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
