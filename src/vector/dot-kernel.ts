/**
 * Dot products of signed bytes with the processor's vector instructions, through WebAssembly. The function is small enough to be
 * written here in its instructions, so there is nothing to compile and no file to find.
 */

/** Rows that are copied into the kernel's memory at a time, in bytes. */
const blockBytes = 1024 * 1024;
const pageBytes = 64 * 1024;
/** Components that the kernel takes at a time. */
const lanes = 16;

// The types of WebAssembly come only with the DOM's, which we do not want.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { readonly exports: KernelExports };
  };
};

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** Addresses; `rowBytes` is a multiple of the lanes, the query's components are 16 bits wide. */
  readonly dots: (query: number, rows: number, rowsEnd: number, rowBytes: number, products: number) => void;
}

/** Works on one thread, for any dimension up to 65536: beyond, a sum may not fit 32 bits. */
export class DotKernel {
  private readonly exports: KernelExports;

  constructor() {
    this.exports = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())).exports;
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

/** Instructions and types by their codes (https://webassembly.github.io/spec/core/binary/). */
const i32 = 0x7f;
const v128 = 0x7b;
const noResult = 0x40;
const block = [0x02, noResult];
const loop = [0x03, noResult];
const end = 0x0b;
const branch = 0x0c;
const branchIf = 0x0d;
const get = 0x20;
const set = 0x21;
const i32Constant = 0x41;
const i32LessUnsigned = 0x49;
const i32NotLessUnsigned = 0x4f;
const i32Add = 0x6a;
const i32Store = [0x36, 2, 0];
const v128Load = (offset: number): number[] => [0xfd, 0x00, 0, offset];
/** Eight bytes, each widened to 16 bits by its sign. */
const i16x8Load8x8 = (offset: number): number[] => [0xfd, 0x01, 0, offset];
const v128Zero = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
const i32x4Lane = (lane: number): number[] => [0xfd, 0x1b, lane];
const i32x4Add = [0xfd, 0xae, 0x01];
/** Products of 16 bits, the neighbours' sums in 32. */
const i32x4Dot = [0xfd, 0xba, 0x01];

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

function moduleBytes(): Uint8Array {
  const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
  const name = (text: string): number[] => sized([...Buffer.from(text)]);
  const section = (id: number, ...items: readonly (readonly number[])[]): number[] => [
    id,
    ...sized([items.length, ...items.flat()]),
  ];
  const locals = [2, 2, i32, 1, v128];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [0x60, 5, i32, i32, i32, i32, i32, 0]),
    ...section(3, [0]),
    ...section(5, [0, 1]),
    ...section(7, [...name('memory'), 2, 0], [...name('dots'), 0, 0]),
    ...section(10, sized([...locals, ...dotsBody])),
  ]);
}

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}
