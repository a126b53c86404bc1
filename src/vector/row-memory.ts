import { dotsFunction, lanes } from './dot-kernel.js';
import { rowsAtOnce, sumRowsFunction } from './sum-kernel.js';
import { instantiate, pageBytes } from './wasm.js';
import type { KernelMemory } from './wasm.js';

interface Exports {
  readonly memory: KernelMemory;
  readonly dots: (query: number, rows: number, rowsEnd: number, rowBytes: number, products: number) => void;
  readonly sumRows: (rows: number, rowsEnd: number, shares: number, sums: number, sumsEnd: number) => void;
}

/** Memory is asked for in such steps: what is not used of it takes none of the machine's. */
const stepBytes = 16 * 1024 * 1024;

/**
 * Blocks of rows of vectors of one dimension in the memory of the kernel that compares them with a query: for a query nothing is copied.
 * When the last block is given back, all of the memory is.
 */
export class RowMemory {
  private exports: Exports | null = null;
  private readonly free: number[] = [];
  private slots = 0;
  private readonly rowBytes: number;
  private readonly slotBytes: number;
  private readonly productsAt: number;
  /** A row of zeros. */
  private readonly zerosAt: number;
  private readonly sumsAt: number;
  private readonly addressesAt: number;
  private readonly sharesAt: number;
  private readonly slotsAt: number;

  constructor(
    private readonly dimension: number,
    private readonly rowsPerBlock: number,
  ) {
    this.rowBytes = Math.ceil(dimension / lanes) * lanes;
    this.slotBytes = this.rowBytes * rowsPerBlock;
    this.productsAt = 2 * this.rowBytes;
    const rowsMax = Math.ceil(rowsPerBlock / lanes) * lanes + lanes;
    this.zerosAt = this.productsAt + 4 * rowsMax;
    this.sumsAt = this.zerosAt + this.rowBytes;
    this.addressesAt = this.sumsAt + 4 * this.rowBytes;
    this.sharesAt = this.addressesAt + 4 * rowsMax;
    this.slotsAt = this.sharesAt + 2 * rowsMax;
  }

  /**
   * Takes in `count` rows of the dimension, one after the other, at most as many as a block has; `fill` writes them. Null when there is
   * no memory for more.
   */
  take(count: number, fill: (rows: Uint8Array) => void): RowBlock | null {
    const slot = this.freeSlot();
    if (slot < 0) return null;
    const { dimension, rowBytes } = this;
    const block = new RowBlock(this, slot, count);
    try {
      const memory = new Uint8Array(this.exports!.memory.buffer, this.addressOf(slot), this.slotBytes);
      if (rowBytes === dimension) fill(memory.subarray(0, count * dimension));
      else {
        const rows = new Uint8Array(count * dimension);
        fill(rows);
        memory.fill(0);
        for (let row = 0; row < count; row++)
          memory.set(rows.subarray(row * dimension, (row + 1) * dimension), row * rowBytes);
      }
    } catch (error) {
      block.release();
      throw error;
    }
    return block;
  }

  /** For a block alone. */
  release(slot: number): void {
    this.free.push(slot);
    if (this.free.length < this.slots) return;
    this.free.length = this.slots = 0;
    this.exports = null;
  }

  /** For a block alone: the products of a query and `count` of its rows; a view that holds until the next call. */
  products(slot: number, query: Int8Array, first: number, count: number): Int32Array {
    const { memory, dots } = this.exports!;
    const wide = new Int16Array(memory.buffer, 0, this.rowBytes);
    wide.fill(0);
    wide.set(query);
    const at = this.addressOf(slot) + first * this.rowBytes;
    dots(0, at, at + count * this.rowBytes, this.rowBytes, this.productsAt);
    return new Int32Array(memory.buffer, this.productsAt, count);
  }

  /** For a block alone: one of its rows; a view that holds until more is taken in. */
  row(slot: number, row: number): Int8Array {
    return new Int8Array(this.exports!.memory.buffer, this.addressOf(slot) + row * this.rowBytes, this.dimension);
  }

