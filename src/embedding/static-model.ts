import { CoppiceError, encodeBytes } from '../base/index.js';
import { SumKernel, lengthOf } from '../vector/index.js';
import { hashSeedHigh, hashSeedLow, hashStepHigh, hashStepLow, termKey } from '../text/index.js';
import type { EmbeddingSpace } from '../model/index.js';

/** What of a field counts for a term's part in a chunk's vector; chosen on the training repositories. */
export interface FieldShares {
  /** Times one plus the logarithm (base 2) of its frequency in the body. */
  readonly body: number;
  /** Times its frequency in comments, at most 3. */
  readonly comment: number;
  /** Times its frequency among the names of definitions, at most 3. */
  readonly symbol: number;
}

/** What a term counts for by each packed frequency (see text's `packFrequencies`). */
export function shareTable({ body, comment, symbol }: FieldShares): Float32Array {
  return Float32Array.from({ length: 256 }, (_, packed) => {
    const inBody = packed & 15;
    return (
      (inBody === 0 ? 0 : body * (1 + Math.log2(inBody))) + comment * ((packed >>> 4) & 3) + symbol * (packed >>> 6)
    );
  });
}

/** The head of a model file, as JSON. */
export interface StaticModelHead {
  readonly format: 1;
  readonly space: EmbeddingSpace;
  readonly rowCount: number;
  readonly fields: FieldShares;
}

/** A term by its key, and the cosine of its vector with that of another. */
export interface NearTerm {
  readonly high: number;
  readonly low: number;
  readonly likeness: number;
}

const magic = 'coppvec1';
/** Shorter pieces of a word say nothing. */
const pieceLengthMin = 3;
const pieceCountMax = 4;
/** Longer ones are not cut into pieces. */
const termLengthMax = 40;
const lowBitsMask = 2 ** 14 - 1;
const letterE = 0x65;

/**
 * A static embedding: a vector for each of a fixed vocabulary of terms (see text's `identifierTerms`), the vector of a text being
 * their weighted sum. What a term weighs is in the length of its vector. The file: magic, length of the head (u32), the head as
 * JSON, then for each term, ascending by key: its key (two u32, high and low), all keys first; a scale (f32); and a row of
 * `dimension` signed bytes, which times the scale are the vector.
 */
export class StaticModel {
  private constructor(
    readonly head: StaticModelHead,
    private readonly keys: Uint32Array,
    readonly scales: Float32Array,
    private readonly kernel: SumKernel,
  ) {
    this.slots = slotsOf(keys, head.rowCount);
    for (let row = 0; row < head.rowCount; row++)
      this.lowBits[(keys[2 * row + 1]! >>> 5) & lowBitsMask]! |= 1 << (keys[2 * row + 1]! & 31);
  }

  /** Open-addressing table: row + 1 by the key's low half; 0 is free. */
  private readonly slots: Uint32Array;
  /** Which ends of keys there are: of the many parts of a word few are words, and this fits the nearest cache. */
  private readonly lowBits = new Uint32Array(lowBitsMask + 1);
  private lengths: Float64Array | null = null;
  private factors = new Float64Array(1024);
  /** By where the pieces of a term's beginning end: how few they are, and the row and start of the last. */
  private readonly counts = new Uint8Array(termLengthMax + 1);
  private readonly lastRows = new Int32Array(termLengthMax + 1);
  private readonly lastStarts = new Uint8Array(termLengthMax + 1);

  /** Throws INTERNAL for bytes that are no such file. */
  static load(bytes: Uint8Array): StaticModel {
    const head = readHead(bytes);
    const { rowCount, space } = head;
    let at = headEnd(bytes);
    if (bytes.length !== at + rowCount * (12 + space.dimension)) throw invalid();
    const take = (length: number): ArrayBuffer => {
      const copy = Uint8Array.from(bytes.subarray(at, at + length)); // aligned
      at += length;
      return copy.buffer;
    };
    const keys = new Uint32Array(take(8 * rowCount));
    const scales = new Float32Array(take(4 * rowCount));
    const rows = new Int8Array(bytes.buffer, bytes.byteOffset + at, rowCount * space.dimension);
    return new StaticModel(head, keys, scales, new SumKernel(rows, space.dimension));
  }

