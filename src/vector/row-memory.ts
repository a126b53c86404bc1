import { dotsFunction, lanes } from './dot-kernel.js';
import { instantiate, pageBytes } from './wasm.js';
import type { KernelMemory } from './wasm.js';

interface Exports {
  readonly memory: KernelMemory;
  readonly dots: (query: number, rows: number, rowsEnd: number, rowBytes: number, products: number) => void;
}

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
  private readonly slotsAt: number;

  constructor(
    private readonly dimension: number,
    rowsPerBlock: number,
  ) {
    this.rowBytes = Math.ceil(dimension / lanes) * lanes;
    this.slotBytes = this.rowBytes * rowsPerBlock;
    this.productsAt = 2 * this.rowBytes;
    this.slotsAt = this.productsAt + 4 * rowsPerBlock;
  }

  /** Takes in rows of the dimension, one after the other, at most as many as a block has. Null when there is no memory for more. */
  take(rows: Uint8Array): RowBlock | null {
    const slot = this.freeSlot();
    if (slot < 0) return null;
    const { dimension, rowBytes } = this;
    const block = new RowBlock(this, slot, rows.length / dimension);
    const memory = new Uint8Array(this.exports!.memory.buffer, this.addressOf(slot), this.slotBytes);
    if (rowBytes === dimension) memory.set(rows);
    else {
      memory.fill(0);
      for (let row = 0; row < block.count; row++)
        memory.set(rows.subarray(row * dimension, (row + 1) * dimension), row * rowBytes);
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

  /** For a block alone: the products of a query and its rows; a view that holds until the next call. */
  products(slot: number, query: Int8Array, count: number): Int32Array {
    const { memory, dots } = this.exports!;
    const wide = new Int16Array(memory.buffer, 0, this.rowBytes);
    wide.fill(0);
    wide.set(query);
    const at = this.addressOf(slot);
    dots(0, at, at + count * this.rowBytes, this.rowBytes, this.productsAt);
    return new Int32Array(memory.buffer, this.productsAt, count);
  }

  /** For a block alone: one of its rows; a view that holds until more is taken in. */
  row(slot: number, row: number): Int8Array {
    return new Int8Array(this.exports!.memory.buffer, this.addressOf(slot) + row * this.rowBytes, this.dimension);
  }

  private addressOf(slot: number): number {
    return this.slotsAt + slot * this.slotBytes;
  }

  private freeSlot(): number {
    const known = this.free.pop();
    if (known !== undefined) return known;
    try {
      this.exports ??= instantiate<Exports>([dotsFunction]);
      const { memory } = this.exports;
      const missing = this.addressOf(this.slots + 1) - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    } catch {
      return -1;
    }
    return this.slots++;
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

  /** The products of a query and the rows of `wanted`, into `into`: whole numbers. */
  dotProducts(query: Int8Array, wanted: Uint32Array, into: Int32Array): void {
    const products = this.memory.products(this.slot, query, this.count);
    if (wanted.length === this.count) into.set(products);
    else for (let i = 0; i < wanted.length; i++) into[i] = products[wanted[i]!]!;
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
