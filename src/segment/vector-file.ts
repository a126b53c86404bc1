import { contentHash } from '../base/index.js';
import type { LruCache } from '../base/index.js';
import type { PagedFile, PagedFileWriter, Store } from '../store/index.js';
import { lengthOf } from '../vector/index.js';
import type { VectorRows } from '../vector/index.js';

/** Names an embedding space (see embedding's EmbeddingSpace). */
export interface VectorSpace {
  readonly model: string;
  readonly revision: string;
  readonly dimension: number;
}

/** What the file of a space is called by. */
export const vectorSpaceId = ({ model, revision, dimension }: VectorSpace): string =>
  contentHash(JSON.stringify([model, revision, dimension]))
    .toString('hex')
    .slice(0, 12);

/** The root section, as JSON. */
interface VectorFileHead {
  readonly formatVersion: 1;
  readonly space: VectorSpace;
  /** Rows of vectors; the docs they are of follow them, ascending, u32 each, counted from the segment's first. */
  readonly count: number;
}

const rowsPerBlock = 4096;

/** Blocks of rows of all vector files, bounded in bytes. */
export type VectorCache = LruCache<string, VectorRows>;

/**
 * Writes the vectors of a segment's chunks in one space: a paged file beside the segment's. What it holds can be made again, so it
 * is written whole under its name or not at all, but not synced: a damaged one counts as none.
 */
export class VectorFileWriter {
  private readonly file: PagedFileWriter;
  private readonly docs: number[] = [];

  constructor(
    store: Store,
    segmentId: string,
    private readonly space: VectorSpace,
  ) {
    this.file = store.createVectorFile(segmentId, vectorSpaceId(space));
  }

  get count(): number {
    return this.docs.length;
  }

  /** Docs count from the segment's first and ascend. */
  add(doc: number, row: Int8Array): void {
    this.docs.push(doc);
    this.file.write(new Uint8Array(row.buffer, row.byteOffset, row.length));
  }

  /** Returns the size of the file in bytes. */
  finish(): number {
    const docs = Uint32Array.from(this.docs);
    this.file.write(new Uint8Array(docs.buffer));
    const head: VectorFileHead = { formatVersion: 1, space: this.space, count: docs.length };
    return this.file.finish(Buffer.from(JSON.stringify(head)), { durable: false });
  }

  abandon(): void {
    this.file.abandon();
  }
}

let nextSerial = 0;

/** The vectors of a segment's chunks in one space. */
export class VectorFile {
  private readonly serial = nextSerial++;

  private constructor(
    private readonly file: PagedFile,
    readonly space: VectorSpace,
    /** Which chunks have a vector: docs less the segment's first, ascending. */
    readonly docs: Uint32Array,
    private readonly cache: VectorCache,
  ) {}

  /** Null when there is none, or none that can be read. */
  static open(store: Store, segmentId: string, spaceId: string, cache: VectorCache): VectorFile | null {
    let file: PagedFile | null = null;
    try {
      file = store.openVectorFile(segmentId, spaceId);
      if (file === null) return null;
      const head = JSON.parse(file.readRoot().toString('utf8')) as VectorFileHead;
      if (head.formatVersion !== 1) throw new Error('unknown format');
      const { count, space } = head;
      const docs = new Uint32Array(count);
      new Uint8Array(docs.buffer).set(file.read(count * space.dimension, 4 * count));
      return new VectorFile(file, space, docs, cache);
    } catch {
      file?.close();
      return null;
    }
  }

  get sizeBytes(): number {
    return this.file.sizeBytes;
  }

  /** The blocks that have some of the docs that `has` is true for: the numbers of their rows in it, and the docs. */
  *blocks(has: (doc: number) => boolean): Generator<{ block: VectorRows; rows: Uint32Array; docs: Uint32Array }> {
    const { docs } = this;
    for (let first = 0; first < docs.length; first += rowsPerBlock) {
      const end = Math.min(first + rowsPerBlock, docs.length);
      const rows = new Uint32Array(end - first);
      const found = new Uint32Array(end - first);
      let count = 0;
      for (let row = first; row < end; row++) {
        if (!has(docs[row]!)) continue;
        rows[count] = row - first;
        found[count++] = docs[row]!;
      }
      const block = count === 0 ? null : this.block(first / rowsPerBlock);
      if (block !== null) yield { block, rows: rows.subarray(0, count), docs: found.subarray(0, count) };
    }
  }

  /** The vector of a doc, or null; a view. */
  vectorOf(doc: number): Int8Array | null {
    const { docs } = this;
    // Mostly all chunks have one.
    if (docs[doc] === doc) return this.row(doc);
    let low = 0;
    let high = docs.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (docs[middle]! < doc) low = middle + 1;
      else if (docs[middle]! > doc) high = middle - 1;
      else return this.row(middle);
    }
    return null;
  }

  /** A row; a view. */
  row(number: number): Int8Array {
    const { dimension } = this.space;
    const { rows } = this.block(Math.floor(number / rowsPerBlock));
    const at = (number % rowsPerBlock) * dimension;
    return rows.subarray(at, at + dimension);
  }

  /** Reads, and so checks, every page. */
  verify(onDamage: (message: string) => void): void {
    this.file.verify(onDamage);
  }

  close(): void {
    this.file.close();
  }

  private block(number: number): VectorRows {
    const key = `${this.serial}:${number}`;
    const cached = this.cache.get(key);
    if (cached !== undefined) return cached;
    const { dimension } = this.space;
    const first = number * rowsPerBlock;
    const count = Math.min(rowsPerBlock, this.docs.length - first);
    const rows = new Int8Array(count * dimension);
    rows.set(new Int8Array(this.file.read(first * dimension, count * dimension)));
    const lengths = Float64Array.from({ length: count }, (_, row) =>
      lengthOf(rows.subarray(row * dimension, (row + 1) * dimension)),
    );
    const block = { rows, lengths };
    this.cache.set(key, block, rows.length + 8 * count);
    return block;
  }
}
