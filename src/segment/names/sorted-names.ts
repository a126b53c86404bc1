import { isAscii } from 'node:buffer';
import { ByteReader, ByteWriter, compareBytewise, decodeBytes, encodeBytes, lowerBound } from '../../base/index.js';
import type { LruCache, TimeSlices } from '../../base/index.js';
import type { ReadableFile, WritableFile } from '../../store/index.js';
import { bitCount, shapeLengthMax, shapeOf, shapesAlike } from './name-shape.js';
import type { ShapeBounds } from './name-shape.js';

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

/** A block, read: its names in one text, what belongs to them in one piece. */
export class NameBlock {
  /** Names by their lower case, when it was first asked for. */
  private lowered: Words | null = null;

  constructor(
    /** Number of its first name. */
    readonly first: number,
    readonly isAscii: boolean,
    private readonly written: Words,
    private readonly payloads: Buffer,
    private readonly payloadEnds: Uint32Array,
  ) {}

  get count(): number {
    return this.payloadEnds.length;
  }

  name(at: number): string {
    return wordAt(this.written, at);
  }

  lower(at: number): string {
    return wordAt((this.lowered ??= lowerCaseOf(this.written)), at);
  }

  /** What belongs to the name at a place in it. */
  payload(at: number): Buffer {
    return this.payloads.subarray(at === 0 ? 0 : this.payloadEnds[at - 1]!, this.payloadEnds[at]);
  }

  /** Rough bytes of memory. */
  get weight(): number {
    return 500 + 2 * this.written.text.length + 8 * this.count + this.payloads.length;
  }
}

/** Texts one after the other, and where each ends. */
interface Words {
  readonly text: string;
  readonly ends: Uint32Array;
}

const wordAt = ({ text, ends }: Words, at: number): string => text.slice(at === 0 ? 0 : ends[at - 1]!, ends[at]);

/** The lower case of a text beyond ASCII may be of another length. */
function lowerCaseOf(words: Words): Words {
  const { text, ends } = words;
  const lower = text.toLowerCase();
  if (lower === text) return words;
  if (!/[^\x00-\x7f]/.test(text)) return { text: lower, ends };
  return joinWords(Array.from(ends, (_, at) => wordAt(words, at).toLowerCase()));
}

function joinWords(words: readonly string[]): Words {
  const ends = new Uint32Array(words.length);
  let end = 0;
  for (const [at, word] of words.entries()) ends[at] = end += word.length;
  return { text: words.join(''), ends };
}

/** What is kept of tables of names in memory: blocks, and shapes. */
export type NameCache = LruCache<number, NameBlock | NameShapes>;

/** The shapes of all names of a table, by length; those of a length in order of their numbers. */
interface NameShapes {
  readonly groups: readonly ShapeGroup[];
  readonly weight: number;
}

interface ShapeGroup {
  readonly numbers: Uint32Array;
  readonly letters: Int32Array;
}

/** Gathers the numbers, in a range, of names whose letters are about those of one. */
class WantedShapes {
  readonly numbers: number[] = [];

  constructor(
    private readonly letters: number,
    readonly range: readonly [number, number],
  ) {}

  ofLength({ numbers, letters }: ShapeGroup, { lackingMax, moreMax }: ShapeBounds): void {
    const { letters: wanted } = this;
    const [from, to] = this.range;
    const end = lowerBound(numbers, to);
    for (let at = lowerBound(numbers, from); at < end; at++) {
      const own = letters[at]!;
      if (bitCount(wanted & ~own) <= lackingMax && bitCount(own & ~wanted) <= moreMax) this.numbers.push(numbers[at]!);
    }
  }
}

const anyLetters: ShapeBounds = { lackingMax: 32, moreMax: 32 };

/**
 * Names by the length of their shapes (from 0 to `shapeLengthMax`), each length to be asked for once, in order: a name is at least as long as its
 * shape, so that after those of a length all names are known that are not longer. Few come with the first, whatever their length.
 */
export interface NamesByLength {
  forEachOf(length: number, onName: (block: NameBlock, at: number) => void): void;
}

/** So few names are read whole rather than found by their shapes. */
const readWholeMax = 4 * namesPerBlock;

let nextSerial = 0;
/** More than there can be of one table. */
const blocksMax = 2 ** 24;

export class SortedNames {
  private readonly serial = nextSerial++;
  private starts: Uint32Array | null = null;
  private blockStarts: Uint32Array | null = null;
  private firsts: Buffer = Buffer.alloc(0);

