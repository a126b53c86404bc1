/** What the kernels are written in: instructions of WebAssembly, and the module around them. */

// The types of WebAssembly come only with the DOM's, which we do not want.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { readonly exports: unknown };
  };
};

/** A module's own memory: grows by pages of 64 KiB. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export const pageBytes = 64 * 1024;

export interface KernelFunction {
  readonly name: string;
  /** All are addresses or counts: 32 bits. It returns nothing. */
  readonly parameters: number;
  /** Further locals: so many of 32 bits, then so many vectors. */
  readonly locals: readonly [i32s: number, vectors: number];
  readonly body: readonly number[];
}

/** A module with a memory and some functions. */
export function instantiate<Exports>(functions: readonly KernelFunction[]): Exports {
  const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
  const text = (value: string): number[] => sized([...Buffer.from(value)]);
  const section = (id: number, ...items: readonly (readonly number[])[]): number[] => [
    id,
    ...sized([items.length, ...items.flat()]),
  ];
  const bytes = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, ...functions.map(({ parameters: n }) => [0x60, n, ...new Array<number>(n).fill(i32), 0])),
    ...section(3, ...functions.map((_, i) => [i])),
    ...section(5, [0, 1]),
    ...section(7, [...text('memory'), 2, 0], ...functions.map(({ name }, i) => [...text(name), 0, i])),
    ...section(10, ...functions.map(({ locals, body }) => sized([2, locals[0], i32, locals[1], v128, ...body]))),
  ]);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;
}

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

/** Instructions and types by their codes (https://webassembly.github.io/spec/core/binary/). */
export const i32 = 0x7f;
export const v128 = 0x7b;
export const noResult = 0x40;
export const block = [0x02, noResult];
export const loop = [0x03, noResult];
export const end = 0x0b;
export const branch = 0x0c;
export const branchIf = 0x0d;
export const get = 0x20;
export const set = 0x21;
export const i32Constant = 0x41;
export const i32LessUnsigned = 0x49;
export const i32NotLessUnsigned = 0x4f;
export const i32Add = 0x6a;
export const i32ShiftLeft = 0x74;
export const i32Store = [0x36, 2, 0];
export const v128Load = (offset: number): number[] => [0xfd, 0x00, 0, offset];
/** Eight bytes, each widened to 16 bits by its sign. */
export const i16x8Load8x8 = (offset: number): number[] => [0xfd, 0x01, 0, offset];
/** Four halves of 32 bits, each widened as it is without a sign. */
export const i32x4Load16x4Unsigned = (offset: number): number[] => [0xfd, 0x04, 0, offset];
/** Four lanes from an address's 32 bits. */
export const v128Load32Splat = (offset: number): number[] => [0xfd, 0x09, 0, offset];
export const v128Store = (offset: number): number[] => [0xfd, 0x0b, 0, offset];
export const v128StoreLane32 = (offset: number, lane: number): number[] => [0xfd, 0x5a, 0, offset, lane];
export const i32Load = (offset: number): number[] => [0x28, 0, offset];
/** Sixteen bytes of two vectors by their places: 0 to 15 in the first, 16 to 31 in the second. */
export const i8x16Shuffle = (places: readonly number[]): number[] => [0xfd, 0x0d, ...places];
/** The lower and the upper eight bytes, each widened to 16 bits by its sign. */
export const i16x8ExtendLow = [0xfd, 0x87, 0x01];
export const i16x8ExtendHigh = [0xfd, 0x88, 0x01];
export const i16x8ExtendLowUnsigned = [0xfd, 0x89, 0x01];
export const i16x8ExtendHighUnsigned = [0xfd, 0x8a, 0x01];
/** The bytes of the first vector at the places that the second has. */
export const i8x16Swizzle = [0xfd, 0x0e];
/** Of the first vector where the third has ones, of the second where it has none. */
export const v128Select = [0xfd, 0x52];
export const v128And = [0xfd, 0x4e];
export const i8x16ShiftRightUnsigned = [0xfd, 0x6d];
export const i8x16Add = [0xfd, 0x6e];
export const i16x8Add = [0xfd, 0x8e, 0x01];
export const i8x16Splat = [0xfd, 0x0f];
export const v128Constant = (bytes: Uint8Array): number[] => [0xfd, 0x0c, ...bytes];
export const v128Zero = v128Constant(new Uint8Array(16));
export const i32x4Splat = [0xfd, 0x11];
export const i32x4Less = [0xfd, 0x39];
export const i32x4Lane = (lane: number): number[] => [0xfd, 0x1b, lane];
export const i32x4Add = [0xfd, 0xae, 0x01];
/** Products of 16 bits, the neighbours' sums in 32. */
export const i32x4Dot = [0xfd, 0xba, 0x01];
export const f32x4OfI32x4 = [0xfd, 0xfa, 0x01];
export const f32x4Add = [0xfd, 0xe4, 0x01];
export const f32x4Subtract = [0xfd, 0xe5, 0x01];
export const f32x4Multiply = [0xfd, 0xe6, 0x01];
/** The greater of two that are numbers. */
export const f32x4Greater = [0xfd, 0xeb, 0x01];
