import { encodeBytes } from '../base/index.js';
import { languages } from '../model/index.js';
import { Analyzer, identifierTerms } from '../text/index.js';
import type { ChunkAnalysis, CommentSyntax } from '../text/index.js';
import type { ChunkText, Embedder, EmbeddingSpace } from './embedder.js';
import { quantize } from './static-model.js';
import type { StaticModel } from './static-model.js';

/**
 * Embeds by a static model: no more than adding up what the model has for the terms that the analyzer found anyway. Keeps what
 * it knows of an analyzer's terms, so use one with each analyzer.
 */
export class StaticEmbedder implements Embedder {
  readonly isRemote = false;
  /** What a term counts for by its packed frequencies (see text's `packFrequencies`). */
  private readonly shares: Float32Array;
  private readonly sum: Float64Array;
  /** Rows to be added up: where they begin, and how much each counts. */
  private offsets = new Int32Array(1024);
  private factors = new Float64Array(1024);
  private picked = 0;
  /** Rows of the analyzer's terms by number: where they begin in `rowPool`, and their count plus one (0: not looked up yet). */
  private starts = new Int32Array(4096);
  private counts = new Uint8Array(4096);
  private rowPool: number[] = [];
  private generation = -1;
  private own: Analyzer | null = null;

  constructor(private readonly model: StaticModel) {
    const { fields, space } = model.head;
    this.sum = new Float64Array(space.dimension);
    this.shares = new Float32Array(256);
    for (let packed = 0; packed < 256; packed++) {
      const body = packed & 15;
      this.shares[packed] =
        (body === 0 ? 0 : fields.body * (1 + Math.log2(body))) +
        fields.comment * ((packed >>> 4) & 3) +
        fields.symbol * (packed >>> 6);
    }
  }

  get space(): EmbeddingSpace {
    return this.model.head.space;
  }

  /** The vector of a chunk that `analyzer` has just analysed. */
  embedAnalyzed(analyzer: Analyzer, { terms, frequencies }: ChunkAnalysis): Int8Array {
    if (analyzer.generation !== this.generation) this.forget(analyzer.generation);
    this.picked = 0;
    for (let i = 0; i < terms.length; i++) {
      const term = terms[i]!;
      if (term >= this.counts.length || this.counts[term] === 0) this.look(term, analyzer.termText(term));
      const from = this.starts[term]!;
      const to = from + this.counts[term]! - 1;
      for (let at = from; at < to; at++) this.pick(this.rowPool[at]!, this.shares[frequencies[i]!]!);
    }
    return this.sumUp();
  }

  embedQuery(text: string): Promise<Int8Array> {
    this.picked = 0;
    for (const term of queryTerms(text)) for (const row of this.model.rowsOf(term)) this.pick(row, 1);
    return Promise.resolve(this.sumUp());
  }

  embedChunks(chunks: readonly ChunkText[]): Promise<Int8Array[]> {
    const analyzer = (this.own ??= new Analyzer());
    return Promise.resolve(
      chunks.map(({ text, language, symbols, scopes }) => {
        const content = encodeBytes(text);
        return this.embedAnalyzed(
          analyzer,
          analyzer.analyze(content, 0, content.length, syntaxOf(language), symbols, scopes),
        );
      }),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private pick(row: number, share: number): void {
    const at = this.picked++;
    if (at + rowsAtOnce > this.offsets.length) {
      this.offsets = grown(this.offsets, Int32Array);
      this.factors = grown(this.factors, Float64Array);
    }
    this.offsets[at] = row * this.sum.length;
    this.factors[at] = share * this.model.scales[row]!;
  }

  /** The weighted sum of what was picked. Rows are taken four at a time, which halves the time: the sums are read and written less often. */
  private sumUp(): Int8Array {
    const { sum, offsets, factors, picked } = this;
    const { rows } = this.model;
    const dimension = sum.length;
    sum.fill(0);
    for (let i = picked; i % rowsAtOnce !== 0; i++) offsets[i] = factors[i] = 0;
    for (let i = 0; i < picked; i += rowsAtOnce) {
      const [a, b, c, d] = [offsets[i]!, offsets[i + 1]!, offsets[i + 2]!, offsets[i + 3]!];
      const [fa, fb, fc, fd] = [factors[i]!, factors[i + 1]!, factors[i + 2]!, factors[i + 3]!];
      for (let at = 0; at < dimension; at++)
        sum[at]! += fa * rows[a + at]! + fb * rows[b + at]! + fc * rows[c + at]! + fd * rows[d + at]!;
    }
    const vector = new Int8Array(dimension);
    quantize(sum, vector);
    return vector;
  }

  private look(term: number, text: string): void {
    while (term >= this.counts.length) {
      const starts = new Int32Array(2 * this.starts.length);
      starts.set(this.starts);
      this.starts = starts;
      const counts = new Uint8Array(2 * this.counts.length);
      counts.set(this.counts);
      this.counts = counts;
    }
    const rows = this.model.rowsOf(text);
    this.starts[term] = this.rowPool.length;
    this.counts[term] = rows.length + 1;
    this.rowPool.push(...rows);
  }

  private forget(generation: number): void {
    this.generation = generation;
    this.counts.fill(0);
    this.rowPool = [];
  }
}

const rowsAtOnce = 4;

function grown<Typed extends Int32Array | Float64Array>(old: Typed, type: new (length: number) => Typed): Typed {
  const array = new type(2 * old.length);
  array.set(old);
  return array;
}

/** The terms of a question, each once. */
function queryTerms(text: string): Set<string> {
  const words = text.match(/[\p{L}\p{N}\p{M}_$]+/gu) ?? [];
  return new Set(words.flatMap(identifierTerms));
}

const noComments: CommentSyntax = { line: [], block: [] };

function syntaxOf(language: string): CommentSyntax {
  return languages.find(({ id }) => id === language) ?? noComments;
}
