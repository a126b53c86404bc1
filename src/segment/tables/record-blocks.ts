import { isAscii } from 'node:buffer';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type { LruCache } from '../../base/index.js';
import { ByteReader, ByteWriter, assert, decodeBytes } from '../../base/index.js';
import type { PartRange, ReadableFile, WritableFile } from '../../store/index.js';

/**
 * Records by dense number, in compressed blocks: a number's record costs one small block to read, and neighbours
 * (versions of one chunk, of one directory) compress against each other.
 *
 * A raw block: the number of records (varint), their lengths (varints), their bytes; deflated (RFC 1951). The block
 * table has, for each block, u32 each: its first record's number, its offset in the section, its length, and ends
 * with a row that holds the record count and the section's length. Blocks say nothing of where they are, so that a merge copies them.
 */
const rowLength = 12;
const compressionLevel = 5;
/** Bounds blocks of empty records, which stand for ids that were collected. */
const blockRecordsMax = 4096;

/** Where the parts of one section are in the segment's file. */
export interface RecordBlocksLocation {
  readonly offset: number;
  readonly tableOffset: number;
  readonly tableLength: number;
}

export class RecordBlocksWriter {
  private readonly table = new ByteWriter(1024);
  private readonly block = new ByteWriter(32 * 1024);
  private readonly lengths: number[] = [];
  private readonly start: number;
  private firstNumber = 0;
  private nextNumber = 0;

  constructor(
    private readonly file: WritableFile,
    private readonly blockBytesMax: number,
  ) {
    this.start = file.length;
  }

  add(record: Uint8Array): void {
    const isFull = this.block.length + record.length > this.blockBytesMax || this.lengths.length === blockRecordsMax;
    if (this.lengths.length > 0 && isFull) this.flush();
    this.block.bytes(record);
    this.lengths.push(record.length);
    this.nextNumber++;
  }

  /** Appends a block as another section holds it. */
  addBlock(compressed: Uint8Array, recordCount: number): void {
    this.flush();
    this.writeBlock(compressed);
    this.nextNumber += recordCount;
    this.firstNumber = this.nextNumber;
  }

  finish(): RecordBlocksLocation {
    this.flush();
    const length = this.file.length - this.start;
    this.table.u32(this.nextNumber);
    this.table.u32(length);
    this.table.u32(0);
    const tableOffset = this.file.length;
    this.file.write(this.table.view());
    return { offset: this.start, tableOffset, tableLength: this.table.length };
  }

  private flush(): void {
    if (this.lengths.length === 0) return;
    const raw = new ByteWriter(this.block.length + this.lengths.length * 2 + 8);
    raw.varint(this.lengths.length);
    for (const length of this.lengths) raw.varint(length);
    raw.bytes(this.block.view());
    this.writeBlock(deflateRawSync(raw.view(), { level: compressionLevel }));
    this.firstNumber = this.nextNumber;
    this.lengths.length = 0;
    this.block.reset();
  }

  private writeBlock(compressed: Uint8Array): void {
    this.table.u32(this.firstNumber);
    this.table.u32(this.file.length - this.start);
    this.table.u32(compressed.length);
    this.file.write(compressed);
  }
}

/** A block, unpacked: as bytes, or where its text was asked for and is ASCII, as one string instead. */
export class DecodedBlock {
  private bytes: Buffer | null;
  /** All of a block that is ASCII. */
  private text: string | null = null;
  /** Of a block that is not: records that were asked for as text. */
  private texts: string[] | null = null;
  private readonly isAscii: boolean;

  constructor(
    readonly firstNumber: number,
    bytes: Buffer,
    /** Start of each record, and the end of the last. */
    private readonly starts: Uint32Array,
  ) {
    this.bytes = bytes;
    this.isAscii = isAscii(bytes);
  }

  get recordCount(): number {
    return this.starts.length - 1;
  }

  /** Bytes of all records. */
  get length(): number {
    return this.starts.at(-1)!;
  }

  /** Rough bytes of memory it takes, or will once all was asked for. */
  get weight(): number {
    return this.length * (this.isAscii ? 1 : 3) + this.starts.byteLength + 300;
  }

  isEmpty(number: number): boolean {
    const at = number - this.firstNumber;
    return this.starts[at] === this.starts[at + 1];
  }

