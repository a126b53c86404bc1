import { TimeSlices, contentHash, contentHashLength, throwIfAborted } from '../base/index.js';
import type { BlobContent } from '../git/index.js';
import type { DocId, FileId, Oid, SkipReason } from '../model/index.js';
import { languageNumber } from '../model/index.js';
import type { FileRecord } from '../segment/index.js';
import { unsearchedKey } from '../text/index.js';
import type { AnalysisPool } from './analysis/analysis-pool.js';
import { classifyText, isBinary, languageOfContent } from '../chunking/index.js';
import { lostOnceKey, placeOfFile } from './analysis/fallback-place.js';
import { ChunkNumber, exactPieceBytes, exactPieces } from './analysis/file-analysis.js';
import type { FileAnalysis, FileRequest } from './analysis/file-analysis.js';
import type { MissingNotes } from './missing-notes.js';
import type { ObjectSource } from './object-source.js';
import type { PendingFile } from './planned.js';
import { exactBytesMax } from './rules.js';
import type { IndexingRules } from './rules.js';
import type { SegmentSink } from './segment-sink.js';

/** A file and what was read of it. */
interface ReadFile {
  readonly file: PendingFile;
  readonly blob: BlobContent;
}

/** Files are analysed in batches of at least so much text, or so many files. */
const batchBytesMin = 96 * 1024;
const batchFilesMax = 64;
/** Of large files fewer are under way than workers could be given: of their text no more than so much, and what was added last, is in memory. */
const bytesUnderWayMax = 32 * 1024 * 1024;
/** Pieces of a large file that are analysed ahead. */
const piecesAtOnce = 4;

export interface FileIndexerOptions {
  readonly sink: SegmentSink;
  readonly pool: AnalysisPool;
  readonly rules: IndexingRules;
  readonly signal?: AbortSignal | undefined;
  /** After each file: files done and to do in this call, bytes of the file. */
  readonly onFile?: ((done: number, total: number, bytes: number, path: string) => void) | undefined;
  readonly onNote?: ((note: string) => void) | undefined;
  readonly missing: MissingNotes;
}

/** Reads blobs, has them chunked and analysed, and stores the files with the chunks that are new. */
export class FileIndexer {
  private readonly slices = new TimeSlices();

  constructor(private readonly options: FileIndexerOptions) {}

  /** Stores files that are not stored: in the order given, so that versions of a file lie side by side if they are given so. */
  async storeFiles(files: readonly PendingFile[], source: ObjectSource): Promise<void> {
    if (files.length === 0) return;
    const { pool, rules, sink, signal } = this.options;
    await sink.expectFiles(files.length);
    // What a thread was lost at is not tried in this one, however few files there are.
    const isSuspect = files.some(({ key }) => sink.findFile(lostOnceKey(key)) !== null);
    const fileCount = isSuspect ? Infinity : files.length;
    const concurrency = pool.concurrency(fileCount);
    const underWay: { batch: ReadFile[]; bytes: number; analyses: Promise<FileAnalysis[]> }[] = [];
    let bytesUnderWay = 0;
    let done = 0;
    let next = 0;
    let batch: ReadFile[] = [];
    let batchBytes = 0;
    const finishFirst = async (): Promise<void> => {
      const first = underWay.shift()!;
      const analyses = await first.analyses;
      let analysed = 0;
      for (const { file, blob } of first.batch) {
        throwIfAborted(signal);
        if (this.slices.isOver) await this.slices.next();
        await this.storeFile(file, blob, blob.content === null ? null : analyses[analysed++]!, source);
        this.options.onFile?.(++done, files.length, Math.max(blob.size, 0), file.path);
      }
      bytesUnderWay -= first.bytes;
    };
    const startBatch = (): void => {
      const requests = batch.flatMap(({ file: { language, byName }, blob: { content } }) =>
        content === null ? [] : [{ content, language, byName }],
      );
      const analyses = pool.analyze(requests, fileCount, { known: sink.knownChunks(), signal });
      analyses.catch(() => undefined); // awaited in turn
      underWay.push({ batch, bytes: batchBytes, analyses });
      bytesUnderWay += batchBytes;
      batch = [];
      batchBytes = 0;
    };
    const oids = files.map(({ oid }) => oid);
    for await (const blob of source.readBlobs(oids, { maxBytes: rules.maxFileBytes, signal })) {
      throwIfAborted(signal);
      batch.push({ file: files[next++]!, blob });
      batchBytes += blob.content?.length ?? 0;
      if (batchBytes < batchBytesMin && batch.length < batchFilesMax) continue;
      startBatch();
      while (underWay.length >= concurrency || bytesUnderWay > bytesUnderWayMax) await finishFirst();
    }
    startBatch();
    while (underWay.length > 0) await finishFirst();
  }