  constructor(
    private readonly file: ReadableFile,
    private readonly location: SortedNamesLocation,
    private readonly cache: NameCache,
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
    const cached = this.cache.get(key) as NameBlock | undefined;
    if (cached !== undefined) return cached;
    const block = this.readBlock(number);
    this.cache.set(key, block, block.weight);
    return block;
  }

  /** Calls for the place of each name that has a lower case, in its block. */
  forEachExact(lower: string, onName: (block: NameBlock, at: number) => void): void {
    this.forEachFrom(lower, (block, at) => {
      const own = block.lower(at);
      if (own !== lower) return compareBytewise(own, lower) < 0;
      onName(block, at);
      return true;
    });
  }

  /** Likewise for each whose lower case begins so, in order. */
  forEachWithPrefix(prefix: string, onName: (block: NameBlock, at: number) => void): void {
    this.forEachFrom(prefix, (block, at) => {
      const own = block.lower(at);
      if (!own.startsWith(prefix)) return compareBytewise(own, prefix) < 0;
      onName(block, at);
      return true;
    });
  }

  /** The same by length: see `NamesByLength`. */
  withPrefix(prefix: string, wholeMax = readWholeMax): NamesByLength {
    const range = [this.firstFrom(prefix, false), this.firstFrom(prefix, true)] as const;
    const [from, to] = range;
    return {
      forEachOf: (length, onName) => {
        if (to - from > wholeMax) this.forEachOfLength(length, range, onName);
        else if (length === 0) for (let number = from; number < to; number++) this.visit(number, onName);
      },
    };
  }

  /** Those of a range of numbers whose shape has a length. */
  private forEachOfLength(
    length: number,
    range: readonly [number, number],
    onName: (block: NameBlock, at: number) => void,
  ): void {
    const shapes = new WantedShapes(0, range);
    shapes.ofLength(this.shapes().groups[length]!, anyLetters);
    for (const number of shapes.numbers) this.visit(number, onName);
  }

  private visit(number: number, onName: (block: NameBlock, at: number) => void): void {
    onName(this.block(Math.floor(number / namesPerBlock)), number % namesPerBlock);
  }

  /**
   * Likewise for each that can become a name by so many edits, whatever is not a letter or digit apart: not all that it calls for can. `blocks`:
   * those of others are left out, but for names without a shape; null: none.
   */
  forEachAlike(
    name: string,
    edits: number,
    onName: (block: NameBlock, at: number) => void,
    blocks: ReadonlySet<number> | null = null,
  ): void {
    const { length, letters } = shapeOf(name.replace(/[^A-Za-z0-9]+/g, ''));
    const shapes = new WantedShapes(letters, [0, this.count]);
    for (let own = Math.max(1, length - edits); own <= Math.min(length + edits, shapeLengthMax); own++)
      shapes.ofLength(this.shapes().groups[own]!, shapesAlike(length, own, edits));
    this.forEachWanted(shapes, onName, blocks);
  }

  /** Likewise for each whose lower case begins so and that has all letters and digits of a text: not all that it calls for have them. */
  forEachWithLetters(text: string, prefix: string, onName: (block: NameBlock, at: number) => void): void {
    const { length, letters } = shapeOf(text.replace(/[^A-Za-z0-9]+/g, ''));
    const shapes = new WantedShapes(letters, [this.firstFrom(prefix, false), this.firstFrom(prefix, true)]);
    for (let own = Math.max(1, length); own <= shapeLengthMax; own++)
      shapes.ofLength(this.shapes().groups[own]!, { ...anyLetters, lackingMax: 0 });
    this.forEachWanted(shapes, onName);
  }

  /** And those without a shape. In order, so that a block is visited once. */
  private forEachWanted(
    shapes: WantedShapes,
    onName: (block: NameBlock, at: number) => void,
    blocks: ReadonlySet<number> | null = null,
  ): void {
    const { numbers } = shapes;
    const wanted = blocks === null ? numbers : numbers.filter((one) => blocks.has(Math.floor(one / namesPerBlock)));
    const shapeless = new WantedShapes(0, shapes.range);
    shapeless.ofLength(this.shapes().groups[0]!, anyLetters);
    for (const number of Uint32Array.from([...wanted, ...shapeless.numbers]).sort()) this.visit(number, onName);
  }

