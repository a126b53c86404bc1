import { contentHash, contentHashLength } from '../base/index.js';
import { chunkByLines, classifyText, isBinary, languageOf } from '../chunking/index.js';
import type { Chunker } from '../chunking/index.js';
import { languageNumber, languages } from '../model/index.js';
import type { ChunkSpan, ChunkedFile, FileDiagnostic } from '../model/index.js';
import type { Analyzer, ChunkAnalysis } from '../text/index.js';
import type { ChunkSymbols } from '../segment/index.js';

/** What a worker is asked: analyse one file. */
export interface FileRequest {
  readonly content: Uint8Array;
  readonly language: string;
  /** What the path alone says (see `nameClass`). */
  readonly byName: string;
  /** Do not parse: an earlier try did not end well. */
  readonly linesOnly?: FileDiagnostic;
}

/** A file taken apart: arrays over its chunks, laid end to end so that they cross threads without copies. */
export interface FileAnalysis {
  readonly binary: boolean;
  readonly minified: boolean;
  readonly generated: boolean;
  readonly language: number;
  readonly diagnostics: readonly FileDiagnostic[];
  readonly symbols: readonly ChunkSymbols[];
  /** Chunk keys, 16 bytes each. */
  readonly keys: Uint8Array;
  /** For each chunk: start byte, end byte, lines, grams, terms, body, comment and symbol length. */
  readonly numbers: Uint32Array;
  readonly grams: Uint32Array;
  readonly termHigh: Uint32Array;
  readonly termLow: Uint32Array;
  readonly frequencies: Uint8Array;
}

/** Values for each chunk in `FileAnalysis.numbers`. */
export const numbersPerChunk = 8;

/** What a path says of a file without reading it; part of the file's key. */
export function nameClass(path: string): string {
  const { minified, generated } = classifyText(new Uint8Array(0), path);
  return `${minified ? 'm' : ''}${generated ? 'g' : ''}`;
}

export const languageByPath = (path: string): string => languageOf(path);

const nothing: Omit<FileAnalysis, 'binary' | 'language'> = {
  minified: false,
  generated: false,
  diagnostics: [],
  symbols: [],
  keys: new Uint8Array(0),
  numbers: new Uint32Array(0),
  grams: new Uint32Array(0),
  termHigh: new Uint32Array(0),
  termLow: new Uint32Array(0),
  frequencies: new Uint8Array(0),
};

/** Chunks and analyses a file. Depends on the request alone. */
export function analyzeFile(chunker: Chunker | null, analyzer: Analyzer, request: FileRequest): FileAnalysis {
  const { content, byName } = request;
  if (isBinary(content)) return { ...nothing, binary: true, language: 0 };
  // A path without an extension says nothing: its first line may.
  const language = request.language === 'text' ? languageOf('', content) : request.language;
  const byContent = classifyText(content);
  const minified = byContent.minified || byName.includes('m');
  const generated = byContent.generated || byName.includes('g');
  const linesOnly = minified || generated;
  const file: ChunkedFile =
    request.linesOnly !== undefined || chunker === null
      ? chunkByLines(content, request.linesOnly === undefined ? [] : [request.linesOnly])
      : chunker.chunk(content, language, { linesOnly });
  return { ...packChunks(analyzer, content, languageNumber(language), file), minified, generated };
}

function packChunks(analyzer: Analyzer, content: Uint8Array, language: number, file: ChunkedFile): FileAnalysis {
  const { chunks, diagnostics } = file;
  const syntax = languages[language]!;
  const analyses: ChunkAnalysis[] = [];
  const keys = new Uint8Array(chunks.length * contentHashLength);
  const numbers = new Uint32Array(chunks.length * numbersPerChunk);
  let gramCount = 0;
  let termCount = 0;
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i]!;
    const { startByte, endByte, symbols, continues } = chunk;
    keys.set(chunkKey(content, language, chunk), i * contentHashLength);
    const scopes = [...new Set(symbols.map(({ scope }) => scope))];
    if (continues !== '') scopes.push(continues);
    const names = symbols.map(({ name }) => name);
    const analysis = analyzer.analyze(content, startByte, endByte, syntax, names, scopes);
    analyses.push(analysis);
    gramCount += analysis.grams.length;
    termCount += analysis.termHigh.length;
    numbers.set(
      [
        startByte,
        endByte,
        countLines(content, startByte, endByte),
        analysis.grams.length,
        analysis.termHigh.length,
        analysis.bodyLength,
        analysis.commentLength,
        analysis.symbolLength,
      ],
      i * numbersPerChunk,
    );
  }
  const grams = new Uint32Array(gramCount);
  const termHigh = new Uint32Array(termCount);
  const termLow = new Uint32Array(termCount);
  const frequencies = new Uint8Array(termCount);
  let gramAt = 0;
  let termAt = 0;
  for (const analysis of analyses) {
    grams.set(analysis.grams, gramAt);
    gramAt += analysis.grams.length;
    termHigh.set(analysis.termHigh, termAt);
    termLow.set(analysis.termLow, termAt);
    frequencies.set(analysis.frequencies, termAt);
    termAt += analysis.termHigh.length;
  }
  const symbols = chunks.map(({ symbols, continues }) => ({ symbols, continues }));
  return {
    binary: false,
    minified: false,
    generated: false,
    language,
    diagnostics,
    symbols,
    keys,
    numbers,
    grams,
    termHigh,
    termLow,
    frequencies,
  };
}

/** Identity of a chunk: its text, its language, and the definitions it is shown under. */
function chunkKey(
  content: Uint8Array,
  language: number,
  { startByte, endByte, symbols, continues }: ChunkSpan,
): Buffer {
  const heading = `${language}\0${continues}\0${symbols.map(({ name, kind, scope, line }) => `${line}:${kind}:${scope}:${name}`).join('\0')}\n`;
  return contentHash(heading, content.subarray(startByte, endByte));
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
