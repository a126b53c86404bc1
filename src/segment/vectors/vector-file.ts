import { contentHash } from '../../base/index.js';
import type { EmbeddingSpace } from '../../model/index.js';
import type { ReadableFile, WritableFile, SegmentFiles } from '../../store/index.js';
import { squareOf } from '../../vector/index.js';
import type { RowBlock } from '../../vector/index.js';
import { rowsPerBlock } from './vector-cache.js';
import type { VectorCache } from './vector-cache.js';

/** What the file of a space is called by. */
export const vectorSpaceId = ({ model, revision, dimension }: EmbeddingSpace): string =>
  contentHash(JSON.stringify([model, revision, dimension]))
    .toString('hex')
    .slice(0, 12);

/** The root section, as JSON. */
interface VectorFileHead {
  readonly formatVersion: 1;
  readonly space: EmbeddingSpace;
  /**
   * Rows of vectors. After them come the docs they are of, ascending, u32 each, counted from the segment's first; then the squares
   * of the rows' lengths, u32 each.
   */
  readonly count: number;
}

/**
 * Writes the vectors of a segment's chunks in one space: a paged file beside the segment's. What it holds can be made again, so it
 * is written whole under its name or not at all, but not synced: a damaged one counts as none.
 */
export class VectorFileWriter {
  private readonly file: WritableFile;
  private readonly docs: number[] = [];
  private readonly squares: number[] = [];

  constructor(
    files: SegmentFiles,
    segmentId: string,
    private readonly space: EmbeddingSpace,
  ) {
    this.file = files.createVectorFile(segmentId, vectorSpaceId(space));
  }

  get count(): number {
    return this.docs.length;
  }

  /** Docs count from the segment's first and ascend. */
  add(doc: number, row: Int8Array): void {
    this.docs.push(doc);
    this.squares.push(squareOf(row));
    this.file.write(new Uint8Array(row.buffer, row.byteOffset, row.length));
  }

  /** Returns the size of the file in bytes. */
  finish(): number {
    const numbers = Uint32Array.from([...this.docs, ...this.squares]);
    this.file.write(new Uint8Array(numbers.buffer));
    const head: VectorFileHead = { formatVersion: 1, space: this.space, count: this.count };
    return this.file.finish(Buffer.from(JSON.stringify(head)), { durable: false });
  }

  abandon(): void {
    this.file.abandon();
  }
}

let nextSerial = 0;
/** More than a file can have. */
const blocksMax = 2 ** 24;

/**
 * The vectors of a segment's chunks in one space. It is written anew when there are more, so who reads it for more than a moment
 * retains it.
 */
export class VectorFile {
  /** Rows in a block, of which the last may have fewer. */
  static readonly rowsPerBlock = rowsPerBlock;
  /** Tells open files apart. */
  readonly serial = nextSerial++;
  private readDocs: Uint32Array | null = null;
  private readSquares: Uint32Array | null = null;
  private holders = 1;

  private constructor(
    private readonly file: ReadableFile,
    readonly space: EmbeddingSpace,
    readonly count: number,
    private readonly cache: VectorCache,
  ) {}

  /** Null when there is none, or one whose head cannot be read. */
  static open(files: SegmentFiles, segmentId: string, spaceId: string, cache: VectorCache): VectorFile | null {
    let file: ReadableFile | null = null;
    try {
      file = files.openVectorFile(segmentId, spaceId);
      if (file === null) return null;
      const head = JSON.parse(file.readRoot().toString('utf8')) as VectorFileHead;
      if (head.formatVersion !== 1) throw new Error('unknown format');
      return new VectorFile(file, head.space, head.count, cache);
    } catch {
      file?.close();
      return null;
    }
  }

  get sizeBytes(): number {
    return this.file.sizeBytes;
  }

  /** Brings here all of it, or what tells of its rows alone, where that lies elsewhere. */
  async bring(what: 'all' | 'numbers', signal?: AbortSignal): Promise<void> {
    const offset = what === 'all' ? 0 : this.count * this.space.dimension;
    await this.file.bring?.([{ offset, length: this.file.dataLength - offset }], signal);
  }

  /** Which chunks have a vector: docs less the segment's first, ascending. STORE_CORRUPT, as all that reads rows. */
  docs(): Uint32Array {
    return (this.readDocs ??= this.numbers(0, this.count));
  }

  /** The squares of the lengths of rows. */
  squares(): Uint32Array {
    return (this.readSquares ??= this.numbers(this.count, this.count));
  }

  /** A row. */
  row(number: number): Int8Array {
    return this.withBlock(Math.floor(number / rowsPerBlock), (block) => block.row(number % rowsPerBlock).slice());
  }

  /** Reads, and so checks, every page. */
  verify(onDamage: (message: string) => void): void {
    this.file.verify(onDamage);
  }

  /** Not for what has been closed. */
  retain(): this {
    this.holders++;
    return this;
  }

  release(): void {
    if (--this.holders === 0) this.file.close();
  }

  get isOpen(): boolean {
    return this.holders > 0;
  }

  /** The file has not been written anew or removed since it was opened. */
  get isLatest(): boolean {
    return this.file.isLatest;
  }

  /** Calls `use`, which waits for nothing, with the rows from `number * rowsPerBlock` on. `ofBlocks`: see VectorCache. */
  withBlock<T>(number: number, use: (block: RowBlock) => T, ofBlocks = 1): T {
    const { dimension } = this.space;
    const first = number * rowsPerBlock;
    const count = Math.min(rowsPerBlock, this.count - first);
    const read = (into: Uint8Array): void => this.file.readInto(first * dimension, into);
    return this.cache.with(this.serial * blocksMax + number, { count, dimension, read }, ofBlocks, use);
  }

  /** Of those that follow the rows. */
  private numbers(first: number, count: number): Uint32Array {
    const numbers = new Uint32Array(count);
    const bytes = this.file.read(this.count * this.space.dimension + 4 * first, 4 * count);
    new Uint8Array(numbers.buffer).set(bytes);
    return numbers;
  }
}
