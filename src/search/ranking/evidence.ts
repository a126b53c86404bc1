import { TimeSlices } from '../../base/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { fieldFrequency, inverseDocumentFrequency, saturate } from '../../text/index.js';
import type { FieldValues } from '../../text/index.js';
import { PathTerms } from './path-terms.js';
import type { RankingSignals } from './ranking-signals.js';
import type { Question } from '../query/question.js';
import type { QueryTermWeights } from '../query/query-terms.js';

/** What speaks for each chunk and each file of a snapshot, by position. */
export interface Evidence {
  /** BM25 of the chunk. */
  readonly chunks: Float64Array;
  /** 1 where the chunk defines something with a term in its name. */
  readonly defines: Uint8Array;
  /** BM25 of the file as a whole. */
  readonly files: Float64Array;
  /** Query terms in the file's path. */
  readonly paths: Float64Array;
  /** How rare each term is among the snapshot's chunks. */
  readonly idf: ReadonlyMap<string, number>;
}

/**
 * Reads the postings of the query's terms. Sums are made term by term in the query's order, and what is counted for a
 * file is whole numbers, so that doc ids and segments leave no trace in the scores.
 */
export async function gatherEvidence(
  snapshot: Snapshot,
  terms: QueryTermWeights,
  question: Question,
  signals: RankingSignals,
  slices: TimeSlices,
): Promise<Evidence> {
  const { docCount, meanLength } = snapshot.statistics;
  const { occurrenceFiles } = snapshot;
  const { weight, lengthNormalization: b, saturation } = signals.bm25;
  const fileCount = snapshot.files.length;
  const lengths = await FileLengths.of(snapshot);
  const chunks = new Float64Array(occurrenceFiles.length);
  const defines = new Uint8Array(occurrenceFiles.length);
  const files = new Float64Array(fileCount);
  const paths = new Float64Array(fileCount);
  const pathTerms = await PathTerms.of(snapshot.paths);
  const idfs = new Map<string, number>();
  const body = new Uint32Array(fileCount);
  const comment = new Uint32Array(fileCount);
  const symbol = new Uint32Array(fileCount);
  for (const [term, share] of terms) {
    const { docs, frequencies } = question.postings(term);
    const idf = inverseDocumentFrequency(docCount, docs.length);
    idfs.set(term, idf);
    const touched: number[] = [];
    let gain = 0;
    let packed = 0;
    const addOccurrence = (position: number): void => {
      chunks[position]! += gain;
      if (packed >>> 6 !== 0) defines[position] = 1;
      const file = occurrenceFiles[position]!;
      if ((body[file]! | comment[file]! | symbol[file]!) === 0) touched.push(file);
      body[file]! += packed & 15;
      comment[file]! += (packed >>> 4) & 3;
      symbol[file]! += packed >>> 6;
    };
    let segment = snapshot.segments.segments[0];
    let columns = segment === undefined ? null : lengthsOf(segment);
    for (let i = 0; i < docs.length; i++) {
      if ((i & 255) === 0 && slices.isOver) await slices.next();
      const doc = docs[i]!;
      if (segment === undefined || doc < segment.docBase || doc >= segment.docEnd) {
        segment = snapshot.segments.segmentOfDoc(doc);
        columns = lengthsOf(segment);
      }
      packed = frequencies[i]!;
      const at = doc - segment.docBase;
      const frequency =
        fieldFrequency(packed & 15, weight.body, b.body, columns!.body[at]!, meanLength.body) +
        fieldFrequency((packed >>> 4) & 3, weight.comment, b.comment, columns!.comment[at]!, meanLength.comment) +
        fieldFrequency(packed >>> 6, weight.symbol, b.symbol, columns!.symbol[at]!, meanLength.symbol);
      gain = share * idf * saturate(frequency, saturation);
      snapshot.forEachOccurrence(doc, addOccurrence);
    }
    const fileIdf = inverseDocumentFrequency(fileCount, touched.length);
    if (slices.isOver) await slices.next();
    for (const file of touched) {
      const frequency =
        fieldFrequency(body[file]!, weight.body, b.body, lengths.body[file]!, lengths.mean.body) +
        fieldFrequency(comment[file]!, weight.comment, b.comment, lengths.comment[file]!, lengths.mean.comment) +
        fieldFrequency(symbol[file]!, weight.symbol, b.symbol, lengths.symbol[file]!, lengths.mean.symbol);
      files[file]! += share * fileIdf * saturate(frequency, saturation);
      body[file] = comment[file] = symbol[file] = 0;
    }
    const named = pathTerms.filesNamed(term);
    const nameGain = share * signals.fileName * pathTerms.inverseFrequency(named);
    for (const file of named) paths[file]! += nameGain;
    const inside = pathTerms.filesInFolder(term);
    const folderGain = share * signals.folderName * pathTerms.inverseFrequency(inside);
    for (const file of inside) paths[file]! += folderGain;
  }
  return { chunks, defines, files, paths, idf: idfs };
}

/** Tokens in each field of each file: what its chunks have, together. */
class FileLengths {
  readonly body: Float64Array;
  readonly comment: Float64Array;
  readonly symbol: Float64Array;
  mean: FieldValues = { body: 0, comment: 0, symbol: 0 };

  private constructor(fileCount: number) {
    this.body = new Float64Array(fileCount);
    this.comment = new Float64Array(fileCount);
    this.symbol = new Float64Array(fileCount);
  }

  /** Made once for a snapshot. */
  static of(snapshot: Snapshot): Promise<FileLengths> {
    return snapshot.derived.once('fileLengths', async () => {
      const lengths = new FileLengths(snapshot.files.length);
      await lengths.count(snapshot);
      return lengths;
    });
  }

  private async count({ occurrenceDocs, occurrenceFiles, segments }: Snapshot): Promise<void> {
    const slices = new TimeSlices();
    for (let position = 0; position < occurrenceDocs.length; position++) {
      if ((position & 255) === 0 && slices.isOver) await slices.next();
      const doc = occurrenceDocs[position]!;
      const file = occurrenceFiles[position]!;
      const segment = segments.segmentOfDoc(doc);
      const { body, comment, symbol } = lengthsOf(segment);
      this.body[file]! += body[doc - segment.docBase]!;
      this.comment[file]! += comment[doc - segment.docBase]!;
      this.symbol[file]! += symbol[doc - segment.docBase]!;
    }
    const mean = (values: Float64Array): number =>
      values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
    this.mean = { body: mean(this.body), comment: mean(this.comment), symbol: mean(this.symbol) };
  }
}

interface Lengths {
  readonly body: Uint16Array;
  readonly comment: Uint16Array;
  readonly symbol: Uint8Array;
}

function lengthsOf(segment: Snapshot['segments']['segments'][number]): Lengths {
  return {
    body: segment.column('bodyLength'),
    comment: segment.column('commentLength'),
    symbol: segment.column('symbolLength'),
  };
}
