// Contrastive training of the term vectors: InfoNCE in both directions (A. van den Oord et al., 2018) with the other pairs of the
// batch as negatives, most of them of the same repository, as that is what a search has to tell apart. Adam on the rows that were used.

import { shareTable } from '../../src/embedding/index.js';
import type { FieldShares, StaticModel } from '../../src/embedding/index.js';
import type { Corpus, PairKind } from './corpus.js';
import { Matrices } from './matrix.js';
import type { Matrix } from './matrix.js';

export interface TrainingOptions {
  readonly dimension: number;
  readonly epochs: number;
  readonly batch: number;
  readonly repositoriesPerBatch: number;
  readonly learningRate: number;
  readonly temperature: number;
  readonly seed: number;
  readonly fields: FieldShares;
  /** How often a pair of a kind is taken. */
  readonly kinds: Readonly<Record<PairKind, number>>;
}

/** A corpus with terms as rows of the model. */
export interface Prepared {
  readonly repository: string;
  readonly chunks: readonly PreparedChunk[];
  readonly pairs: readonly PreparedPair[];
}
export interface PreparedChunk {
  readonly file: number;
  readonly rows: Uint32Array;
  readonly packed: Uint8Array;
}
export interface PreparedPair {
  readonly kind: PairKind;
  readonly chunk: number;
  readonly rows: Uint32Array;
}

export function prepare({ repository, terms, chunks, pairs }: Corpus, rowsOf: StaticModel['rowsOf']): Prepared {
  const rows = terms.map(rowsOf);
  return {
    repository,
    chunks: chunks.map(({ file, terms: own }) => {
      const all: number[] = [];
      const packed: number[] = [];
      for (let i = 0; i < own.length; i += 2) {
        for (const row of rows[own[i]!]!) {
          all.push(row);
          packed.push(own[i + 1]!);
        }
      }
      return { file, rows: Uint32Array.from(all), packed: Uint8Array.from(packed) };
    }),
    pairs: pairs.map(({ kind, chunk, query }) => ({
      kind,
      chunk,
      rows: Uint32Array.from(query.flatMap((term) => rows[term]!)),
    })),
  };
}

/** What the text of a pair was taken from is hidden from the chunk, or there would be nothing to learn. */
function withoutSource(packed: number, kind: PairKind): number {
  if (kind === 'comment' || kind === 'scope') return packed & ~0x30;
  if (kind === 'name' || kind === 'test') return packed & ~0xc0;
  return packed;
}

export class Trainer {
  private readonly moments: Float32Array;
  private readonly squares: Float32Array;
  private readonly gradients = new Map<number, Float32Array>();
  private readonly pool: Float32Array[] = [];
  private readonly shares: Float32Array;
  private readonly random: () => number;
  private step = 0;
  /** Mean of the vectors over the last part of the training: it generalises better than the last vectors do. */
  private readonly mean: Float32Array;
  private meanCount = 0;

  private constructor(
    private readonly vectors: Float32Array,
    private readonly options: TrainingOptions,
    private readonly matrices: Matrices,
    private readonly m: Readonly<Record<'q' | 'd' | 'gq' | 'gd' | 's' | 'st', Matrix>>,
  ) {
    this.moments = new Float32Array(vectors.length);
    this.squares = new Float32Array(vectors.length);
    this.mean = new Float32Array(vectors.length);
    this.shares = shareTable(options.fields);
    this.random = randomOf(options.seed);
  }

  static async create(vectors: Float32Array, options: TrainingOptions): Promise<Trainer> {
    const matrices = await Matrices.create();
    const { batch, dimension } = options;
    const make = (columns: number): Matrix => matrices.make(batch, columns);
    const m = {
      q: make(dimension),
      d: make(dimension),
      gq: make(dimension),
      gd: make(dimension),
      s: make(batch),
      st: make(batch),
    };
    return new Trainer(vectors, options, matrices, m);
  }

