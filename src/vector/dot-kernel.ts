import {
  block,
  branch,
  branchIf,
  end,
  get,
  i16x8Load8x8,
  i32Add,
  i32Constant,
  i32LessUnsigned,
  i32NotLessUnsigned,
  i32Store,
  i32x4Add,
  i32x4Dot,
  i32x4Lane,
  instantiate,
  loop,
  pageBytes,
  set,
  v128Load,
  v128Zero,
} from './wasm.js';
import type { KernelMemory } from './wasm.js';

/**
 * Dot products of signed bytes with the processor's vector instructions, through WebAssembly. The function is small enough to be
 * written here in its instructions, so there is nothing to compile and no file to find.
 */

/** Rows that are copied into the kernel's memory at a time, in bytes. */
const blockBytes = 1024 * 1024;
/** Components that the kernel takes at a time. */
const lanes = 16;

interface KernelExports {
  readonly memory: KernelMemory;
  /** Addresses; `rowBytes` is a multiple of the lanes, the query's components are 16 bits wide. */
  readonly dots: (query: number, rows: number, rowsEnd: number, rowBytes: number, products: number) => void;
}

/** Works on one thread, for any dimension up to 65536: beyond, a sum may not fit 32 bits. */
export class DotKernel {
  private readonly exports: KernelExports;

  constructor() {
    this.exports = instantiate({ name: 'dots', parameters: 5, locals: [2, 1], body: dotsBody });
  }

  /**
   * The products of a query with the rows of `wanted` (ascending), into `products`. Rows are of the query's dimension, one after
   * the other.
   */
  dotProducts(query: Int8Array, rows: Int8Array, wanted: Uint32Array, products: Int32Array): void {
    const dimension = query.length;
    const rowBytes = Math.ceil(dimension / lanes) * lanes;
    const rowsMax = Math.max(1, Math.floor(blockBytes / rowBytes));
    const rowsAt = 2 * rowBytes;
    const productsAt = rowsAt + rowsMax * rowBytes;
    const { memory, dots } = this.exports;
    const missing = productsAt + 4 * rowsMax - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    const wide = new Int16Array(memory.buffer, 0, rowBytes);
    wide.fill(0); // so it matters not what lies between rows that are no multiple of the lanes
    wide.set(query);
    const block = new Int8Array(memory.buffer, rowsAt, rowsMax * rowBytes);
    for (let first = 0; first < wanted.length; first += rowsMax) {
      const count = Math.min(rowsMax, wanted.length - first);
      for (let i = 0; i < count;) {
        const row = wanted[first + i]!;
        // Neighbours are copied at once.
        let run = 1;
        if (rowBytes === dimension) while (i + run < count && wanted[first + i + run] === row + run) run++;
        block.set(rows.subarray(row * dimension, (row + run) * dimension), i * rowBytes);
        i += run;
      }
      dots(0, rowsAt, rowsAt + count * rowBytes, rowBytes, productsAt);
      products.set(new Int32Array(memory.buffer, productsAt, count), first);
    }
  }
}

const enum Local {
  Query,
  Rows,
  RowsEnd,
  RowBytes,
  Products,
  Component,
  RowEnd,
  Sum,
}

const addDot = (offset: number): number[] => [
  ...[get, Local.Sum, get, Local.Component, ...v128Load(2 * offset), get, Local.Rows, ...i16x8Load8x8(offset)],
  ...[...i32x4Dot, ...i32x4Add, set, Local.Sum],
];
const increase = (local: Local, by: number): number[] => [get, local, i32Constant, by, i32Add, set, local];
const sumLane = (lane: number): number[] => [get, Local.Sum, ...i32x4Lane(lane)];

const dotsBody: readonly number[] = [
  ...block,
  ...loop,
  ...[get, Local.Rows, get, Local.RowsEnd, i32NotLessUnsigned, branchIf, 1],
  ...[get, Local.Rows, get, Local.RowBytes, i32Add, set, Local.RowEnd],
  ...[get, Local.Query, set, Local.Component, ...v128Zero, set, Local.Sum],
  ...loop,
  ...addDot(0),
  ...addDot(lanes / 2),
  ...increase(Local.Component, 2 * lanes),
  ...increase(Local.Rows, lanes),
  ...[get, Local.Rows, get, Local.RowEnd, i32LessUnsigned, branchIf, 0, end],
  ...[get, Local.Products, ...sumLane(0), ...sumLane(1), i32Add, ...sumLane(2), i32Add, ...sumLane(3), i32Add],
  ...[...i32Store, ...increase(Local.Products, 4), branch, 0],
  ...[end, end, end],
];
