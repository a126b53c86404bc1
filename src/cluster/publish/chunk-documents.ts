import { isUtf8 } from 'node:buffer';

import { TimeSlices } from '../../base/index.js';
import { languageId } from '../../model/index.js';
import type { Segment, SegmentList } from '../../segment/index.js';
import { readGramPostings, readTermPostings } from '../../text/index.js';
import { gramWordLength, suffixesOf, termWord, termWordLength } from '../layout.js';
import type { ChunkShape } from '../layout.js';

/** Makes the documents of chunks out of a store's segments, whose posting lists are turned round: what each chunk has. */
export class ChunkDocuments {
  constructor(private readonly list: SegmentList) {}

  /** What a file's document tells of a chunk. */
  shapeOf(doc: number, number: number): ChunkShape {
    const segment = this.list.segmentOfDoc(doc);
    const at = doc - segment.docBase;
    return {
      number,
      language: segment.column('language')[at]!,
      lineCount: segment.column('lineCount')[at]!,
      bodyLength: segment.column('bodyLength')[at]!,
      commentLength: segment.column('commentLength')[at]!,
      symbolLength: segment.column('symbolLength')[at]!,
    };
  }

  /** Documents of chunks, which ascend, as JSON, some at a time. */
  async *of(
    docs: readonly number[],
    numberOf: (doc: number) => number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ readonly doc: number; readonly json: string }[], void, undefined> {
    const slices = new TimeSlices(signal);
    for (let from = 0; from < docs.length;) {
      const segment = this.list.segmentOfDoc(docs[from]!);
      let to = from;
      while (to < docs.length && docs[to]! < segment.docEnd && to - from < chunksAtOnce) to++;
      const part = docs.slice(from, to);
      const words = await wordsOf(segment, part, slices);
      let documents: { doc: number; json: string }[] = [];
      for (const [i, doc] of part.entries()) {
        if (slices.isOver) await slices.next();
        documents.push({ doc, json: this.document(segment, doc, numberOf(doc), words, i) });
        if (documents.length < documentsAtOnce) continue;
        yield documents;
        documents = [];
      }
      yield documents;
      from = to;
    }
  }

  private document(segment: Segment, doc: number, n: number, words: ChunkWords, i: number): string {
    const content = segment.chunkBytes(doc);
    const symbols = segment.symbols.get(doc - segment.docBase);
    const names = new Set(this.list.chunkSymbols(doc).symbols.map(({ name }) => name.toLowerCase()));
    const vectors: Record<string, string> = {};
    for (const [space, rows] of words.vectors) {
      const row = rows.get(i);
      if (row !== undefined) vectors[space] = Buffer.from(row.buffer, row.byteOffset, row.length).toString('base64');
    }
    const rest = JSON.stringify({
      n,
      language: languageId(segment.column('language')[doc - segment.docBase]!),
      ...(isUtf8(content) ? { text: content.toString('utf8') } : { bytes: content.toString('base64') }),
      ...(names.size === 0 ? {} : { symbols: [...names].filter(isKeyword) }),
      record: symbols.toString('base64'),
      ...(words.vectors.size === 0 ? {} : { vectors }),
    });
    // These are most of it, and have nothing that JSON would escape.
    return `${rest.slice(0, -1)},"terms":"${words.terms.of(i)}","grams":"${words.grams.of(i)}"}`;
  }
}

/** A longer word, or one that is no text, would be refused. */
const isKeyword = (name: string): boolean => name.length < 4000 && !/[\ud800-\udfff]/.test(name);

/** All lists of a segment are gone through for so many: their words are some 5 KB each. */
const chunksAtOnce = 16_384;
const documentsAtOnce = 512;
/** Of a packed frequency: two characters each. */
const suffixLength = 2;
const suffixBytes = suffixesOf.map((suffixes) =>
  suffixes.map((suffix) => (suffix.charCodeAt(0) << 8) | suffix.charCodeAt(1)),
);
const base64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1');

/** Words of one length of many chunks, list by list: written one behind the other for each chunk, with a space after each. */
class WordRows {
  private readonly counts: Uint32Array;
  /** Chunks of the lists so far, and a value of each. */
  private chunks = new Uint32Array(1 << 16);
  private values = new Uint8Array(1 << 16);
  private length = 0;
  private readonly ends: number[] = [];
  private starts = new Uint32Array(0);
  private fill = new Uint32Array(0);
  bytes = Buffer.alloc(0);

  constructor(
    chunks: number,
    /** Of a word, with its space. */
    private readonly wordBytes: number,
  ) {
    this.counts = new Uint32Array(chunks);
  }

