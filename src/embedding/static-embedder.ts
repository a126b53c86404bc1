import { LruCache, encodeBytes } from '../base/index.js';
import { languageNumber, languages } from '../model/index.js';
import type { EmbeddingSpace } from '../model/index.js';
import { Analyzer, textTerms } from '../text/index.js';
import type { ChunkAnalysis } from '../text/index.js';
import type { ChunkText, Embedder } from './embedder.js';
import { quantize, shareTable } from './static-model.js';
import type { NearTerm, StaticModel } from './static-model.js';

/** Terms that are like one; those that are less alike say as little as any. */
const alikeCount = 24;
const alikeMin = 0.4;
/** Terms whose like ones are kept: a scan of the vocabulary takes a millisecond or two. */
const alikeTermsMax = 4096;

/**
 * Embeds by a static model: no more than adding up what the model has for the terms that the analyzer found anyway. Keeps what
 * it knows of an analyzer's terms, so use one with each analyzer.
 */
export class StaticEmbedder implements Embedder {
  readonly isRemote = false;
  /** See shareTable. */
  private readonly shares: Float32Array;
  /** Rows to be added up, and how much each counts. */
  private rows = new Int32Array(1024);
  private rowShares = new Float64Array(1024);
  private picked = 0;
  /** Rows of the analyzer's terms by number: where they begin in `rowPool`, and their count plus one (0: not looked up yet). */
  private starts = new Int32Array(4096);
  private counts = new Uint8Array(4096);
  private rowPool = new Int32Array(4096);
  private poolLength = 0;
  private generation = -1;
  private own: Analyzer | null = null;
  private readonly alike = new LruCache<string, readonly NearTerm[]>(alikeTermsMax);

  constructor(private readonly model: StaticModel) {
    this.shares = shareTable(model.head.fields);
  }

  get space(): EmbeddingSpace {
    return this.model.head.space;
  }

  /** The vector of a chunk that `analyzer` has just analysed. */
  embedAnalyzed(analyzer: Analyzer, { terms, termHigh, termLow, frequencies }: ChunkAnalysis): Int8Array {
    if (analyzer.generation !== this.generation) this.forget(analyzer.generation);
    this.picked = 0;
    for (let i = 0; i < terms.length; i++) {
      const term = terms[i]!;
      if (term >= this.counts.length || this.counts[term] === 0) {
        const row = this.model.rowOf(termHigh[i]!, termLow[i]!);
        if (row >= 0) this.keep(term, [row]);
        else this.keep(term, this.model.piecesOf(analyzer.termBytes(term)));
      }
      const from = this.starts[term]!;
      const to = from + this.counts[term]! - 1;
      const share = this.shares[frequencies[i]!]!;
      for (let at = from; at < to; at++) this.pick(this.rowPool[at]!, share);
    }
    return this.sumUp();
  }

  embedQuery(text: string): Promise<Int8Array> {
    this.picked = 0;
    for (const term of new Set(textTerms(text))) for (const row of this.model.rowsOf(term)) this.pick(row, 1);
    return Promise.resolve(this.sumUp());
  }

  /** The terms of the vocabulary that are most like a term, by their keys; nearest first. */
  alikeWords(term: string): readonly NearTerm[] {
    let near = this.alike.get(term);
    if (near === undefined) this.alike.set(term, (near = this.model.nearest(term, alikeCount, alikeMin)));
    return near;
  }

  embedChunks(chunks: readonly ChunkText[]): Promise<Int8Array[]> {
    const analyzer = (this.own ??= new Analyzer());
    return Promise.resolve(
      chunks.map(({ text, language, symbols, scopes }) => {
        const content = encodeBytes(text);
        return this.embedAnalyzed(
          analyzer,
          analyzer.analyze(content, 0, content.length, languages[languageNumber(language)]!, symbols, scopes),
        );
      }),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private pick(row: number, share: number): void {
    if (this.picked === this.rows.length) {
      this.rows = doubled(this.rows);
      this.rowShares = doubled(this.rowShares);
    }
    this.rows[this.picked] = row;
    this.rowShares[this.picked++] = share;
  }

  private sumUp(): Int8Array {
    const vector = new Int8Array(this.space.dimension);
    quantize(this.model.sum(this.rows, this.rowShares, this.picked), vector);
    return vector;
  }

  private keep(term: number, rows: readonly number[]): void {
    while (term >= this.counts.length) {
      this.starts = doubled(this.starts);
      this.counts = doubled(this.counts);
    }
    while (this.poolLength + rows.length > this.rowPool.length) this.rowPool = doubled(this.rowPool);
    this.starts[term] = this.poolLength;
    this.counts[term] = rows.length + 1;
    for (let i = 0; i < rows.length; i++) this.rowPool[this.poolLength++] = rows[i]!;
  }

  private forget(generation: number): void {
    this.generation = generation;
    this.counts.fill(0);
    this.poolLength = 0;
  }
}

/** The same values in an array of twice the length. */
function doubled<Values extends Int32Array | Float64Array | Uint8Array>(values: Values): Values {
  const larger = new (values.constructor as new (length: number) => Values)(2 * values.length);
  larger.set(values);
  return larger;
}
