import { createChunkPool, createChunker, isWorkerDied } from '../chunking/index.js';
import type { ChunkPool, Chunker } from '../chunking/index.js';
import { Analyzer } from '../text/index.js';
import { hasSharedKey } from '../base/index.js';
import { packRequests, unpackAnalyses } from './analysis-batch.js';
import type { AnalysisBatch, KnownChunks } from './analysis-batch.js';
import { analyzeFile } from './file-analysis.js';
import type { FileAnalysis, FileRequest } from './file-analysis.js';

/** Fewer files than this are analysed in the calling thread: starting workers would take longer. */
const filesForWorkers = 24;
/** Batches under way for each worker: one being worked on, one waiting, two to be stored. */
const batchesPerWorker = 4;

/** Analyses files in worker threads when there are many, else in the calling thread. Same results either way. */
export class AnalysisPool {
  private pool: ChunkPool | null = null;
  private inline: Promise<Chunker> | null = null;
  private readonly analyzer = new Analyzer();

  /** `workers` 0: never a worker. `workerUrl` is the module that serves `analyzeBatch`. */
  constructor(
    private readonly workers: number,
    private readonly workerUrl: URL,
  ) {}

  /** Batches worth having under way at once when there are `fileCount` files in all. */
  concurrency(fileCount: number): number {
    return this.useWorkers(fileCount) ? this.workers * batchesPerWorker : 1;
  }

  /**
   * The analyses of a batch of files, in order; `fileCount` says how many there are in all. Chunks that are known are not
   * analysed.
   */
  async analyze(
    requests: readonly FileRequest[],
    fileCount: number,
    options: { readonly known?: KnownChunks; readonly signal?: AbortSignal | undefined },
  ): Promise<FileAnalysis[]> {
    const { known, signal } = options;
    if (!this.useWorkers(fileCount)) {
      this.inline ??= createChunker();
      const chunker = await this.inline;
      const keys = known === undefined ? null : new Uint32Array(known.keys);
      const isKnown = keys && ((bytes: Uint8Array, at: number) => hasSharedKey(keys, bytes, at));
      return requests.map((request) => analyzeFile(chunker, this.analyzer, request, isKnown));
    }
    this.pool ??= createChunkPool({ workers: this.workers, workerUrl: this.workerUrl });
    const batch = packRequests(requests, known ?? null);
    try {
      return unpackAnalyses(await this.pool.run<AnalysisBatch>(batch, [batch.content.buffer as ArrayBuffer], signal));
    } catch (error) {
      if (!isWorkerDied(error)) throw error;
      const [only, ...more] = requests;
      if (only === undefined) return [];
      if (more.length === 0) {
        const linesOnly = { code: 'worker-died' as const, message: error.message };
        return [analyzeFile(null, this.analyzer, { ...only, linesOnly })];
      }
      // One of them did it: each for itself.
      const analyses: FileAnalysis[] = [];
      for (const request of requests) analyses.push(...(await this.analyze([request], fileCount, options)));
      return analyses;
    }
  }

  async close(): Promise<void> {
    await this.pool?.close();
    this.pool = null;
  }

  private useWorkers(fileCount: number): boolean {
    // Workers that run already have their grammars loaded.
    return this.workers > 0 && (this.pool !== null || fileCount >= filesForWorkers);
  }
}