  /** The list that is being read has a chunk, which gets so many words of it. */
  add(chunk: number, words: number, value = 0): void {
    if (this.length === this.chunks.length) {
      const [chunks, values] = [new Uint32Array(2 * this.length), new Uint8Array(2 * this.length)];
      chunks.set(this.chunks);
      values.set(this.values);
      [this.chunks, this.values] = [chunks, values];
    }
    this.chunks[this.length] = chunk;
    this.values[this.length++] = value;
    this.counts[chunk]! += words;
  }

  /** Whether the list had any; it is counted only then. */
  endList(): boolean {
    if (this.length === (this.ends.at(-1) ?? 0)) return false;
    this.ends.push(this.length);
    return true;
  }

  /** Calls `write` for each chunk of each list, in their order; it writes the words, each at the `next` place. */
  async write(slices: TimeSlices, write: (list: number, chunk: number, value: number) => void): Promise<void> {
    this.starts = new Uint32Array(this.counts.length + 1);
    for (const [i, count] of this.counts.entries()) this.starts[i + 1] = this.starts[i]! + count;
    this.fill = this.starts.slice();
    this.bytes = Buffer.alloc(this.starts.at(-1)! * this.wordBytes, 0x20);
    let at = 0;
    for (const [list, end] of this.ends.entries()) {
      if (slices.isOver) await slices.next();
      for (; at < end; at++) write(list, this.chunks[at]!, this.values[at]!);
    }
    this.chunks = new Uint32Array(0);
    this.values = new Uint8Array(0);
  }

  /** Where the next word of a chunk is to be written. */
  next(chunk: number): number {
    return this.fill[chunk]!++ * this.wordBytes;
  }

  of(chunk: number): string {
    const [start, end] = [this.starts[chunk]!, this.starts[chunk + 1]!];
    return start === end ? '' : this.bytes.toString('latin1', start * this.wordBytes, end * this.wordBytes - 1);
  }
}

interface ChunkWords {
  readonly terms: WordRows;
  readonly grams: WordRows;
  /** By space, then by the chunk's place. */
  readonly vectors: ReadonlyMap<string, ReadonlyMap<number, Int8Array>>;
}

async function wordsOf(segment: Segment, docs: readonly number[], slices: TimeSlices): Promise<ChunkWords> {
  const { docBase, docCount } = segment;
  const places = new Int32Array(docCount).fill(-1);
  for (const [i, doc] of docs.entries()) places[doc - docBase] = i;
  const grams = new WordRows(docs.length, gramWordLength + 1);
  const gramOf: number[] = [];
  for (const { high: gram, bytes, docCount: count } of segment.grams.lists()) {
    if (slices.isOver) await slices.next();
    readGramPostings(bytes, count, docCount, (doc) => {
      const place = places[doc]!;
      if (place >= 0) grams.add(place, 1);
    });
    if (grams.endList()) gramOf.push(gram);
  }
  await grams.write(slices, (list, place) => {
    const gram = gramOf[list]!;
    const at = grams.next(place);
    grams.bytes[at] = base64[gram >>> 18]!;
    grams.bytes[at + 1] = base64[(gram >>> 12) & 63]!;
    grams.bytes[at + 2] = base64[(gram >>> 6) & 63]!;
    grams.bytes[at + 3] = base64[gram & 63]!;
  });
  const terms = new WordRows(docs.length, termWordLength + suffixLength + 1);
  const wordOf: Buffer[] = [];
  for (const { high, low, bytes } of segment.terms.lists()) {
    if (slices.isOver) await slices.next();
    readTermPostings(bytes, (doc, packed) => {
      const place = places[doc]!;
      if (place >= 0) terms.add(place, suffixBytes[packed]!.length, packed);
    });
    if (terms.endList()) wordOf.push(Buffer.from(termWord({ high, low }), 'latin1'));
  }
  await terms.write(slices, (list, place, packed) => {
    const word = wordOf[list]!;
    for (const suffix of suffixBytes[packed]!) {
      const at = terms.next(place);
      for (let i = 0; i < termWordLength; i++) terms.bytes[at + i] = word[i]!;
      terms.bytes[at + termWordLength] = suffix >>> 8;
      terms.bytes[at + termWordLength + 1] = suffix & 255;
    }
  });
  const vectors = new Map<string, Map<number, Int8Array>>();
  for (const space of segment.vectorSpaces) {
    const file = segment.vectors(space);
    if (file === null) continue;
    const rows = new Map<number, Int8Array>();
    for (const [row, doc] of file.docs().entries()) {
      const place = places[doc]!;
      if (place >= 0) rows.set(place, file.row(row));
    }
    vectors.set(space, rows);
  }
  return { terms, grams, vectors };
}
