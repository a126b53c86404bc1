import { ByteReader, ByteWriter, compareBytewise, decodeBytes, encodeBytes } from '../../base/index.js';
import type { LruCache, TimeSlices } from '../../base/index.js';
import type { ReadableFile, WritableFile } from '../../store/index.js';
import { canBeAlike, shapeLengthMax, shapeOf } from './name-shape.js';

/**
 * Names in order of their lower case, then as they are written (both bytewise), each with some bytes that belong to it.
 *
 * Blocks of `namesPerBlock` names: for each name how many bytes it shares with the one before it, how many more it has, and how many
 * belong to it (varints), then those that it has more; after all names, what belongs to them. The index: the number of blocks, where each
 * begins and the last ends, likewise for the lower case of each block's first name (u32 each), then these.
 *
 * Groups by shape (see name-shape.ts), to find names that are like one without reading others: where each length's group begins and
 * the last ends (u32 each); in a group for each name the gap of its number from the one before (varint), and its letters (u32).
 */
export interface SortedNamesLocation {
  readonly offset: number;
  readonly length: number;
  readonly indexOffset: number;
  readonly indexLength: number;
  readonly groupsOffset: number;
  readonly groupsLength: number;
  readonly count: number;
}

export const namesPerBlock = 64;

/** The order of names. */
export const compareNames = (a: { readonly lower: string; readonly name: string }, b: typeof a): number =>
  compareBytewise(a.lower, b.lower) || compareBytewise(a.name, b.name);

const groupCount = shapeLengthMax + 1;

export class SortedNamesWriter {
  private readonly start: number;
  private readonly offsets: number[] = [];
  private readonly firsts: Buffer[] = [];
  private readonly names = new ByteWriter(4096);
  private readonly payloads = new ByteWriter(4096);
  private readonly groups = Array.from({ length: groupCount }, () => ({ rows: new ByteWriter(64), next: 0 }));
  private previous: Buffer = Buffer.alloc(0);
  private count = 0;

  constructor(private readonly file: WritableFile) {
    this.start = file.length;
  }

  /** Names come in order. Returns the number of the name's block. */
  add(name: string, lower: string, payload: Uint8Array): number {
    if (this.count % namesPerBlock === 0) this.flush(lower);
    const bytes = encodeBytes(name);
    const { previous } = this;
    const most = Math.min(bytes.length, previous.length);
    let shared = 0;
    while (shared < most && bytes[shared] === previous[shared]) shared++;
    this.names.varint(shared);
    this.names.varint(bytes.length - shared);
    this.names.varint(payload.length);
    this.names.bytes(bytes.subarray(shared));
    this.payloads.bytes(payload);
    this.previous = bytes;
    const { length, letters } = shapeOf(name);
    const group = this.groups[length]!;
    group.rows.varint(this.count - group.next);
    group.rows.u32(letters >>> 0);
    group.next = ++this.count;
    return this.offsets.length - 1;
  }

  finish(): SortedNamesLocation {
    this.endBlock();
    const end = this.file.length - this.start;
    const index = new ByteWriter(64 * 1024);
    index.u32(this.offsets.length);
    for (const offset of this.offsets) index.u32(offset);
    index.u32(end);
    let at = 0;
    for (const first of this.firsts) {
      index.u32(at);
      at += first.length;
    }
    index.u32(at);
    for (const first of this.firsts) index.bytes(first);
    const indexOffset = this.file.length;
    this.file.write(index.view());
    const groupsOffset = this.file.length;
    const heads = new ByteWriter(4 * (groupCount + 1));
    let rowsAt = 4 * (groupCount + 1);
    for (const { rows } of this.groups) {
      heads.u32(rowsAt);
      rowsAt += rows.length;
    }
    heads.u32(rowsAt);
    this.file.write(heads.view());
    for (const { rows } of this.groups) this.file.write(rows.view());
    return {
      offset: this.start,
      length: end,
      indexOffset,
      indexLength: index.length,
      groupsOffset,
      groupsLength: rowsAt,
      count: this.count,
    };
  }

