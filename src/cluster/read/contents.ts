import { LruCache, TimeSlices, throwIfAborted } from '../../base/index.js';
import type { EmbeddingSpace } from '../../model/index.js';
import type { SearchCluster } from '../../remote/index.js';
import { inParallel } from '../../remote/index.js';
import { DecodedBlock, NotHere, VectorFile, VectorFileWriter } from '../../segment/index.js';
import type { FarChunks, SegmentCaches } from '../../segment/index.js';
import { MemoryFiles } from '../../store/index.js';
import { chunkIndexOf, notOurs, termWordLength } from '../layout.js';
import { filterOfNumbers } from './filters.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
}

/** Chunks read in one request. */
const chunksAtOnce = 512;
const lightChunksAtOnce = 4096;
/** What is not here is read with what lies behind it, as far as so many chunks. */
const readAhead = 256;
const contentBytesMax = 128 * 1024 * 1024;
const symbolBytesMax = 64 * 1024 * 1024;
const termBytesMax = 48 * 1024 * 1024;

interface ChunkSource {
  readonly n: number;
  readonly text?: string;
  readonly bytes?: string;
  readonly record?: string;
  readonly terms?: string;
  readonly vectors?: Readonly<Record<string, string>>;
}

/** Where chunks of a segment are: docs from `base` on have these numbers in the cluster. */
interface Range {
  readonly base: number;
  readonly numbers: readonly number[];
}

/** What was read of chunks, within bounds of memory: contents, definitions, words, vectors. By doc id. */
export class FarContents {
  private readonly content = new LruCache<number, DecodedBlock>(contentBytesMax);
  private readonly symbols = new LruCache<number, Buffer>(symbolBytesMax);
  private readonly terms = new LruCache<number, ReadonlySet<string>>(termBytesMax);
  private ranges: Range[] = [];
  private readonly docOf = new Map<number, number>();
  private sorted = new Uint32Array(0);

  constructor(
    private readonly cluster: SearchCluster,
    private readonly caches: SegmentCaches,
  ) {}

  /** Takes note of a segment's chunks. */
  of(base: number, numbers: readonly number[]): FarChunks {
    const range = { base, numbers };
    this.ranges.push(range);
    for (const [i, number] of numbers.entries()) this.docOf.set(number, base + i);
    return new SegmentChunks(this, range, this.caches);
  }

  /** The doc of a number in the cluster; undefined for one that was not met. */
  docOfNumber(number: number): number | undefined {
    return this.docOf.get(number);
  }

  /** Of all that were met, ascending. */
  numbers(): Uint32Array {
    if (this.sorted.length !== this.docOf.size) this.sorted = Uint32Array.from(this.docOf.keys()).sort();
    return this.sorted;
  }

  isFar(doc: number): boolean {
    return this.rangeOf(doc) !== undefined;
  }

  contentOf(doc: number): DecodedBlock {
    return this.content.get(doc) ?? this.absent(doc);
  }

  symbolsOf(doc: number): Buffer {
    return this.symbols.get(doc) ?? this.absent(doc);
  }

  /** The words of a chunk's terms. Throws NotHere for all of `docs` that are not here. */
  termsOf(docs: Uint32Array): readonly ReadonlySet<string>[] {
    const found = Array.from(docs, (doc) => this.terms.get(doc));
    if (found.every((own) => own !== undefined)) return found;
    throw new NotHere('terms of chunks', (signal) => this.bring(docs, 'terms', { signal }));
  }

  /** Reads what is not here: `chunks` contents and definitions, `terms` words besides. */
  async bring(docs: Iterable<number>, what: 'chunks' | 'terms', call: Call): Promise<void> {
    const isHere = (doc: number): boolean =>
      this.content.get(doc) !== undefined &&
      this.symbols.get(doc) !== undefined &&
      (what === 'chunks' || this.terms.get(doc) !== undefined);
    const lacking = [...new Set(docs)].filter((doc) => this.rangeOf(doc) !== undefined && !isHere(doc));
    const fields = what === 'chunks' ? ['n', 'text', 'bytes', 'record'] : ['n', 'text', 'bytes', 'record', 'terms'];
    await this.read(lacking, fields, chunksAtOnce, call, (doc, source) => this.keep(doc, source));
  }

  /** Reads some fields of chunks, in parallel; every one of them, or REMOTE_INVALID. */
  async read(
    docs: readonly number[],
    fields: readonly string[],
    atOnce: number,
    call: Call,
    onChunk: (doc: number, source: ChunkSource) => void,
  ): Promise<void> {
    const numbers = docs.map((doc) => this.numberOf(doc)).sort((a, b) => a - b);
    const batches: number[][] = [];
    for (let from = 0; from < numbers.length; from += atOnce) batches.push(numbers.slice(from, from + atOnce));
    await inParallel(batches, async (batch) => {
      throwIfAborted(call.signal);
      const body = {
        size: batch.length,
        track_total_hits: false,
        _source: fields,
        query: { constant_score: { filter: filterOfNumbers(this.cluster, Uint32Array.from(batch)) } },
      };
      type Found = { hits?: { hits?: { _source: ChunkSource }[] } };
      const indices = [...new Set(batch.map(chunkIndexOf))];
      const { hits } = await this.cluster.search<Found>(indices, body, 'hits.hits._source', call);
      let count = 0;
      for (const { _source: source } of hits?.hits ?? []) {
        const doc = this.docOf.get(source.n);
        if (doc === undefined) continue;
        count++;
        onChunk(doc, source);
      }
      if (count !== batch.length) throw notOurs(this.cluster.url, `${batch.length - count} of ${batch.length} chunks`);
    });
  }

