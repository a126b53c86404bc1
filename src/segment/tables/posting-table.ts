import { ByteReader, ByteWriter, LruCache } from '../../base/index.js';
import type { PartRange, ReadableFile, WritableFile } from '../../store/index.js';

/**
 * Sorted 64-bit keys to posting lists, lists and keys side by side: most lists are shorter than a pointer to them would be.
 *
 * Blocks of about 1 KiB: for each key, the gap of its high half from the key before (varint; the first from 0), its low
 * half (u32; absent in tables of 32-bit keys), the length of the list in docs (varint) and in bytes (varint), the list.
 * The block index has a row of u32 for each block: first key's high half, low half, offset in the section;
 * and ends with a row whose offset is the section's length.
 */
const blockBytesTarget = 1024;

export interface PostingTableLocation {
  readonly offset: number;
  readonly indexOffset: number;
  readonly indexLength: number;
  /** Distinct keys. */
  readonly keyCount: number;
}

export class PostingTableWriter {
  private readonly index = new ByteWriter(4096);
  private readonly block = new ByteWriter(2 * blockBytesTarget);
  private readonly start: number;
  private previousHigh = 0;
  private keyCount = 0;

  constructor(
    private readonly file: WritableFile,
    private readonly wideKeys: boolean,
  ) {
    this.start = file.length;
  }

  /** Keys come in ascending order. */
  add(high: number, low: number, docCount: number, list: Uint8Array): void {
    if (this.block.length > 0 && this.block.length + list.length > blockBytesTarget) this.flush();
    if (this.block.length === 0) {
      this.index.u32(high);
      this.index.u32(low);
      this.index.u32(this.file.length - this.start);
      this.previousHigh = 0;
    }
    this.block.varint(high - this.previousHigh);
    this.previousHigh = high;
    if (this.wideKeys) this.block.u32(low);
    this.block.varint(docCount);
    this.block.varint(list.length);
    this.block.bytes(list);
    this.keyCount++;
  }

  finish(): PostingTableLocation {
    this.flush();
    this.index.u32(0xffffffff);
    this.index.u32(0xffffffff);
    this.index.u32(this.file.length - this.start);
    const indexOffset = this.file.length;
    this.file.write(this.index.view());
    return { offset: this.start, indexOffset, indexLength: this.index.length, keyCount: this.keyCount };
  }

  private flush(): void {
    this.file.write(this.block.view());
    this.block.reset();
  }
}

export interface PostingList {
  readonly high: number;
  readonly low: number;
  readonly docCount: number;
  readonly bytes: Buffer;
}

/** Lists shorter than this are found again as fast as in a cache. */
const cachedListBytesMin = 1024;
/** For lists that are asked for again and again, of all tables: a long one lies across pages and has to be joined. */
const listCacheBytes = 24 * 1024 * 1024;
const longLists = new LruCache<number, PostingList>(listCacheBytes);
let nextSerial = 0;

/** Lets go of lists that were read. */
export const forgetLists = (): void => longLists.clear();

export class PostingTable {
  private readonly serial = nextSerial++;
  private index: Uint32Array | undefined;

  constructor(
    private readonly file: ReadableFile,
    private readonly location: PostingTableLocation,
    private readonly wideKeys: boolean,
  ) {}

  find(high: number, low: number): PostingList | null {
    // Keys of 32 bits leave room for the table's number in one exact integer; those of 64, whose lists are seldom long, do not.
    const cacheKey = this.wideKeys ? -1 : this.serial * 2 ** 32 + high;
    const cached = this.wideKeys ? undefined : longLists.get(cacheKey);
    if (cached !== undefined) return cached;
    const list = this.read(high, low);
    if (!this.wideKeys && list !== null && list.bytes.length >= cachedListBytesMin)
      longLists.set(cacheKey, list, list.bytes.length + 200);
    return list;
  }