  private flush(lower: string): void {
    this.endBlock();
    this.offsets.push(this.file.length - this.start);
    this.firsts.push(encodeBytes(lower));
    this.previous = Buffer.alloc(0);
  }

  private endBlock(): void {
    if (this.names.length === 0) return;
    this.file.write(this.names.view());
    this.file.write(this.payloads.view());
    this.names.reset();
    this.payloads.reset();
  }
}

/** A block, read. */
export interface NameBlock {
  /** Number of its first name. */
  readonly first: number;
  readonly names: readonly string[];
  readonly lowers: readonly string[];
  /** What belongs to the name at a place in it. */
  readonly payloads: readonly Buffer[];
}

export type NameBlockCache = LruCache<number, NameBlock>;

/** Rough bytes of memory of a name in a block. */
const nameWeight = 200;

let nextSerial = 0;
/** More than there can be of one table. */
const blocksMax = 2 ** 24;

export class SortedNames {
  private readonly serial = nextSerial++;
  private starts: Uint32Array | null = null;
  private blockStarts: Uint32Array | null = null;
  private firsts: Buffer = Buffer.alloc(0);
  private groupStarts: Uint32Array | null = null;

  constructor(
    private readonly file: ReadableFile,
    private readonly location: SortedNamesLocation,
    private readonly cache: NameBlockCache,
  ) {}

  get count(): number {
    return this.location.count;
  }

  get blockCount(): number {
    return Math.ceil(this.count / namesPerBlock);
  }

  /** All. */
  blockNumbers(): readonly number[] {
    return Array.from({ length: this.blockCount }, (_, number) => number);
  }

  block(number: number): NameBlock {
    const key = this.serial * blocksMax + number;
    const cached = this.cache.get(key);
    if (cached !== undefined) return cached;
    const block = this.readBlock(number);
    this.cache.set(key, block, nameWeight * block.names.length);
    return block;
  }

  /** Calls for the place of each name that has a lower case, in its block. */
  forEachExact(lower: string, onName: (block: NameBlock, at: number) => void): void {
    this.forEachFrom(lower, (block, at) => {
      const own = block.lowers[at]!;
      if (own !== lower) return compareBytewise(own, lower) < 0;
      onName(block, at);
      return true;
    });
  }

  /** Likewise for each whose lower case begins so, in order. */
  forEachWithPrefix(prefix: string, onName: (block: NameBlock, at: number) => void): void {
    this.forEachFrom(prefix, (block, at) => {
      const own = block.lowers[at]!;
      if (!own.startsWith(prefix)) return compareBytewise(own, prefix) < 0;
      onName(block, at);
      return true;
    });
  }

  /** Likewise for each that can become a name by so many edits, whatever is not a letter or digit apart: not all that it calls for can. */
  forEachAlike(name: string, edits: number, onName: (block: NameBlock, at: number) => void): void {
    const { length, letters } = shapeOf(name.replace(/[^A-Za-z0-9]+/g, ''));
    this.forEachOfShape(Math.max(1, length - edits), length + edits, letters, edits, onName);
  }

  /** Names whose number of letters and digits is in a range and that have about the same, and those without a shape. */
  private forEachOfShape(
    from: number,
    to: number,
    letters: number,
    edits: number,
    onName: (block: NameBlock, at: number) => void,
  ): void {
    if (this.count === 0) return;
    const starts = this.groupRows();
    const visit = (length: number, isAny: boolean): void => {
      const start = starts[length]!;
      const end = starts[length + 1]!;
      if (start === end) return;
      const rows = this.file.read(this.location.groupsOffset + start, end - start);
      let number = 0;
      for (let at = 0; at < rows.length;) {
        let gap = rows[at++]!;
        if (gap > 0x7f) {
          gap &= 0x7f;
          for (let shift = 7; ; shift += 7) {
            const byte = rows[at++]!;
            gap |= (byte & 0x7f) << shift;
            if (byte < 0x80) break;
          }
        }
        number += gap;
        const own = rows[at]! | (rows[at + 1]! << 8) | (rows[at + 2]! << 16) | (rows[at + 3]! << 24);
        at += 4;
        if (isAny || canBeAlike(own, letters, edits))
          onName(this.block(Math.floor(number / namesPerBlock)), number % namesPerBlock);
        number++;
      }
    };
    visit(0, true);
    for (let length = from; length <= Math.min(to, shapeLengthMax); length++) visit(length, false);
  }

