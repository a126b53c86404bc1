import { createChunkPool, createChunker, isWorkerDied } from '../chunking/index.js';
import type { ChunkPool, Chunker } from '../chunking/index.js';
import { Analyzer } from '../text/index.js';
import { analyzeFile } from './file-analysis.js';
import type { FileAnalysis, FileRequest } from './file-analysis.js';

/** Fewer files than this are analysed in the calling thread: starting workers would take longer. */
const filesForWorkers = 24;

/** Analyses files in worker threads when there are many, else in the calling thread. Same results either way. */
export class AnalysisPool {
  private pool: ChunkPool | null = null;
  private inline: Promise<Chunker> | null = null;
  private readonly analyzer = new Analyzer();

  /** `workers` 0: never a worker. `workerUrl` is the file that calls `serveJobs` with `analyzeFile`. */
  constructor(
    private readonly workers: number,
    private readonly workerUrl: URL,
  ) {}

  /** Jobs worth having under way at once for `fileCount` files. */
  concurrency(fileCount: number): number {
    return this.useWorkers(fileCount) ? this.workers * 4 : 1;
  }

  async analyze(request: FileRequest, fileCount: number, signal?: AbortSignal): Promise<FileAnalysis> {
    if (!this.useWorkers(fileCount)) {
      this.inline ??= createChunker();
      return analyzeFile(await this.inline, this.analyzer, request);
    }
    this.pool ??= createChunkPool({ workers: this.workers, workerUrl: this.workerUrl });
    const content = new Uint8Array(request.content); // the original may share memory with its neighbours
    try {
      return await this.pool.run<FileAnalysis>({ ...request, content }, [content.buffer], signal);
    } catch (error) {
      if (!isWorkerDied(error)) throw error;
      const linesOnly = { code: 'worker-died' as const, message: error.message };
      return analyzeFile(null, this.analyzer, { ...request, linesOnly });
    }
  }

  async close(): Promise<void> {
    await this.pool?.close();
    this.pool = null;
  }

  private useWorkers(fileCount: number): boolean {
    return this.workers > 0 && fileCount >= filesForWorkers;
  }
}
