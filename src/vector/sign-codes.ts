import { boundsFunction, scoresFunction, signRows } from './sign-kernel.js';
import { instantiate, pageBytes } from './wasm.js';
import type { KernelMemory } from './wasm.js';

interface Exports {
  readonly memory: KernelMemory;
  readonly scores: (codes: number, codesEnd: number, tables: number, tablesEnd: number, scores: number) => void;
  readonly bounds: (
    start: number,
    startsEnd: number,
    scores: number,
    weights: number,
    margins: number,
    scale: number,
    bounds: number,
  ) => void;
}

/** Bytes of a row's signs. */
const codeBytes = (dimension: number): number => Math.ceil(dimension / 8);
/** Rows whose scores are told at a time, but for those of a larger group: about what the next caches hold. */
const scoresAtOnce = 8192;

/** Rows in groups, one after the other. */
export interface GroupedRows {
  /** Where each group begins, in rows, and where the last ends. */
  readonly starts: Uint32Array;
  /** Of each row: what a product with its signs is multiplied by, and how much more it may be than that. */
  readonly weights: Float32Array;
  readonly margins: Float32Array;
}

/** The signs of the components of rows, from which follows about how near each is to a query: in an eighth of the memory, and of the time. */
export class SignCodes {
  private readonly exports: Exports;
  private readonly starts: Uint32Array;
  private readonly tablesAt: number;
  private readonly scaleAt: number;
  private readonly boundsAt: number;
  private readonly scoresAt: number;
  private readonly startsAt: number;
  private readonly weightsAt: number;
  private readonly marginsAt: number;
  private readonly codesAt: number;
  /** Of memory. */
  readonly bytes: number;

  constructor(
    codes: Uint8Array,
    private readonly dimension: number,
    { starts, weights, margins }: GroupedRows,
  ) {
    this.exports = instantiate<Exports>([scoresFunction, boundsFunction]);
    this.starts = starts;
    let most = scoresAtOnce;
    for (let group = 0; group + 1 < starts.length; group++) most = Math.max(most, starts[group + 1]! - starts[group]!);
    let at = 0;
    const room = (bytes: number): number => {
      const start = at;
      at += Math.ceil(bytes / 16) * 16;
      return start;
    };
    this.tablesAt = room(2 * signRows * codeBytes(dimension));
    this.scaleAt = room(8);
    this.boundsAt = room(8 * starts.length);
    this.scoresAt = room(2 * (most + 2 * signRows));
    this.startsAt = room(starts.byteLength);
    // The last rows are taken with what lies behind them.
    this.weightsAt = room(weights.byteLength + 16);
    this.marginsAt = room(margins.byteLength + 16);
    this.codesAt = room(codes.length);
    this.bytes = at;
    const { memory } = this.exports;
    memory.grow(Math.ceil(at / pageBytes));
    new Uint32Array(memory.buffer, this.startsAt, starts.length).set(starts);
    new Float32Array(memory.buffer, this.weightsAt, weights.length).set(weights);
    new Float32Array(memory.buffer, this.marginsAt, margins.length).set(margins);
    new Uint8Array(memory.buffer, this.codesAt, codes.length).set(codes);
  }

  /** Bytes for the signs of so many rows. */
  static sizeOf(count: number, dimension: number): number {
    return Math.ceil(count / signRows) * signRows * codeBytes(dimension);
  }

  /** Writes the signs of a row. Returns the sum of its components' magnitudes. */
  static write(codes: Uint8Array, number: number, row: Int8Array): number {
    const bytes = codeBytes(row.length);
    let at = Math.floor(number / signRows) * signRows * bytes + (number % signRows);
    let sum = 0;
    for (let from = 0; from < row.length; from += 8, at += signRows) {
      const end = Math.min(from + 8, row.length);
      let signs = 0;
      for (let i = from; i < end; i++) {
        const value = row[i]!;
        if (value >= 0) {
          signs |= 1 << (i - from);
          sum += value;
        } else sum -= value;
      }
      codes[at] = signs;
    }
    return sum;
  }