  /** Calls from the first name on that may not come before a lower case, until told to stop. */
  private forEachFrom(lower: string, onName: (block: NameBlock, at: number) => boolean): void {
    for (let number = this.blockBefore(lower); number < this.blockCount; number++) {
      const block = this.block(number);
      for (let at = 0; at < block.names.length; at++) if (!onName(block, at)) return;
    }
  }

  /** The last block whose first name comes before a lower case: equal ones may end it. */
  private blockBefore(lower: string): number {
    const starts = this.index();
    const wanted = encodeBytes(lower);
    let from = 0;
    let to = this.blockCount - 1;
    while (from < to) {
      const middle = (from + to + 1) >>> 1;
      if (this.firsts.compare(wanted, 0, wanted.length, starts[middle], starts[middle + 1]) < 0) from = middle;
      else to = middle - 1;
    }
    return from;
  }

  /** As `block`, for who goes over all: the cache keeps what it has. */
  readBlock(number: number): NameBlock {
    this.index();
    const [start, end] = [this.blockStarts![number]!, this.blockStarts![number + 1]!];
    const reader = new ByteReader(this.file.read(this.location.offset + start, end - start));
    const first = number * namesPerBlock;
    const count = Math.min(namesPerBlock, this.count - first);
    const names: string[] = [];
    const lowers: string[] = [];
    const lengths: number[] = [];
    let previous: Buffer = Buffer.alloc(0);
    for (let i = 0; i < count; i++) {
      const shared = reader.varint();
      const more = reader.varint();
      lengths.push(reader.varint());
      const rest = reader.take(more);
      previous = shared === 0 ? rest : Buffer.concat([previous.subarray(0, shared), rest]);
      const name = decodeBytes(previous);
      names.push(name);
      lowers.push(name.toLowerCase());
    }
    const payloads = lengths.map((length) => reader.take(length));
    return { first, names, lowers, payloads };
  }

  /** Where the lower cases of the blocks' first names begin. */
  private index(): Uint32Array {
    if (this.starts !== null) return this.starts;
    const { indexOffset, indexLength } = this.location;
    const bytes = this.file.read(indexOffset, indexLength);
    const count = bytes.readUInt32LE(0);
    this.blockStarts = Uint32Array.from({ length: count + 1 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
    const at = 8 + 4 * count;
    this.firsts = Buffer.from(bytes.subarray(at + 4 * (count + 1)));
    return (this.starts = Uint32Array.from({ length: count + 1 }, (_, i) => bytes.readUInt32LE(at + 4 * i)));
  }

  private groupRows(): Uint32Array {
    if (this.groupStarts === null) {
      const bytes = this.file.read(this.location.groupsOffset, 4 * (groupCount + 1));
      this.groupStarts = Uint32Array.from({ length: groupCount + 1 }, (_, i) => bytes.readUInt32LE(4 * i));
    }
    return this.groupStarts;
  }
}

/** Writes names that come in any order, each with nothing that belongs to it. */
export async function writeSortedNames(
  file: WritableFile,
  names: Iterable<string>,
  slices: TimeSlices,
): Promise<SortedNamesLocation> {
  const sorted = Array.from(names, (name) => ({ name, lower: name.toLowerCase() })).sort(compareNames);
  const writer = new SortedNamesWriter(file);
  const nothing = new Uint8Array(0);
  for (const [i, { name, lower }] of sorted.entries()) {
    if ((i & 255) === 0 && slices.isOver) await slices.next();
    writer.add(name, lower, nothing);
  }
  return writer.finish();
}
