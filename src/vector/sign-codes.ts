import { scoresFunction, signRows } from './sign-kernel.js';
import { instantiate, pageBytes } from './wasm.js';
import type { KernelMemory } from './wasm.js';

interface Exports {
  readonly memory: KernelMemory;
  readonly scores: (codes: number, codesEnd: number, tables: number, tablesEnd: number, scores: number) => void;
}

/** Bytes of a row's signs. */
const codeBytes = (dimension: number): number => Math.ceil(dimension / 8);
/** Rows whose scores are told at a time. */
const scoresAtOnce = 65536;

/** The signs of the components of rows, from which follows about how near each is to a query: in an eighth of the memory, and of the time. */
export class SignCodes {
  private readonly exports: Exports;
  private readonly tablesAt = 0;
  private readonly scoresAt: number;
  private readonly codesAt: number;
  /** Of memory. */
  readonly bytes: number;

  constructor(
    codes: Uint8Array,
    private readonly dimension: number,
  ) {
    this.exports = instantiate<Exports>([scoresFunction]);
    this.scoresAt = 2 * signRows * codeBytes(dimension);
    this.codesAt = this.scoresAt + 2 * (scoresAtOnce + 2 * signRows);
    const { memory } = this.exports;
    this.bytes = this.codesAt + codes.length;
    memory.grow(Math.ceil((this.codesAt + codes.length) / pageBytes));
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

  /** The products of a query with the signs of the rows from `first` to `end`, at most `rowsAtOnce`; a view that holds until the next call. */
  scores({ tables }: SignQuery, first: number, end: number): Uint16Array {
    const { exports, dimension, tablesAt, scoresAt, codesAt } = this;
    const { buffer } = exports.memory;
    const group = signRows * codeBytes(dimension);
    const firstGroup = Math.floor(first / signRows);
    new Uint8Array(buffer, tablesAt, tables.length).set(tables);
    const [from, to] = [codesAt + firstGroup * group, codesAt + Math.ceil(end / signRows) * group];
    exports.scores(from, to, tablesAt, tablesAt + tables.length, scoresAt);
    return new Uint16Array(buffer, scoresAt + 2 * (first - firstGroup * signRows), end - first);
  }

  static readonly rowsAtOnce = scoresAtOnce;
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