  /** The file of a model. `vectors` has a row for each term. */
  static encode(
    head: Omit<StaticModelHead, 'format' | 'rowCount'>,
    terms: readonly string[],
    vectors: Float32Array,
  ): Buffer {
    const { dimension } = head.space;
    const keyed = terms.map((term, row) => ({ ...termKey(term), row }));
    keyed.sort((a, b) => a.high - b.high || a.low - b.low);
    const keys = new Uint32Array(2 * terms.length);
    const scales = new Float32Array(terms.length);
    const rows = new Int8Array(terms.length * dimension);
    for (const [i, { high, low, row }] of keyed.entries()) {
      keys[2 * i] = high;
      keys[2 * i + 1] = low;
      const vector = vectors.subarray(row * dimension, (row + 1) * dimension);
      scales[i] = quantize(vector, rows.subarray(i * dimension, (i + 1) * dimension));
    }
    const json = Buffer.from(JSON.stringify({ format: 1, rowCount: terms.length, ...head }));
    const start = Buffer.alloc(12);
    start.write(magic, 'latin1');
    start.writeUInt32LE(json.length, 8);
    return Buffer.concat([start, json, Buffer.from(keys.buffer), Buffer.from(scales.buffer), Buffer.from(rows.buffer)]);
  }

  /**
   * The sum of `count` rows, each times its share and its scale, up to one factor for all: signed 32-bit integers, in a view that
   * holds until the next call.
   */
  sum(rows: ArrayLike<number>, shares: ArrayLike<number>, count: number): Int32Array {
    if (this.factors.length < count) this.factors = new Float64Array(2 * count);
    for (let i = 0; i < count; i++) this.factors[i] = shares[i]! * this.scales[rows[i]!]!;
    return this.kernel.sum(rows, this.factors, count);
  }

  /** The terms whose vectors are nearest to that of a term, itself apart, down to a cosine; none for one that has no vector of its own. */
  nearest(term: string, count: number, cosineMin: number): readonly NearTerm[] {
    const own = this.rowOfText(term);
    if (own < 0) return [];
    const { rowCount } = this.head;
    this.lengths ??= Float64Array.from({ length: rowCount }, (_, row) => lengthOf(this.kernel.row(row)));
    const products = this.kernel.products(own);
    const { lengths } = this;
    const near: NearTerm[] = [];
    for (let row = 0; row < rowCount; row++) {
      const length = lengths[row]! * lengths[own]!;
      const likeness = length === 0 ? 0 : products[row]! / length;
      if (row === own || likeness < cosineMin) continue;
      near.push({ high: this.keys[2 * row]!, low: this.keys[2 * row + 1]!, likeness });
    }
    return near.sort((a, b) => b.likeness - a.likeness || a.high - b.high || a.low - b.low).slice(0, count);
  }

  /** The vector of a row. */
  vectorOf(row: number): Float32Array {
    return Float32Array.from(this.kernel.row(row), (value) => value * this.scales[row]!);
  }

  /**
   * The rows that stand for a term: its own; or, when it is not in the vocabulary, those of the fewest pieces that it can be
   * cut into (`lockfile` is `lock` and `file`); or none.
   */
  rowsOf(term: string): readonly number[] {
    const own = this.rowOfText(term);
    return own >= 0 ? [own] : this.piecesOf(encodeBytes(term));
  }

  /** The row of a term by its key; -1 when it has none. */
  rowOf(high: number, low: number): number {
    const mask = this.slots.length - 1;
    for (let at = low & mask; this.slots[at] !== 0; at = (at + 1) & mask) {
      const row = this.slots[at]! - 1;
      if (this.keys[2 * row] === high && this.keys[2 * row + 1] === low) return row;
    }
    return -1;
  }