  bytesOf(number: number): Buffer {
    const at = number - this.firstNumber;
    const [start, end] = [this.starts[at]!, this.starts[at + 1]!];
    return this.bytes?.subarray(start, end) ?? Buffer.from(this.text!.slice(start, end), 'latin1');
  }

  textOf(number: number): string {
    const at = number - this.firstNumber;
    const [start, end] = [this.starts[at]!, this.starts[at + 1]!];
    if (this.isAscii) {
      if (this.text === null) {
        this.text = this.bytes!.toString('latin1');
        this.bytes = null;
      }
      return this.text.slice(start, end);
    }
    this.texts ??= [];
    return (this.texts[at] ??= decodeBytes(this.bytes!.subarray(start, end)));
  }
}

export type BlockCache = LruCache<number, DecodedBlock>;

/** What zlib unpacks into at a time: a block of chunks at once, as joining two pieces takes a quarter of the time. */
const chunkSize = 20 * 1024;

let nextSerial = 0;
/** More than a section can have. */
const blocksMax = 2 ** 28;

export class RecordBlocks {
  /** Tells the blocks of open sections apart in their cache. */
  private readonly serial = nextSerial++;
  private table: Uint32Array | undefined;
  private lastBlock: DecodedBlock | undefined;

  constructor(
    private readonly file: ReadableFile,
    private readonly location: RecordBlocksLocation,
    private readonly cache: BlockCache,
  ) {}

  get count(): number {
    const table = this.rows();
    return table[table.length - 3]!;
  }

  get blockCount(): number {
    return this.rows().length / 3 - 1;
  }

  /** The record's bytes: mostly a view of a cached block. */
  get(number: number): Buffer {
    return this.blockOf(number).bytesOf(number);
  }

  /** Where the block is that holds a record. */
  rangeOf(number: number): PartRange {
    const table = this.rows();
    const at = 3 * this.indexOf(number);
    return { offset: this.location.offset + table[at + 1]!, length: table[at + 2]! };
  }

  /** All of the section, and its table. */
  get ranges(): { readonly all: PartRange; readonly table: PartRange } {
    const { offset, tableOffset, tableLength } = this.location;
    const table = { offset: tableOffset, length: tableLength };
    return { all: { offset, length: tableOffset + tableLength - offset }, table };
  }

  /** The block that holds a record. */
  blockOf(number: number): DecodedBlock {
    const last = this.lastBlock;
    if (last !== undefined && number >= last.firstNumber && number < last.firstNumber + last.recordCount) return last;
    return (this.lastBlock = this.block(this.indexOf(number)));
  }

  private indexOf(number: number): number {
    const table = this.rows();
    let low = 0;
    let high = table.length / 3 - 2;
    assert(number >= 0 && number < table[table.length - 3]!, `record ${number} is outside its section`);
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (table[middle * 3]! <= number) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** A block as stored, with the number of its records. */
  compressedBlock(index: number): { bytes: Buffer; firstNumber: number; recordCount: number } {
    const table = this.rows();
    const firstNumber = table[index * 3]!;
    return {
      bytes: this.file.read(this.location.offset + table[index * 3 + 1]!, table[index * 3 + 2]!),
      firstNumber,
      recordCount: table[index * 3 + 3]! - firstNumber,
    };
  }

  private block(index: number): DecodedBlock {
    const key = this.serial * blocksMax + index;
    const cached = this.cache.get(key);
    if (cached !== undefined) return cached;
    const { bytes: compressed, firstNumber, recordCount } = this.compressedBlock(index);
    const raw = inflateRawSync(compressed, { chunkSize });
    const reader = new ByteReader(raw);
    const count = reader.varint();
    assert(count === recordCount, `block ${index} of ${this.file.name} has ${count} records, not ${recordCount}`);
    const starts = new Uint32Array(count + 1);
    for (let i = 0; i < count; i++) starts[i + 1] = starts[i]! + reader.varint();
    const block = new DecodedBlock(firstNumber, raw.subarray(reader.at), starts);
    this.cache.set(key, block, block.weight);
    return block;
  }

  private rows(): Uint32Array {
    if (this.table === undefined) {
      const bytes = this.file.read(this.location.tableOffset, this.location.tableLength);
      this.table = new Uint32Array(bytes.length / 4);
      for (let i = 0; i < this.table.length; i++) this.table[i] = bytes.readUInt32LE(i * 4);
      assert(bytes.length % rowLength === 0, `a block table of ${this.file.name} has a broken row`);
    }
    return this.table;
  }
}
