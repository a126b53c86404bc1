import { contentHashLength } from '../../base/index.js';
import {
  chunkByLines,
  classifyText,
  cutLargeText,
  isBinary,
  languageOfContent,
  languageOfPath,
} from '../../chunking/index.js';
import type { Chunker, Neighbourhood } from '../../chunking/index.js';
import type { StaticEmbedder } from '../../embedding/index.js';
import { languageNumber, languages } from '../../model/index.js';
import type { ChunkedFile, FileDiagnostic } from '../../model/index.js';
import { encodeChunkSymbols } from '../../segment/index.js';
import { chunkKey, chunkNames, exactChunkKey } from '../../text/index.js';
import type { Analyzer, ChunkAnalysis } from '../../text/index.js';

/** What a worker is asked: analyse one file. */
export interface FileRequest {
  readonly content: Uint8Array;
  readonly language: string;
  /** What the path alone says (see `nameClass`). */
  readonly byName: string;
  /** Do not parse: an earlier try did not end well. */
  readonly linesOnly?: FileDiagnostic;
  /** It is a part, whole chunks, of a text too large for more than exact search: see `exactPieces`. */
  readonly exactOnly?: boolean;
}

/** A file taken apart: arrays over its chunks, laid end to end. */
export interface FileAnalysis {
  readonly binary: boolean;
  readonly minified: boolean;
  readonly generated: boolean;
  readonly language: number;
  readonly diagnostics: readonly FileDiagnostic[];
  /** Chunk keys, 16 bytes each. */
  readonly keys: Uint8Array;
  /** For each chunk, see `chunkNumbers`. */
  readonly numbers: Uint32Array;
  /** Encoded symbols of the chunks (see segment's encodeChunkSymbols). */
  readonly symbols: Uint8Array;
  readonly grams: Uint32Array;
  readonly termHigh: Uint32Array;
  readonly termLow: Uint32Array;
  readonly frequencies: Uint8Array;
  /** Vectors of the chunks in the bundled embedding's space; empty without it. */
  readonly vectors: Uint8Array;
}

/** What a thread analyses with. */
export interface AnalysisTools {
  readonly analyzer: Analyzer;
  /** Null: no vectors are made. */
  readonly embedder: StaticEmbedder | null;
}

/** Places of a chunk's values in `FileAnalysis.numbers`. */
export const enum ChunkNumber {
  StartByte,
  EndByte,
  Lines,
  SymbolBytes,
  Grams,
  Terms,
  BodyLength,
  CommentLength,
  SymbolLength,
  /** 1: the caller knows the chunk, and gets no more than its key. */
  Known,
  Count,
}

/** What a file's path and the names beside it say of it without reading it; part of the file's key. */
export interface NameClass {
  readonly language: string;
  /** `m` and `g`: minified and generated; then the extension, where several languages use it and the content decides. */
  readonly byName: string;
}

export function nameClass(path: string, neighbourhood: Neighbourhood = ''): NameClass {
  const { minified, generated } = classifyText(new Uint8Array(0), path);
  const { language, ambiguous } = languageOfPath(path, neighbourhood);
  const extension = ambiguous === '' ? '' : `.${ambiguous}`;
  return { language, byName: `${minified ? 'm' : ''}${generated ? 'g' : ''}${extension}` };
}

const nothing: Omit<FileAnalysis, 'binary' | 'language'> = {
  minified: false,
  generated: false,
  diagnostics: [],
  keys: new Uint8Array(0),
  numbers: new Uint32Array(0),
  symbols: new Uint8Array(0),
  grams: new Uint32Array(0),
  termHigh: new Uint32Array(0),
  termLow: new Uint32Array(0),
  frequencies: new Uint8Array(0),
  vectors: new Uint8Array(0),
};

/** Whether a chunk needs no analysis; its key is at `at` of `keys`. */
export type IsKnownChunk = (keys: Uint8Array, at: number) => boolean;

/** Chunks a file and analyses its chunks but for those known. Depends on its arguments alone. */
export function analyzeFile(
  chunker: Chunker | null,
  tools: AnalysisTools,
  request: FileRequest,
  isKnown: IsKnownChunk | null = null,
): FileAnalysis {
  const { content, byName } = request;
  if (request.exactOnly === true) return analyzePiece(tools, content, isKnown);
  if (isBinary(content)) return { ...nothing, binary: true, language: 0 };
  const [flags = '', ambiguous = ''] = byName.split('.');
  const language = languageOfContent({ language: request.language, ambiguous }, content);
  const byContent = classifyText(content);
  const minified = byContent.minified || flags.includes('m');
  const generated = byContent.generated || flags.includes('g');
  const linesOnly = minified || generated;
  const file: ChunkedFile =
    request.linesOnly !== undefined || chunker === null
      ? chunkByLines(content, request.linesOnly === undefined ? [] : [request.linesOnly])
      : chunker.chunk(content, language, { linesOnly });
  return { ...packChunks(tools, content, languageNumber(language), file, isKnown), minified, generated };
}