  numberOf(doc: number): number {
    const range = this.rangeOf(doc)!;
    return range.numbers[doc - range.base]!;
  }

  trim(): void {
    for (const cache of [this.content, this.symbols, this.terms]) cache.clear();
  }

  private keep(doc: number, { text, bytes, record, terms }: ChunkSource): void {
    const content = text !== undefined ? Buffer.from(text, 'utf8') : Buffer.from(bytes ?? '', 'base64');
    const { base } = this.rangeOf(doc)!;
    const block = new DecodedBlock(doc - base, content, Uint32Array.of(0, content.length));
    this.content.set(doc, block, block.weight);
    const symbols = Buffer.from(record ?? '', 'base64');
    this.symbols.set(doc, symbols, symbols.length + 150);
    if (terms === undefined) return;
    const words = new Set<string>();
    for (const word of terms.split(' ')) words.add(word.slice(0, termWordLength));
    this.terms.set(doc, words, 200 + 40 * words.size);
  }

  private absent(doc: number): never {
    const { base, numbers } = this.rangeOf(doc)!;
    const end = Math.min(base + numbers.length, doc + readAhead);
    throw new NotHere(`chunk ${doc}`, (signal) =>
      this.bring(
        Array.from({ length: end - doc }, (_, i) => doc + i),
        'chunks',
        { signal },
      ),
    );
  }

  private rangeOf(doc: number): Range | undefined {
    let low = 0;
    let high = this.ranges.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const { base, numbers } = this.ranges[middle]!;
      if (doc < base) high = middle - 1;
      else if (doc >= base + numbers.length) low = middle + 1;
      else return this.ranges[middle];
    }
    return undefined;
  }
}

/** The chunks of one segment. */
class SegmentChunks implements FarChunks {
  private readonly vectorFiles = new Map<string, VectorFile | null>();

  constructor(
    private readonly contents: FarContents,
    private readonly range: Range,
    private readonly caches: SegmentCaches,
  ) {}

  content(number: number): DecodedBlock {
    return this.contents.contentOf(this.range.base + number);
  }

  symbols(number: number): Buffer {
    return this.contents.symbolsOf(this.range.base + number);
  }

  vectors(spaceId: string): VectorFile | null {
    const known = this.vectorFiles.get(spaceId);
    if (known !== undefined) return known;
    throw new NotHere('vectors', (signal) => this.bringVectors(spaceId, { signal }));
  }

  async allSymbols(): Promise<readonly Buffer[]> {
    const { base, numbers } = this.range;
    const symbols = new Array<Buffer>(numbers.length);
    const docs = numbers.map((_, i) => base + i);
    await this.contents.read(docs, ['n', 'record'], lightChunksAtOnce, {}, (doc, { record }) => {
      symbols[doc - base] = Buffer.from(record ?? '', 'base64');
    });
    return symbols;
  }

  private async bringVectors(spaceId: string, call: Call): Promise<void> {
    const { base, numbers } = this.range;
    const rows: (string | undefined)[] = new Array<string | undefined>(numbers.length);
    const docs = numbers.map((_, i) => base + i);
    await this.contents.read(docs, ['n', `vectors.${spaceId}`], lightChunksAtOnce, call, (doc, { vectors }) => {
      rows[doc - base] = vectors?.[spaceId];
    });
    if (this.vectorFiles.has(spaceId)) return;
    const memory = new MemoryFiles();
    let writer: VectorFileWriter | null = null;
    const slices = new TimeSlices(call.signal);
    for (const [i, row] of rows.entries()) {
      if (row === undefined) continue;
      if (slices.isOver) await slices.next();
      const bytes = Buffer.from(row, 'base64');
      // What is told of the space is its id alone; the dimension is that of its rows.
      const space: EmbeddingSpace = { model: spaceId, revision: '', dimension: bytes.length };
      writer ??= new VectorFileWriter(memory, spaceId, space);
      writer.add(i, new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length).slice());
    }
    if (this.vectorFiles.has(spaceId)) return;
    if (writer === null) {
      this.vectorFiles.set(spaceId, null);
      return;
    }
    writer.finish();
    const [own] = memory.vectorSpaces().get(spaceId)!;
    this.vectorFiles.set(spaceId, VectorFile.open(memory, spaceId, own!, this.caches.vectors));
  }
}