  /** Calls `onList` for each of many keys that has a list. Keys are of 32 bits and ascend, so that a block is read once. */
  forEachList(keys: readonly number[], onList: (key: number, list: Buffer) => void): void {
    const index = this.rows();
    let blockEnd = -1;
    let reader = new ByteReader(Buffer.alloc(0));
    /** Key and length of the list that the reader is at; -1 where it has not read any yet, or all. */
    let at = -1;
    let length = 0;
    for (const key of keys) {
      if (key >= blockEnd) {
        const block = this.blockOf(key, 0);
        if (block < 0) return;
        blockEnd = index[block * 3 + 3]!;
        reader = new ByteReader(this.blockBytes(block));
        at = -1;
        length = 0;
      }
      while (at < key) {
        reader.at += length;
        if (reader.done) break;
        at = Math.max(at, 0) + reader.varint();
        reader.varint(); // its docs
        length = reader.varint();
      }
      if (at === key) onList(key, reader.bytes.subarray(reader.at, reader.at + length));
    }
  }

  private read(high: number, low: number): PostingList | null {
    const block = this.blockOf(high, low);
    if (block < 0) return null;
    const reader = new ByteReader(this.blockBytes(block));
    let keyHigh = 0;
    while (!reader.done) {
      keyHigh += reader.varint();
      const keyLow = this.wideKeys ? reader.u32() : 0;
      const docCount = reader.varint();
      const length = reader.varint();
      if (keyHigh === high && keyLow === low) return { high, low, docCount, bytes: reader.take(length) };
      if (keyHigh > high || (keyHigh === high && keyLow > low)) return null;
      reader.at += length;
    }
    return null;
  }

  /** Where the list of a key is, with some of its neighbours; null when there can be none. */
  rangeOf(high: number, low: number): PartRange | null {
    const block = this.blockOf(high, low);
    if (block < 0) return null;
    const index = this.rows();
    const offset = index[block * 3 + 2]!;
    return { offset: this.location.offset + offset, length: index[block * 3 + 5]! - offset };
  }

  /** What tells where lists are. */
  get indexRange(): PartRange {
    return { offset: this.location.indexOffset, length: this.location.indexLength };
  }

  /** Every list, in order of keys. */
  *lists(): Generator<PostingList> {
    const blocks = this.rows().length / 3 - 1;
    for (let block = 0; block < blocks; block++) {
      const reader = new ByteReader(this.blockBytes(block));
      let high = 0;
      while (!reader.done) {
        high += reader.varint();
        const low = this.wideKeys ? reader.u32() : 0;
        const docCount = reader.varint();
        yield { high, low, docCount, bytes: reader.prefixed() };
      }
    }
  }

  /** All of it as it lies in the file, lists and index, with where it was. */
  raw(): { readonly bytes: Buffer; readonly location: PostingTableLocation } {
    const { offset, indexOffset, indexLength } = this.location;
    return { bytes: this.file.read(offset, indexOffset + indexLength - offset), location: this.location };
  }

  /** The only block that can have a key; -1 when there is none. */
  private blockOf(high: number, low: number): number {
    const index = this.rows();
    let from = 0;
    let to = index.length / 3 - 2;
    if (to < 0) return -1;
    while (from < to) {
      const middle = (from + to + 1) >>> 1;
      const middleHigh = index[middle * 3]!;
      if (middleHigh < high || (middleHigh === high && index[middle * 3 + 1]! <= low)) from = middle;
      else to = middle - 1;
    }
    return from;
  }

  private blockBytes(block: number): Buffer {
    const index = this.rows();
    const offset = index[block * 3 + 2]!;
    return this.file.read(this.location.offset + offset, index[block * 3 + 5]! - offset);
  }

  private rows(): Uint32Array {
    if (this.index === undefined) {
      const bytes = this.file.read(this.location.indexOffset, this.location.indexLength);
      this.index = new Uint32Array(bytes.length / 4);
      for (let i = 0; i < this.index.length; i++) this.index[i] = bytes.readUInt32LE(i * 4);
    }
    return this.index;
  }
}