  /** A file that is left out on purpose: without content, unless it is nowhere else. */
  async storeIgnored(key: Buffer, oid: Oid, source: ObjectSource): Promise<FileId> {
    const { sink } = this.options;
    const known = sink.findFile(key);
    if (known !== null) return known;
    const docs = await this.storeUnsearched(oid, source);
    return sink.findFile(key) ?? sink.addFile(key, { ...skippedRecord(oid, 0, 'ignored'), docs });
  }

  private async storeFile(
    file: PendingFile,
    blob: BlobContent,
    analysis: FileAnalysis | null,
    source: ObjectSource,
  ): Promise<void> {
    const { sink, rules, onNote } = this.options;
    if (blob.size < 0) {
      // Under a key of its own: the blob may come later, and is looked for again whenever this tree is planned.
      file.missing = true;
      this.options.missing.add(`${file.path}: its blob ${file.oid}`, 'it is left out');
      const key = contentHash(`missing\0${file.oid}`);
      file.id = sink.findFile(key) ?? sink.addFile(key, skippedRecord(file.oid, 0, 'missing'));
      return;
    }
    if (analysis === null) return this.storeLargeFile(file, blob, source);
    const skip = skipReason(analysis, rules);
    if (skip !== null) return this.storeSkipped(file, blob, skip, source);
    const content = blob.content!;
    let docs = await this.storeChunks(content, analysis);
    let stored = analysis;
    if (docs === null) {
      const request = { content, language: file.language, byName: file.byName };
      [stored] = (await this.options.pool.analyze([request], 1, { signal: this.options.signal })) as [FileAnalysis];
      docs = (await this.storeChunks(content, stored))!;
    }
    const { language: found, minified, generated } = stored;
    const { key, diagnostics, provisional } = placeOfFile(file.key, stored.diagnostics, sink);
    const ending = provisional ? 'cut by lines until it is next met' : 'cut by lines';
    for (const { message } of diagnostics) onNote?.(`${file.path}: ${message}; ${ending}`);
    file.provisional = provisional;
    const known = sink.findFile(key);
    if (known !== null) {
      file.id = known;
      return;
    }
    const record: FileRecord = {
      oid: file.oid,
      language: found,
      sizeBytes: blob.size,
      skipped: null,
      generated: minified || generated,
      exactOnly: false,
      docs,
      diagnostics,
    };
    file.id = sink.addFile(key, record);
    const wasLost = diagnostics.some(({ code }) => code === 'worker-lost');
    if (wasLost && sink.findFile(lostOnceKey(file.key)) === null) sink.addFile(lostOnceKey(file.key), record);
  }

  /** One that is not ranked: read alone, and stored piece by piece, so that memory holds little more than its text. */
  private async storeLargeFile(file: PendingFile, blob: BlobContent, source: ObjectSource): Promise<void> {
    const { sink, rules, pool, signal } = this.options;
    const maxBytes = exactBytesMax(rules);
    const content = blob.size > maxBytes ? null : await readAlone(source, file.oid, maxBytes, signal);
    if (content === null) return this.storeSkipped(file, blob, 'too-large', source);
    if (isBinary(content)) return this.storeSkipped(file, blob, 'binary', source);
    const { byName } = file;
    const [flags = '', ambiguous = ''] = byName.split('.');
    if (rules.skipMinified || rules.skipGenerated) {
      const byContent = classifyText(content);
      const minified = byContent.minified || flags.includes('m');
      const generated = byContent.generated || flags.includes('g');
      const skip = skipReason({ binary: false, minified, generated }, rules);
      if (skip !== null) return this.storeSkipped(file, blob, skip, source);
    }
    const language = languageOfContent({ language: file.language, ambiguous }, content);
    const docs: DocId[] = [];
    const pieceCount = Math.ceil(content.length / exactPieceBytes);
    const underWay: { request: { readonly content: Buffer } & FileRequest; analyses: Promise<FileAnalysis[]> }[] = [];
    const finishFirst = async (): Promise<void> => {
      const { request, analyses } = underWay.shift()!;
      throwIfAborted(signal);
      let stored = await this.storeChunks(request.content, (await analyses)[0]!);
      if (stored === null) {
        const [whole] = await pool.analyze([request], 1, { signal });
        stored = (await this.storeChunks(request.content, whole!))!;
      }
      for (const doc of stored) docs.push(doc);
    };
    for (const piece of exactPieces(content)) {
      if (this.slices.isOver) await this.slices.next();
      const request = { content: piece, language, byName, exactOnly: true };
      const analyses = pool.analyze([request], pieceCount, { known: sink.knownChunks(), signal });
      analyses.catch(() => undefined); // awaited in turn
      underWay.push({ request, analyses });
      if (underWay.length >= piecesAtOnce) await finishFirst();
    }
    while (underWay.length > 0) await finishFirst();
    file.id = sink.addFile(file.key, {
      oid: file.oid,
      language: languageNumber(language),
      sizeBytes: content.length,
      skipped: null,
      generated: false,
      exactOnly: true,
      docs,
      diagnostics: [],
    });
  }

