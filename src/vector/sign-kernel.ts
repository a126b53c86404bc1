import {
  block,
  branch,
  branchIf,
  end,
  get,
  i16x8Add,
  i16x8ExtendHighUnsigned,
  i16x8ExtendLowUnsigned,
  i32Add,
  i32Constant,
  i32LessUnsigned,
  i32NotLessUnsigned,
  i8x16Add,
  i8x16ShiftRightUnsigned,
  i8x16Splat,
  i8x16Swizzle,
  loop,
  set,
  v128And,
  v128Load,
  v128Store,
  v128Zero,
} from './wasm.js';
import type { KernelFunction } from './wasm.js';

/** Rows that are taken at a time. */
export const signRows = 16;

const enum Local {
  Codes,
  CodesEnd,
  Tables,
  TablesEnd,
  Scores,
  Table,
  Low,
  High,
  Nibbles,
  Sums,
}

const increase = (local: Local, by: number): number[] => [get, local, i32Constant, by, i32Add, set, local];
/** What the table at `offset` has for each of the nibbles on the stack's top. */
const lookUp = (offset: number, nibbles: readonly number[]): number[] => [
  ...[get, Local.Table, ...v128Load(offset), ...nibbles, ...i8x16Swizzle],
];
const lower = [get, Local.Nibbles, i32Constant, 15, ...i8x16Splat, ...v128And];
const upper = [get, Local.Nibbles, i32Constant, 4, ...i8x16ShiftRightUnsigned];

const scoresBody: readonly number[] = [
  ...block,
  ...loop,
  ...[get, Local.Codes, get, Local.CodesEnd, i32NotLessUnsigned, branchIf, 1],
  ...[get, Local.Tables, set, Local.Table, ...v128Zero, set, Local.Low, ...v128Zero, set, Local.High],
  ...loop,
  ...[get, Local.Codes, ...v128Load(0), set, Local.Nibbles],
  ...[...lookUp(0, lower), ...lookUp(16, upper), ...i8x16Add, set, Local.Sums],
  ...[get, Local.Low, get, Local.Sums, ...i16x8ExtendLowUnsigned, ...i16x8Add, set, Local.Low],
  ...[get, Local.High, get, Local.Sums, ...i16x8ExtendHighUnsigned, ...i16x8Add, set, Local.High],
  ...[...increase(Local.Codes, 16), ...increase(Local.Table, 32)],
  ...[get, Local.Table, get, Local.TablesEnd, i32LessUnsigned, branchIf, 0, end],
  ...[get, Local.Scores, get, Local.Low, ...v128Store(0), get, Local.Scores, get, Local.High, ...v128Store(16)],
  ...[...increase(Local.Scores, 32), branch, 0],
  ...[end, end, end],
];

/**
 * For rows of bytes, 16 together: the first byte of each, then the second of each, and so on; the sum of what two tables of 16 bytes for each
 * byte, for its lower and its upper half, have for it. `tables`, `tablesEnd`; `scores`, 16 bits each. Two entries fit a byte, all of a row 16 bits.
 */
export const scoresFunction: KernelFunction = { name: 'scores', parameters: 5, locals: [1, 4], body: scoresBody };
