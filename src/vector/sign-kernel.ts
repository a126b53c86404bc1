import {
  block,
  branch,
  branchIf,
  end,
  f32x4Add,
  f32x4Greater,
  f32x4Multiply,
  f32x4OfI32x4,
  f32x4Subtract,
  get,
  i16x8Add,
  i16x8ExtendHighUnsigned,
  i16x8ExtendLowUnsigned,
  i32Add,
  i32Constant,
  i32LessUnsigned,
  i32Load,
  i32NotLessUnsigned,
  i32ShiftLeft,
  i32x4Add,
  i32x4Less,
  i32x4Load16x4Unsigned,
  i32x4Splat,
  i8x16Add,
  i8x16Shuffle,
  i8x16ShiftRightUnsigned,
  i8x16Splat,
  i8x16Swizzle,
  loop,
  set,
  v128And,
  v128Constant,
  v128Load,
  v128Load32Splat,
  v128Select,
  v128Store,
  v128StoreLane32,
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

const enum Group {
  Start,
  StartsEnd,
  Scores,
  Weights,
  Margins,
  Scale,
  Bounds,
  Row,
  RowsEnd,
  Unit,
  Offset,
  Most,
  Sum,
  Cosines,
  Mask,
}

const lanesOf = (numbers: Int32Array | Float32Array): number[] => v128Constant(new Uint8Array(numbers.buffer));
/** The address of the row's in a column of `1 << shift` bytes each. */
const ofRow = (column: Group, shift: number): number[] => [
  ...[get, Group.Row, i32Constant, shift, i32ShiftLeft, get, column, i32Add],
];
const advance = (local: Group, by: number): number[] => [get, local, i32Constant, by, i32Add, set, local];
const swapHalves = i8x16Shuffle([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
const swapNeighbours = i8x16Shuffle([4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11]);
/** Each lane becomes what an operation makes of all four. */
const acrossLanes = (local: Group, operation: readonly number[]): number[] =>
  [swapHalves, swapNeighbours].flatMap((swap) => [
    ...[get, local, get, local, get, local, ...swap, ...operation, set, local],
  ]);

const boundsBody: readonly number[] = [
  ...[get, Group.Scale, ...v128Load32Splat(0), set, Group.Unit],
  ...[get, Group.Scale, ...v128Load32Splat(4), set, Group.Offset],
  ...block,
  ...loop,
  ...[get, Group.Start, get, Group.StartsEnd, i32NotLessUnsigned, branchIf, 1],
  ...[get, Group.Start, ...i32Load(0), set, Group.Row, get, Group.Start, ...i32Load(4), set, Group.RowsEnd],
  ...[...lanesOf(new Float32Array(4).fill(-Infinity)), set, Group.Most, ...v128Zero, set, Group.Sum],
  ...block,
  ...loop,
  ...[get, Group.Row, get, Group.RowsEnd, i32NotLessUnsigned, branchIf, 1],
  ...[...ofRow(Group.Scores, 1), ...i32x4Load16x4Unsigned(0), ...f32x4OfI32x4],
  ...[get, Group.Unit, ...f32x4Multiply, get, Group.Offset, ...f32x4Subtract],
  ...[...ofRow(Group.Weights, 2), ...v128Load(0), ...f32x4Multiply, set, Group.Cosines],
  // Of the last four some may be of the next group.
  ...[get, Group.Row, ...i32x4Splat, ...lanesOf(Int32Array.of(0, 1, 2, 3)), ...i32x4Add],
  ...[get, Group.RowsEnd, ...i32x4Splat, ...i32x4Less, set, Group.Mask],
  ...[get, Group.Sum, get, Group.Cosines, get, Group.Mask, ...v128And, ...f32x4Add, set, Group.Sum],
  ...[get, Group.Most, get, Group.Cosines, ...ofRow(Group.Margins, 2), ...v128Load(0), ...f32x4Add],
  ...[get, Group.Most, get, Group.Mask, ...v128Select, ...f32x4Greater, set, Group.Most],
  ...[...advance(Group.Row, 4), branch, 0],
  ...[end, end],
  ...[...acrossLanes(Group.Most, f32x4Greater), ...acrossLanes(Group.Sum, f32x4Add)],
  ...[get, Group.Bounds, get, Group.Most, ...v128StoreLane32(0, 0)],
  ...[get, Group.Bounds, get, Group.Sum, ...v128StoreLane32(4, 0)],
  ...[...advance(Group.Start, 4), ...advance(Group.Bounds, 8), branch, 0],
  ...[end, end, end],
];

/**
 * For groups of rows, one after the other: the highest of their cosines with a margin for each, and the sum of the cosines, which are
 * (score * unit - offset) * weight. `start`: address of where each group begins, in rows; `startsEnd`: of the last one's end; `scores`, `weights` and
 * `margins`: of row 0's; `scale`: of unit and offset; `bounds`: where each group's two are written. All but scores have 32 bits.
 */
export const boundsFunction: KernelFunction = { name: 'bounds', parameters: 7, locals: [2, 6], body: boundsBody };