  private rowOfText(term: string): number {
    const { high, low } = termKey(term);
    return this.rowOf(high, low);
  }

  /**
   * The rows of the pieces of a term that has none of its own, by its bytes. Dynamic programming over where pieces begin; of equally few pieces,
   * those with the longest last one.
   */
  piecesOf(term: Uint8Array): readonly number[] {
    const { length } = term;
    if (length < 2 * pieceLengthMin || length > termLengthMax) return [];
    for (let at = 0; at < length; at++) if (term[at]! < 0x61 || term[at]! > 0x7a) return [];
    const { counts, lastRows, lastStarts } = this;
    counts.fill(0xff, 1, length + 1);
    for (let from = 0; from <= length - pieceLengthMin; from++) {
      const count = counts[from]! + 1;
      if (count > pieceCountMax) continue;
      let low = hashSeedLow;
      for (let to = from; to < length;) {
        low = hashStepLow(low, term[to++]!);
        if (to - from < pieceLengthMin || counts[to]! <= count) continue;
        let row = this.rowOfPart(term, from, to, low);
        // The stem of `lockfile` is `lockfil`: its last piece has lost an e.
        if (row < 0 && to === length) row = this.rowOfPart(term, from, to, hashStepLow(low, letterE), letterE);
        if (row < 0) continue;
        counts[to] = count;
        lastRows[to] = row;
        lastStarts[to] = from;
      }
    }
    if (counts[length] === 0xff) return [];
    const rows: number[] = [];
    for (let at = length; at > 0; at = lastStarts[at]!) rows.push(lastRows[at]!);
    return rows.reverse();
  }

  /** The row of a part of a term, and a letter after it, by the low half of its key; the high half is made where that is some row's. */
  private rowOfPart(term: Uint8Array, from: number, to: number, low: number, letter?: number): number {
    if ((this.lowBits[(low >>> 5) & lowBitsMask]! & (1 << (low & 31))) === 0) return -1;
    let high = hashSeedHigh;
    for (let at = from; at < to; at++) high = hashStepHigh(high, term[at]!);
    if (letter !== undefined) high = hashStepHigh(high, letter);
    return this.rowOf(high >>> 0, low >>> 0);
  }
}

/** The head of a model file, of which the first bytes are given. */
export function readHead(bytes: Uint8Array): StaticModelHead {
  if (bytes.length < 12 || Buffer.from(bytes.subarray(0, 8)).toString('latin1') !== magic) throw invalid();
  const head = JSON.parse(Buffer.from(bytes.subarray(12, headEnd(bytes))).toString('utf8')) as StaticModelHead;
  if ((head.format as number) !== 1) throw invalid();
  return head;
}

const headEnd = (bytes: Uint8Array): number =>
  12 + new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(8, true);

/** Rounds a vector to signed bytes, its largest component to 127. Returns what they are to be multiplied by. */
export function quantize(vector: Float32Array | Float64Array | Int32Array, into: Int8Array): number {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]!));
  if (largest === 0) {
    into.fill(0);
    return 0;
  }
  for (let i = 0; i < vector.length; i++) into[i] = Math.round((vector[i]! / largest) * 127);
  return largest / 127;
}

function slotsOf(keys: Uint32Array, rowCount: number): Uint32Array {
  let size = 1024;
  while (size < 2 * rowCount) size *= 2;
  const slots = new Uint32Array(size);
  for (let row = 0; row < rowCount; row++) {
    let at = keys[2 * row + 1]! & (size - 1);
    while (slots[at] !== 0) at = (at + 1) & (size - 1);
    slots[at] = row + 1;
  }
  return slots;
}

const invalid = (): CoppiceError =>
  new CoppiceError('INTERNAL', 'this is not a file of a static embedding', {
    hint: 'reinstall coppice: its own model file is damaged',
  });
