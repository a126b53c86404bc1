import { isUtf8 } from 'node:buffer';

import { TimeSlices } from '../base/index.js';
import { languageId } from '../model/index.js';
import type { Segment, SegmentList } from '../segment/index.js';
import { readGramPostings, readTermPostings } from '../text/index.js';
import { suffixesOf, termWord } from './layout.js';
import type { ChunkShape } from './layout.js';

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

  /** Documents of chunks, which ascend, as JSON, segment by segment in parts of so many. */
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
      const documents: { doc: number; json: string }[] = [];
      for (const [i, doc] of part.entries()) {
        if (slices.isOver) await slices.next();
        documents.push({ doc, json: this.document(segment, doc, numberOf(doc), words, i) });
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
    return JSON.stringify({
      n,
      language: languageId(segment.column('language')[doc - segment.docBase]!),
      ...(isUtf8(content) ? { text: content.toString('utf8') } : { bytes: content.toString('base64') }),
      ...(names.size === 0 ? {} : { symbols: [...names].filter(isKeyword) }),
      record: symbols.toString('base64'),
      terms: words.terms[i]!.join(' '),
      grams: words.grams.toString('latin1', words.gramStarts[i]! * gramBytes, words.gramStarts[i + 1]! * gramBytes),
      ...(words.vectors.size === 0 ? {} : { vectors }),
    });
  }
}

/** A longer word, or one that is no text, would be refused. */
const isKeyword = (name: string): boolean => name.length < 4000 && !/[\ud800-\udfff]/.test(name);

const chunksAtOnce = 8192;
/** Four characters and a space. */
const gramBytes = 5;
const base64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1');

interface ChunkWords {
  readonly terms: readonly string[][];
  /** Of all chunks, one behind the other, and where those of each begin. */
  readonly grams: Buffer;
  readonly gramStarts: Uint32Array;
  /** By space, then by the chunk's place. */
  readonly vectors: ReadonlyMap<string, ReadonlyMap<number, Int8Array>>;
}

async function wordsOf(segment: Segment, docs: readonly number[], slices: TimeSlices): Promise<ChunkWords> {
  const { docBase, docCount } = segment;
  const places = new Int32Array(docCount).fill(-1);
  for (const [i, doc] of docs.entries()) places[doc - docBase] = i;
  const gramStarts = new Uint32Array(docs.length + 1);
  for (const { bytes, docCount: count } of segment.grams.lists()) {
    if (slices.isOver) await slices.next();
    readGramPostings(bytes, count, docCount, (doc) => {
      const place = places[doc]!;
      if (place >= 0) gramStarts[place + 1]!++;
    });
  }
  for (let i = 0; i < docs.length; i++) gramStarts[i + 1]! += gramStarts[i]!;
  const grams = Buffer.allocUnsafe(gramStarts[docs.length]! * gramBytes);
  const fill = gramStarts.slice();
  for (const { high: gram, bytes, docCount: count } of segment.grams.lists()) {
    if (slices.isOver) await slices.next();
    readGramPostings(bytes, count, docCount, (doc) => {
      const place = places[doc]!;
      if (place < 0) return;
      const at = fill[place]!++ * gramBytes;
      grams[at] = base64[gram >>> 18]!;
      grams[at + 1] = base64[(gram >>> 12) & 63]!;
      grams[at + 2] = base64[(gram >>> 6) & 63]!;
      grams[at + 3] = base64[gram & 63]!;
      grams[at + 4] = 0x20;
    });
  }
  const terms: string[][] = docs.map(() => []);
  for (const { high, low, bytes } of segment.terms.lists()) {
    if (slices.isOver) await slices.next();
    let word: string | null = null;
    readTermPostings(bytes, (doc, packed) => {
      const place = places[doc]!;
      if (place < 0) return;
      word ??= termWord({ high, low });
      for (const suffix of suffixesOf[packed]!) terms[place]!.push(word + suffix);
    });
  }
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
  return { terms, grams, gramStarts, vectors };
}