  /** For a block alone: adds to `sums` so many of its rows, each times its share, a whole number of 16 bits. */
  addRows(slot: number, rows: Uint32Array, shares: Int16Array, count: number, sums: Int32Array): void {
    // A row may be there more than once: there can be more than a block has.
    for (let from = 0; from < count; from += this.rowsPerBlock) {
      const end = Math.min(from + this.rowsPerBlock, count);
      this.addSome(slot, rows.subarray(from, end), shares.subarray(from, end), sums);
    }
  }

  /** As many as a block has at most: there is room for the addresses of so many. */
  private addSome(slot: number, rows: Uint32Array, shares: Int16Array, sums: Int32Array): void {
    const { memory, sumRows } = this.exports!;
    const { addressesAt, sharesAt, sumsAt, rowBytes } = this;
    const count = rows.length;
    const filled = Math.ceil(count / rowsAtOnce) * rowsAtOnce;
    const addresses = new Int32Array(memory.buffer, addressesAt, filled);
    const own = new Int16Array(memory.buffer, sharesAt, filled);
    const from = this.addressOf(slot);
    for (let i = 0; i < count; i++) {
      addresses[i] = from + rows[i]! * rowBytes;
      own[i] = shares[i]!;
    }
    addresses.fill(this.zerosAt, count);
    own.fill(0, count);
    const added = new Int32Array(memory.buffer, sumsAt, rowBytes).fill(0);
    added.set(sums);
    sumRows(addressesAt, addressesAt + 4 * filled, sharesAt, sumsAt, sumsAt + 4 * rowBytes);
    sums.set(added.subarray(0, sums.length));
  }

  private addressOf(slot: number): number {
    return this.slotsAt + slot * this.slotBytes;
  }

  private freeSlot(): number {
    const known = this.free.pop();
    if (known !== undefined) return known;
    try {
      this.exports ??= instantiate<Exports>([dotsFunction, sumRowsFunction]);
      const { memory } = this.exports;
      const missing = this.addressOf(this.slots + 1) - memory.buffer.byteLength;
      if (missing > 0) grow(memory, missing);
    } catch {
      return -1;
    }
    return this.slots++;
  }
}

/** Makes room for so many more bytes, and for those to come. */
function grow(memory: KernelMemory, missing: number): void {
  try {
    memory.grow(Math.ceil(Math.max(missing, stepBytes) / pageBytes));
  } catch {
    memory.grow(Math.ceil(missing / pageBytes));
  }
}

/** Rows that a RowMemory has taken in. */
export class RowBlock {
  private released = false;

  constructor(
    private readonly memory: RowMemory,
    private readonly slot: number,
    readonly count: number,
  ) {}

  /** The products of a query and the rows of `wanted`, which ascend, into `into`: whole numbers. */
  dotProducts(query: Int8Array, wanted: Uint32Array, into: Int32Array): void {
    if (wanted.length === 0) return;
    const first = wanted[0]!;
    const products = this.productsOf(query, first, wanted[wanted.length - 1]! - first + 1);
    if (wanted.length === products.length) into.set(products);
    else for (let i = 0; i < wanted.length; i++) into[i] = products[wanted[i]! - first]!;
  }

  /** Those of `count` rows; a view that holds until the next call of this memory's. */
  productsOf(query: Int8Array, first: number, count: number): Int32Array {
    return this.memory.products(this.slot, query, first, count);
  }

  /**
   * Adds to `sums`, one for each component, `count` of its rows, each times its share. Sums are of 32 bits; whoever calls sees to it that
   * they are enough.
   */
  addRows(rows: Uint32Array, shares: Int16Array, count: number, sums: Int32Array): void {
    this.memory.addRows(this.slot, rows, shares, count, sums);
  }

  /** A view that holds until the memory takes in another. */
  row(row: number): Int8Array {
    return this.memory.row(this.slot, row);
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.memory.release(this.slot);
  }
}