  private async storeSkipped(
    file: PendingFile,
    { size }: BlobContent,
    skip: SkipReason,
    source: ObjectSource,
  ): Promise<void> {
    const docs = await this.storeUnsearched(file.oid, source);
    const record = { ...skippedRecord(file.oid, size, skip), language: languageNumber(file.language), docs };
    file.id = this.options.sink.addFile(file.key, record);
  }

  /** Keeps the content of a skipped file that is nowhere else, as one chunk without postings. */
  private async storeUnsearched(oid: Oid, source: ObjectSource): Promise<DocId[]> {
    const content = (await source.ownContent?.(oid)) ?? null;
    if (content === null) return [];
    const none = new Uint32Array(0);
    const chunk = {
      key: unsearchedKey(oid),
      content,
      language: 0,
      lineCount: 0,
      symbols: new Uint8Array(0),
      analysis: {
        grams: none,
        termHigh: none,
        termLow: none,
        frequencies: new Uint8Array(0),
        bodyLength: 0,
        commentLength: 0,
        symbolLength: 0,
      },
      vector: null,
    };
    const { sink } = this.options;
    if (sink.isFull) await sink.publish();
    return [sink.addChunk(chunk)];
  }

  /**
   * Stores the chunks that are not stored. Null when one is neither stored nor here: the worker's memory of what it sent was ahead of us, as a batch
   * before this one had to be tried again.
   */
  private async storeChunks(content: Buffer, analysis: FileAnalysis): Promise<DocId[] | null> {
    const { sink } = this.options;
    const { numbers, keys, symbols, grams, termHigh, termLow, frequencies, vectors, language } = analysis;
    const { dimension } = sink;
    const docs: DocId[] = [];
    let gramAt = 0;
    let termAt = 0;
    let symbolAt = 0;
    let vectorAt = 0;
    for (let at = 0, chunk = 0; at < numbers.length; at += ChunkNumber.Count, chunk++) {
      const gramEnd = gramAt + numbers[at + ChunkNumber.Grams]!;
      const termEnd = termAt + numbers[at + ChunkNumber.Terms]!;
      const symbolEnd = symbolAt + numbers[at + ChunkNumber.SymbolBytes]!;
      const key = keys.subarray(chunk * contentHashLength, (chunk + 1) * contentHashLength);
      if (numbers[at + ChunkNumber.Known] === 1) {
        const known = sink.findChunk(key);
        if (known === null) return null;
        docs.push(known);
        continue;
      }
      if (this.slices.isOver) await this.slices.next();
      if (sink.isFull) await sink.publish();
      docs.push(
        sink.addChunk({
          key,
          content: content.subarray(numbers[at + ChunkNumber.StartByte], numbers[at + ChunkNumber.EndByte]),
          language,
          lineCount: numbers[at + ChunkNumber.Lines]!,
          symbols: symbols.subarray(symbolAt, symbolEnd),
          analysis: {
            grams: grams.subarray(gramAt, gramEnd),
            termHigh: termHigh.subarray(termAt, termEnd),
            termLow: termLow.subarray(termAt, termEnd),
            frequencies: frequencies.subarray(termAt, termEnd),
            bodyLength: numbers[at + ChunkNumber.BodyLength]!,
            commentLength: numbers[at + ChunkNumber.CommentLength]!,
            symbolLength: numbers[at + ChunkNumber.SymbolLength]!,
          },
          vector: vectors.length === 0 ? null : new Int8Array(vectors.buffer, vectors.byteOffset + vectorAt, dimension),
        }),
      );
      gramAt = gramEnd;
      termAt = termEnd;
      symbolAt = symbolEnd;
      vectorAt += dimension;
    }
    return docs;
  }
}

type Classes = Pick<FileAnalysis, 'binary' | 'minified' | 'generated'>;

function skipReason(analysis: Classes, rules: IndexingRules): SkipReason | null {
  if (analysis.binary) return 'binary';
  if (rules.skipMinified && analysis.minified) return 'minified';
  if (rules.skipGenerated && analysis.generated) return 'generated';
  return null;
}

/** One blob, which was larger than those that are read together. */
async function readAlone(
  source: ObjectSource,
  oid: Oid,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Buffer | null> {
  for await (const { content } of source.readBlobs([oid], { maxBytes, signal })) return content;
  return null;
}

const skippedRecord = (oid: Oid, sizeBytes: number, skipped: SkipReason): FileRecord => ({
  oid,
  language: 0,
  sizeBytes,
  skipped,
  generated: false,
  exactOnly: false,
  docs: [],
  diagnostics: [],
});
