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
  loop,
  set,
  v128Load,
  v128Zero,
} from './wasm.js';
import type { KernelFunction } from './wasm.js';

/**
 * Dot products of signed bytes with the processor's vector instructions, through WebAssembly. The function is small enough to be
 * written here in its instructions, so there is nothing to compile and no file to find.
 */

/** Components that the kernel takes at a time. */
export const lanes = 16;

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

/**
 * The products of a query with rows, by their addresses: `query`, its components 16 bits wide, filled up to whole lanes with zeros; `rows`,
 * `rowsEnd`; `rowBytes`, a multiple of the lanes; `products`, 32 bits each. For dimensions up to 65536: beyond, a sum may not fit.
 */
export const dotsFunction: KernelFunction = { name: 'dots', parameters: 5, locals: [2, 1], body: dotsBody };