  /** The number of the first name whose lower case begins with a text or comes after it; with `isAfter`, of the first that comes after all which begin so. */
  private firstFrom(prefix: string, isAfter: boolean): number {
    let number = this.count;
    this.forEachFrom(
      prefix,
      (block, at) => {
        const own = block.lower(at);
        if (own.startsWith(prefix) ? isAfter : compareBytewise(own, prefix) < 0) return true;
        number = block.first + at;
        return false;
      },
      isAfter,
    );
    return number;
  }

  /** Calls from the first name on that may not come before a lower case, until told to stop. */
  private forEachFrom(lower: string, onName: (block: NameBlock, at: number) => boolean, isAfter = false): void {
    for (let number = this.blockBefore(lower, isAfter); number < this.blockCount; number++) {
      const block = this.block(number);
      for (let at = 0; at < block.count; at++) if (!onName(block, at)) return;
    }
  }

  /**
   * The last block whose first name comes before a lower case: equal ones may end it. With `isAfter` the last one whose first name begins so
   * or comes before.
   */
  private blockBefore(lower: string, isAfter: boolean): number {
    const starts = this.index();
    const wanted = encodeBytes(lower);
    let from = 0;
    let to = this.blockCount - 1;
    while (from < to) {
      const middle = (from + to + 1) >>> 1;
      const start = starts[middle]!;
      const end = isAfter ? Math.min(starts[middle + 1]!, start + wanted.length) : starts[middle + 1]!;
      const order = this.firsts.compare(wanted, 0, wanted.length, start, end);
      if (order < 0 || (isAfter && order === 0)) from = middle;
      else to = middle - 1;
    }
    return from;
  }

  /** As `block`, for who goes over all: the cache keeps what it has. */
  readBlock(number: number): NameBlock {
    this.index();
    const [start, end] = [this.blockStarts![number]!, this.blockStarts![number + 1]!];
    const bytes = this.file.read(this.location.offset + start, end - start);
    const reader = new ByteReader(bytes);
    const first = number * namesPerBlock;
    const count = Math.min(namesPerBlock, this.count - first);
    const ends = new Uint32Array(count);
    const payloadEnds = new Uint32Array(count);
    let joined = Buffer.allocUnsafe(32 * count);
    let length = 0;
    let previous = 0;
    let payloadEnd = 0;
    for (let i = 0; i < count; i++) {
      const shared = reader.varint();
      const more = reader.varint();
      payloadEnds[i] = payloadEnd += reader.varint();
      if (length + shared + more > joined.length) joined = Buffer.concat([joined], 2 * joined.length + shared + more);
      joined.copyWithin(length, previous, previous + shared);
      if (reader.at + more > bytes.length) throw new RangeError('read past the end of a record');
      bytes.copy(joined, length + shared, reader.at, reader.at + more);
      reader.at += more;
      previous = length;
      ends[i] = length += shared + more;
    }
    const all = joined.subarray(0, length);
    const isPlain = isAscii(all);
    const written = isPlain
      ? { text: all.toString('latin1'), ends }
      : joinWords(Array.from(ends, (end, i) => decodeBytes(all.subarray(i === 0 ? 0 : ends[i - 1]!, end))));
    // Copied, or all of the page would be kept as long as the block is.
    return new NameBlock(first, isPlain, written, Buffer.from(reader.take(payloadEnd)), payloadEnds);
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

  private shapes(): NameShapes {
    const key = this.serial * blocksMax + blocksMax - 1;
    const cached = this.cache.get(key) as NameShapes | undefined;
    if (cached !== undefined) return cached;
    const { groupsOffset, groupsLength } = this.location;
    const bytes = this.file.read(groupsOffset, groupsLength);
    const groups = Array.from({ length: groupCount }, (_, length) =>
      readShapes(bytes, bytes.readUInt32LE(4 * length), bytes.readUInt32LE(4 * (length + 1))),
    );
    const shapes = { groups, weight: 8 * this.count + 300 * groupCount };
    this.cache.set(key, shapes, shapes.weight);
    return shapes;
  }
}

function readShapes(bytes: Buffer, start: number, end: number): ShapeGroup {
  const room = Math.floor((end - start) / 5);
  const numbers = new Uint32Array(room);
  const letters = new Int32Array(room);
  const reader = new ByteReader(bytes.subarray(start, end));
  let count = 0;
  let number = 0;
  for (; !reader.done; count++) {
    number += reader.varint();
    numbers[count] = number++;
    letters[count] = reader.u32();
  }
  return { numbers: numbers.slice(0, count), letters: letters.slice(0, count) };
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