  /** Copies the signs of `count` rows from the one at `from`, to be those from `to` on. */
  static copy(codes: Uint8Array, from: number, into: Uint8Array, to: number, count: number, dimension: number): void {
    const bytes = codeBytes(dimension);
    const group = signRows * bytes;
    for (let row = 0; row < count;) {
      const [source, target] = [from + row, to + row];
      const [first, firstInto] = [source % signRows, target % signRows];
      let at = ((source - first) / signRows) * group + first;
      let intoAt = ((target - firstInto) / signRows) * group + firstInto;
      if (first === 0 && firstInto === 0 && count - row >= signRows) {
        const groups = Math.floor((count - row) / signRows);
        into.set(codes.subarray(at, at + groups * group), intoAt);
        row += groups * signRows;
        continue;
      }
      // As many as lie in one group of both.
      const rows = Math.min(count - row, signRows - first, signRows - firstInto);
      for (let byte = 0; byte < bytes; byte++, at += signRows, intoAt += signRows)
        for (let i = 0; i < rows; i++) into[intoAt + i] = codes[at + i]!;
      row += rows;
    }
  }

  /** The products of a query with the signs of the rows of the groups from `first` to `end`; a view that holds until the next call. */
  scores(query: SignQuery, first: number, end: number): Uint16Array {
    const from = this.starts[first]!;
    return new Uint16Array(
      this.exports.memory.buffer,
      this.score(query, first, end) + 2 * from,
      this.starts[end]! - from,
    );
  }

  /**
   * Of each group from `first` to `end`, which is one that `endAfter` tells: the highest bound of a row's cosine, -Infinity where there is none, and the sum
   * of the cosines; a view that holds until the next call. `length`: of the query.
   */
  bounds(query: SignQuery, length: number, first: number, end: number): Float32Array {
    const { exports, startsAt, weightsAt, marginsAt, scaleAt, boundsAt } = this;
    const { buffer } = exports.memory;
    new Float32Array(buffer, scaleAt, 2).set([query.unit / length, query.offset / length]);
    const scores = this.score(query, first, end);
    exports.bounds(startsAt + 4 * first, startsAt + 4 * end, scores, weightsAt, marginsAt, scaleAt, boundsAt);
    return new Float32Array(buffer, boundsAt, 2 * (end - first));
  }

  /** Up to which group those from one on are told at a time. */
  endAfter(first: number): number {
    const { starts } = this;
    const last = starts.length - 1;
    const most = starts[first]! + scoresAtOnce;
    let end = first + 1;
    while (end < last && starts[end + 1]! <= most) end++;
    return end;
  }

  /** Returns where the score of row 0 would be. */
  private score({ tables }: SignQuery, first: number, end: number): number {
    const { exports, dimension, starts, tablesAt, scoresAt, codesAt } = this;
    const bytes = signRows * codeBytes(dimension);
    const firstRows = Math.floor(starts[first]! / signRows);
    new Uint8Array(exports.memory.buffer, tablesAt, tables.length).set(tables);
    const [from, to] = [codesAt + firstRows * bytes, codesAt + Math.ceil(starts[end]! / signRows) * bytes];
    exports.scores(from, to, tablesAt, tablesAt + tables.length, scoresAt);
    return scoresAt - 2 * firstRows * signRows;
  }
}

/** A query as scores are made of it. Of a score that is told, `score * unit - offset` is the product of its vector with the signs, each 1 or -1. */
export class SignQuery {
  /** For each byte of a row's signs, what each value of its lower and of its upper half gives. */
  readonly tables: Uint8Array;
  readonly unit: number;
  readonly offset: number;

  constructor(query: Int8Array) {
    const halves = 2 * codeBytes(query.length);
    const products = new Int32Array(signRows * halves);
    let range = 1;
    for (let half = 0; half < halves; half++)
      for (let signs = 0; signs < 16; signs++) {
        let sum = 0;
        for (let i = 0; i < 4; i++) {
          const value = query[4 * half + i] ?? 0;
          sum += (signs & (1 << i)) === 0 ? -value : value;
        }
        products[16 * half + signs] = sum;
        range = Math.max(range, Math.abs(sum));
      }
    const most = Math.min(127, Math.floor(65535 / halves));
    this.tables = Uint8Array.from(products, (sum) => Math.round(((sum + range) / (2 * range)) * most));
    this.unit = (2 * range) / most;
    this.offset = range * halves;
  }
}