/** Pieces of a large text have about so many bytes, more where a line is longer. */
export const exactPieceBytes = 1024 * 1024;

/** Cuts a text too large for more than exact search where chunks end, so that each piece can be analysed and stored on its own. */
export function* exactPieces(content: Buffer): Generator<Buffer, void, undefined> {
  let from = 0;
  for (const end of cutLargeText(content)) {
    if (end - from < exactPieceBytes && end < content.length) continue;
    yield content.subarray(from, end);
    from = end;
  }
}

/** Chunks with their grams alone. */
function analyzePiece({ analyzer }: AnalysisTools, content: Uint8Array, isKnown: IsKnownChunk | null): FileAnalysis {
  const ends = [...cutLargeText(content)];
  const keys = new Uint8Array(ends.length * contentHashLength);
  const numbers = new Uint32Array(ends.length * ChunkNumber.Count);
  const symbols = encodeChunkSymbols({ symbols: [], continues: '', closes: [] });
  const symbolBytes: Uint8Array[] = [];
  const grams: Uint32Array[] = [];
  ends.forEach((endByte, i) => {
    const startByte = ends[i - 1] ?? 0;
    keys.set(exactChunkKey(content.subarray(startByte, endByte)), i * contentHashLength);
    const at = i * ChunkNumber.Count;
    if (isKnown?.(keys, i * contentHashLength) === true) {
      numbers[at + ChunkNumber.Known] = 1;
      return;
    }
    symbolBytes.push(symbols);
    const own = analyzer.gramsOf(content, startByte, endByte);
    grams.push(own);
    numbers[at + ChunkNumber.StartByte] = startByte;
    numbers[at + ChunkNumber.EndByte] = endByte;
    numbers[at + ChunkNumber.Lines] = countLines(content, startByte, endByte);
    numbers[at + ChunkNumber.SymbolBytes] = symbols.length;
    numbers[at + ChunkNumber.Grams] = own.length;
  });
  return {
    ...nothing,
    binary: false,
    language: 0,
    keys,
    numbers,
    symbols: Buffer.concat(symbolBytes),
    grams: concatWords(grams),
  };
}

function packChunks(
  { analyzer, embedder }: AnalysisTools,
  content: Uint8Array,
  language: number,
  file: ChunkedFile,
  isKnown: IsKnownChunk | null,
): FileAnalysis {
  const { chunks, diagnostics } = file;
  const syntax = languages[language]!;
  const keys = new Uint8Array(chunks.length * contentHashLength);
  const numbers = new Uint32Array(chunks.length * ChunkNumber.Count);
  const analyses: ChunkAnalysis[] = [];
  const symbolBytes: Uint8Array[] = [];
  const vectors: Uint8Array[] = [];
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i]!;
    const { startByte, endByte } = chunk;
    const encoded = encodeChunkSymbols(chunk);
    keys.set(chunkKey(language, encoded, content.subarray(startByte, endByte)), i * contentHashLength);
    if (isKnown?.(keys, i * contentHashLength) === true) {
      numbers[i * ChunkNumber.Count + ChunkNumber.Known] = 1;
      continue;
    }
    symbolBytes.push(encoded);
    const names = chunkNames(chunk);
    const analysis = analyzer.analyze(content, startByte, endByte, syntax, names.symbols, names.scopes);
    analyses.push(analysis);
    if (embedder !== null) vectors.push(new Uint8Array(embedder.embedAnalyzed(analyzer, analysis).buffer));
    const at = i * ChunkNumber.Count;
    numbers[at + ChunkNumber.StartByte] = startByte;
    numbers[at + ChunkNumber.EndByte] = endByte;
    numbers[at + ChunkNumber.Lines] = countLines(content, startByte, endByte);
    numbers[at + ChunkNumber.SymbolBytes] = encoded.length;
    numbers[at + ChunkNumber.Grams] = analysis.grams.length;
    numbers[at + ChunkNumber.Terms] = analysis.termHigh.length;
    numbers[at + ChunkNumber.BodyLength] = analysis.bodyLength;
    numbers[at + ChunkNumber.CommentLength] = analysis.commentLength;
    numbers[at + ChunkNumber.SymbolLength] = analysis.symbolLength;
  }
  return {
    binary: false,
    minified: false,
    generated: false,
    language,
    diagnostics,
    keys,
    numbers,
    symbols: Buffer.concat(symbolBytes),
    grams: concatWords(analyses.map(({ grams }) => grams)),
    termHigh: concatWords(analyses.map(({ termHigh }) => termHigh)),
    termLow: concatWords(analyses.map(({ termLow }) => termLow)),
    frequencies: Buffer.concat(analyses.map(({ frequencies }) => frequencies)),
    vectors: Buffer.concat(vectors),
  };
}

export function concatWords(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function countLines(content: Uint8Array, start: number, end: number): number {
  let lines = 0;
  let at = start;
  while (at < end) {
    const newline = content.indexOf(10, at);
    lines++;
    if (newline < 0 || newline >= end) break;
    at = newline + 1;
  }
  return lines;
}