  run(corpora: readonly Prepared[], onProgress: (step: number, steps: number, loss: number) => void): void {
    const { options, random } = this;
    const kinds = corpora.map(({ pairs }) => pairs.map((pair, i) => [pair.kind, i] as const));
    const weights = kinds.map((pairs) => pairs.reduce((sum, [kind]) => sum + options.kinds[kind], 0));
    const steps = Math.ceil((options.epochs * weights.reduce((a, b) => a + b, 0)) / options.batch);
    const cumulative: number[] = [];
    let total = 0;
    for (const weight of weights) cumulative.push((total += Math.sqrt(weight)));
    let loss = 0;
    for (let step = 0; step < steps; step++) {
      const batch: { corpus: Prepared; pair: PreparedPair }[] = [];
      while (batch.length < options.batch) {
        const at = random() * total;
        const corpus = corpora[cumulative.findIndex((sum) => sum > at)]!;
        const used = new Set<number>();
        const wanted = Math.min(options.batch - batch.length, options.batch / options.repositoriesPerBatch);
        for (let tries = 0, taken = 0; taken < wanted && tries < wanted * 6; tries++) {
          const pair = corpus.pairs[Math.floor(random() * corpus.pairs.length)];
          if (pair === undefined) break;
          if (random() >= options.kinds[pair.kind] || used.has(pair.chunk) || pair.rows.length < 2) continue;
          used.add(pair.chunk);
          batch.push({ corpus, pair });
          taken++;
        }
      }
      const rate = options.learningRate * Math.min(1, (step + 1) / 200) * (1 - (0.95 * step) / steps);
      loss += this.train(batch, rate);
      if (step >= steps / 2 && (step + 1) % 100 === 0) this.average();
      if ((step + 1) % 50 === 0) {
        onProgress(step + 1, steps, loss / 50);
        loss = 0;
      }
    }
  }

  /** The trained vectors. */
  get result(): Float32Array {
    return this.meanCount === 0 ? this.vectors : this.mean;
  }

  private average(): void {
    const share = 1 / ++this.meanCount;
    for (let i = 0; i < this.mean.length; i++) this.mean[i]! += share * (this.vectors[i]! - this.mean[i]!);
  }

  /** One step; returns the loss. */
  private train(batch: readonly { corpus: Prepared; pair: PreparedPair }[], rate: number): number {
    const { m, matrices, options } = this;
    const { batch: size, dimension, temperature } = options;
    const [qNorms, dNorms] = [new Float64Array(size), new Float64Array(size)];
    const [q, d] = [m.q.values, m.d.values];
    const chunkShares: Float32Array[] = [];
    for (const [i, { corpus, pair }] of batch.entries()) {
      const chunk = corpus.chunks[pair.chunk]!;
      const shares = Float32Array.from(chunk.packed, (packed) => this.shares[withoutSource(packed, pair.kind)]!);
      chunkShares.push(shares);
      qNorms[i] = this.embed(pair.rows, null, q.subarray(i * dimension, (i + 1) * dimension));
      dNorms[i] = this.embed(chunk.rows, shares, d.subarray(i * dimension, (i + 1) * dimension));
    }
    matrices.multiplyTransposed(m.q, m.d, m.s);
    const s = m.s.values;
    const st = m.st.values;
    // The gradient of the loss by the similarities, into s; its transpose into st.
    const rowSums = new Float64Array(size);
    const columnSums = new Float64Array(size);
    let loss = 0;
    const diagonal = Float64Array.from({ length: size }, (_, i) => s[i * size + i]!);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const e = Math.exp((s[i * size + j]! - 1) / temperature);
        s[i * size + j] = e;
        rowSums[i]! += e;
        columnSums[j]! += e;
      }
    }
    const factor = 1 / (2 * size * temperature);
    for (let i = 0; i < size; i++) {
      const own = (diagonal[i]! - 1) / temperature;
      loss += Math.log(rowSums[i]!) - own + (Math.log(columnSums[i]!) - own);
      const rowFactor = factor / rowSums[i]!;
      for (let j = 0; j < size; j++) {
        const e = s[i * size + j]!;
        const gradient = e * (rowFactor + factor / columnSums[j]!) - (i === j ? 2 * factor : 0);
        s[i * size + j] = gradient;
        st[j * size + i] = gradient;
      }
    }
    m.gq.values.fill(0);
    m.gd.values.fill(0);
    matrices.multiplyAdd(m.s, m.d, m.gq);
    matrices.multiplyAdd(m.st, m.q, m.gd);
    const [gq, gd] = [m.gq.values, m.gd.values];
    for (const [i, { corpus, pair }] of batch.entries()) {
      const [from, to] = [i * dimension, (i + 1) * dimension];
      this.back(pair.rows, null, q.subarray(from, to), gq.subarray(from, to), qNorms[i]!);
      this.back(
        corpus.chunks[pair.chunk]!.rows,
        chunkShares[i]!,
        d.subarray(from, to),
        gd.subarray(from, to),
        dNorms[i]!,
      );
    }
    this.update(rate);
    return loss / (2 * size);
  }

  /** The unit vector of a weighted sum of rows; returns the length before. */
  private embed(rows: Uint32Array, shares: Float32Array | null, into: Float32Array): number {
    const { vectors } = this;
    const { dimension } = this.options;
    into.fill(0);
    for (let i = 0; i < rows.length; i++) {
      const share = shares === null ? 1 : shares[i]!;
      if (share === 0) continue;
      const from = rows[i]! * dimension;
      for (let c = 0; c < dimension; c++) into[c]! += share * vectors[from + c]!;
    }
    let sum = 1e-12;
    for (let c = 0; c < dimension; c++) sum += into[c]! * into[c]!;
    const norm = Math.sqrt(sum);
    for (let c = 0; c < dimension; c++) into[c]! /= norm;
    return norm;
  }

  /** Adds to the rows' gradients, given that of their unit vector. */
  private back(
    rows: Uint32Array,
    shares: Float32Array | null,
    vector: Float32Array,
    gradient: Float32Array,
    norm: number,
  ): void {
    const { dimension } = this.options;
    let along = 0;
    for (let c = 0; c < dimension; c++) along += vector[c]! * gradient[c]!;
    for (let c = 0; c < dimension; c++) gradient[c] = (gradient[c]! - along * vector[c]!) / norm;
    for (let i = 0; i < rows.length; i++) {
      const share = shares === null ? 1 : shares[i]!;
      if (share === 0) continue;
      let sum = this.gradients.get(rows[i]!);
      if (sum === undefined) {
        sum = this.pool.pop() ?? new Float32Array(dimension);
        sum.fill(0);
        this.gradients.set(rows[i]!, sum);
      }
      for (let c = 0; c < dimension; c++) sum[c]! += share * gradient[c]!;
    }
  }

  private update(rate: number): void {
    const { dimension } = this.options;
    const { vectors, moments, squares } = this;
    this.step++;
    const first = 1 - 0.9 ** this.step;
    const second = 1 - 0.999 ** this.step;
    for (const [row, gradient] of this.gradients) {
      const from = row * dimension;
      for (let c = 0; c < dimension; c++) {
        const g = gradient[c]!;
        const at = from + c;
        const moment = (moments[at] = 0.9 * moments[at]! + 0.1 * g);
        const square = (squares[at] = 0.999 * squares[at]! + 0.001 * g * g);
        vectors[at]! -= (rate * (moment / first)) / (Math.sqrt(square / second) + 1e-8);
      }
      this.pool.push(gradient);
    }
    this.gradients.clear();
  }
}

/** Mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Mean reciprocal rank, at 10, of the right chunk among all of its repository, by kind of text. */
export async function validate(
  corpora: readonly Prepared[],
  vectors: Float32Array,
  dimension: number,
  fields: FieldShares,
  perKind = 250,
): Promise<Record<string, number>> {
  const shares = shareTable(fields);
  const sums: Record<string, { mrr: number; count: number }> = {};
  for (const { chunks, pairs } of corpora) {
    const matrix = new Float32Array(chunks.length * dimension);
    const embed = (rows: Uint32Array, weights: (i: number) => number, into: Float32Array): void => {
      for (let i = 0; i < rows.length; i++) {
        const share = weights(i);
        if (share === 0) continue;
        for (let c = 0; c < dimension; c++) into[c]! += share * vectors[rows[i]! * dimension + c]!;
      }
      let sum = 1e-12;
      for (const value of into) sum += value * value;
      sum = 1 / Math.sqrt(sum);
      for (let c = 0; c < dimension; c++) into[c]! *= sum;
    };
    // Comments and names of all chunks are hidden, as those of the right one are.
    for (const kind of ['comment', 'name', 'commit', 'test', 'scope', 'docs'] as const) {
      matrix.fill(0);
      for (const [i, { rows, packed }] of chunks.entries())
        embed(
          rows,
          (at) => shares[withoutSource(packed[at]!, kind)]!,
          matrix.subarray(i * dimension, (i + 1) * dimension),
        );
      const own = pairs.filter((pair) => pair.kind === kind && pair.rows.length > 1);
      const every = Math.max(1, Math.floor(own.length / perKind));
      for (let i = 0; i < own.length; i += every) {
        const query = new Float32Array(dimension);
        embed(own[i]!.rows, () => 1, query);
        const score = (chunk: number): number => {
          let dot = 0;
          for (let c = 0, at = chunk * dimension; c < dimension; c++) dot += query[c]! * matrix[at + c]!;
          return dot;
        };
        const right = score(own[i]!.chunk);
        let rank = 1;
        for (let chunk = 0; chunk < chunks.length && rank <= 10; chunk++) if (score(chunk) > right) rank++;
        const sum = (sums[kind] ??= { mrr: 0, count: 0 });
        sum.count++;
        if (rank <= 10) sum.mrr += 1 / rank;
      }
    }
  }
  return Object.fromEntries(Object.entries(sums).map(([kind, { mrr, count }]) => [kind, mrr / count]));
}
