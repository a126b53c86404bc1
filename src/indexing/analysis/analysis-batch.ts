import { contentHashLength, hasSharedKey } from '../../base/index.js';
import type { SharedKeys } from '../../base/index.js';
import type { Chunker } from '../../chunking/index.js';
import type { FileDiagnostic } from '../../model/index.js';
import { analyzeFile } from './file-analysis.js';
import type { AnalysisTools, FileAnalysis, FileRequest, IsKnownChunk } from './file-analysis.js';

/**
 * Several files as one message between threads: a message costs about half a millisecond and each buffer in it nearly
 * as much again, so files travel together and all their arrays in one buffer.
 */
export interface RequestBatch {
  /** Contents, one after the other. */
  readonly content: Uint8Array;
  readonly files: readonly (Omit<FileRequest, 'content' | 'linesOnly'> & { readonly length: number })[];
  readonly known: KnownChunks | null;
}

/** Chunks that the asking thread has. What a worker sent in the same run counts as well. */
export interface KnownChunks {
  readonly keys: SharedKeys;
  readonly run: number;
}

export interface AnalysisBatch {
  /** All u32 arrays of all files, then all byte arrays. */
  readonly buffer: ArrayBuffer;
  readonly files: readonly PackedFile[];
}

interface PackedFile {
  readonly binary: boolean;
  readonly minified: boolean;
  readonly generated: boolean;
  readonly language: number;
  readonly diagnostics: readonly FileDiagnostic[];
  /** Lengths of the arrays, in the order of `wordArrays` and `byteArrays`. */
  readonly words: readonly number[];
  readonly bytes: readonly number[];
}

const wordArrays = ['numbers', 'grams', 'termHigh', 'termLow'] as const;
const byteArrays = ['keys', 'symbols', 'frequencies', 'vectors'] as const;

export function packRequests(requests: readonly FileRequest[], known: KnownChunks | null): RequestBatch {
  const content = new Uint8Array(requests.reduce((sum, request) => sum + request.content.length, 0));
  let at = 0;
  for (const request of requests) {
    content.set(request.content, at);
    at += request.content.length;
  }
  return {
    content,
    files: requests.map(({ content: { length }, language, byName, exactOnly = false }) => {
      return { length, language, byName, exactOnly };
    }),
    known,
  };
}

/** Keys remembered of what was sent lately. */
const sentKeysMax = 16_384;

/**
 * What a worker sent in a run. Its batches are stored in the order in which it got them, so what it has sent is known by
 * the time its next answer is looked at.
 */
export class SentChunks {
  private run = -1;
  private sent = new Set<string>();
  private sentBefore = new Set<string>();

  /** Whether a chunk is known or was sent; if not, it is taken to be sent now. */
  filter({ keys, run }: KnownChunks): IsKnownChunk {
    if (run !== this.run) {
      this.run = run;
      this.sent.clear();
      this.sentBefore.clear();
    }
    const known = new Uint32Array(keys);
    return (bytes, at) => {
      if (hasSharedKey(known, bytes, at)) return true;
      const key = Buffer.from(bytes.buffer, bytes.byteOffset + at, contentHashLength).toString('latin1');
      if (this.sent.has(key) || this.sentBefore.has(key)) return true;
      if (this.sent.size >= sentKeysMax) {
        this.sentBefore = this.sent;
        this.sent = new Set();
      }
      this.sent.add(key);
      return false;
    };
  }
}

/** What a worker does with a batch. */
export async function analyzeBatch(
  chunker: Chunker,
  tools: AnalysisTools,
  sent: SentChunks,
  { content, files, known }: RequestBatch,
): Promise<AnalysisBatch> {
  const isKnown = known === null ? null : sent.filter(known);
  let at = 0;
  const analyses: FileAnalysis[] = [];
  for (const { length, ...file } of files) {
    at += length;
    const request = { ...file, content: content.subarray(at - length, at) };
    if (chunker.ready !== null) await chunker.ready;
    analyses.push(analyzeFile(chunker, tools, request, isKnown));
  }
  let words = 0;
  let bytes = 0;
  for (const analysis of analyses) {
    for (const name of wordArrays) words += analysis[name].length;
    for (const name of byteArrays) bytes += analysis[name].length;
  }
  const buffer = new ArrayBuffer(words * 4 + bytes);
  const allWords = new Uint32Array(buffer, 0, words);
  const allBytes = new Uint8Array(buffer, words * 4);
  let wordAt = 0;
  let byteAt = 0;
  const packed = analyses.map((analysis): PackedFile => {
    for (const name of wordArrays) {
      allWords.set(analysis[name], wordAt);
      wordAt += analysis[name].length;
    }
    for (const name of byteArrays) {
      allBytes.set(analysis[name], byteAt);
      byteAt += analysis[name].length;
    }
    const { binary, minified, generated, language, diagnostics } = analysis;
    return {
      binary,
      minified,
      generated,
      language,
      diagnostics,
      words: wordArrays.map((name) => analysis[name].length),
      bytes: byteArrays.map((name) => analysis[name].length),
    };
  });
  return { buffer, files: packed };
}

export function unpackAnalyses({ buffer, files }: AnalysisBatch): FileAnalysis[] {
  let wordAt = 0;
  let byteAt = 4 * files.reduce((sum, { words }) => sum + words.reduce((a, b) => a + b, 0), 0);
  return files.map(({ words, bytes, ...file }) => {
    const takeWords = (length: number): Uint32Array =>
      new Uint32Array(buffer, 4 * (wordAt += length) - 4 * length, length);
    const takeBytes = (length: number): Uint8Array => new Uint8Array(buffer, (byteAt += length) - length, length);
    const [numbers, grams, termHigh, termLow] = words.map(takeWords) as [
      Uint32Array,
      Uint32Array,
      Uint32Array,
      Uint32Array,
    ];
    const [keys, symbols, frequencies, vectors] = bytes.map(takeBytes) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    return { ...file, numbers, grams, termHigh, termLow, keys, symbols, frequencies, vectors };
  });
}
