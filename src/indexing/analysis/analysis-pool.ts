import { availableParallelism } from 'node:os';
import { createChunker } from '../../chunking/index.js';
import type { Chunker } from '../../chunking/index.js';
import { createBundledEmbedder } from '../../embedding/index.js';
import { Analyzer } from '../../text/index.js';
import { createJobPool, isThreadLost } from '../../threads/index.js';
import type { JobPool, ThreadLostError } from '../../threads/index.js';
import { CoppiceError, IdleTimer, TimeSlices, hasSharedKey, memoryLimit, ownMemoryLimit } from '../../base/index.js';
import { packRequests, unpackAnalyses } from './analysis-batch.js';
import type { AnalysisBatch, KnownChunks } from './analysis-batch.js';
import { analyzeFile } from './file-analysis.js';
import type { AnalysisTools, FileAnalysis, FileRequest } from './file-analysis.js';

/** Fewer files than this are analysed in the calling thread: starting workers would take longer. */
const filesForWorkers = 24;
/** Batches under way for each worker: as many as it does while a full segment is written, so that it does not wait for that. */
const batchesPerWorker = 12;
/**
 * What V8 compiles for a worker, and the calling thread, which stores what workers find, take a core for the first seconds. So where there are as
 * many workers as cores, the last one starts for no fewer files: before that it would take as long, and a fifth more of the processor.
 */
const filesForLastCore = 20_000;

/** What any thread can analyse. */
const sample: FileRequest = {
  content: Buffer.from('export function sample(): void {}\n'),
  language: 'typescript',
  byName: '',
};
/** A thread that something else ends now and then is well. */
const sampleTries = 3;
/** Files that threads may be lost at, or one in so many: more is no accident. */
const lostFilesMax = 8;
const filesForLost = 50;

/** Enough for the largest file that is analysed, several times over. */
const workerHeapMb = 1024;

const mb = 2 ** 20;
/** What indexing takes without workers: with less the engine of JavaScript ends the process, and says nothing. */
const memoryMin = 256 * mb;
/** What indexing takes with its grammars, and each worker besides. */
const memoryOfOne = 300 * mb;
const memoryOfWorker = 150 * mb;

/** As many workers as there is memory for, where that is limited; what comes out is the same. */
export const workersWithin = (workers: number, limit: number): number =>
  Math.max(0, Math.min(workers, Math.floor((limit - memoryOfOne) / memoryOfWorker)));

/** What was loaded, here or in a worker, and is not used for so long is let go. */
const idleMsDefault = 60_000;

export interface AnalysisPoolOptions {
  /**
   * The calling thread has others to serve: the first file of a language takes up to 0.1 s, so few files go to a worker too.
   * Else they are analysed in the calling thread, which is done sooner.
   */
  readonly offThread?: boolean;
  /** Default: a minute. */
  readonly idleMs?: number;
}

/** WORKERS_LOST where there is so little memory that the process would be ended. */
export function checkMemory(limit: number): void {
  if (limit >= memoryMin) return;
  const [needed, given] = [memoryMin, limit].map((bytes) => Math.floor(bytes / mb));
  throw new CoppiceError('WORKERS_LOST', `indexing takes ${needed} MB of memory, and this process may have ${given}`, {
    hint: 'What was indexed is kept and can be searched. Give the process more memory (ulimit -d, ulimit -v).',
  });
}

/** Analyses files in worker threads or in the calling thread. Same results either way. */
export class AnalysisPool {
  private pool: JobPool | null = null;
  private inline: InlineAnalysis | null = null;
  private readonly idle: IdleTimer;
  private filesDone = 0;
  /** Files that threads were lost at, for good or bad. */
  private filesLost = 0;
  private readonly workers: number;
  private readonly workersOfFew: number;

  /** `workers` 0: never a worker. `workerUrl` is the module that serves `analyzeBatch`. */
  constructor(
    workers: number,
    private readonly workerUrl: URL,
    private readonly options: AnalysisPoolOptions = {},
  ) {
    this.workers = workersWithin(workers, memoryLimit());
    this.workersOfFew = Math.min(this.workers, Math.max(1, availableParallelism() - 1));
    this.idle = new IdleTimer(options.idleMs ?? idleMsDefault, () => (this.inline = null));
  }

  /** Batches worth having under way at once when there are `fileCount` files in all. */
  concurrency(fileCount: number): number {
    return this.useWorkers(fileCount) ? this.threadsFor(fileCount) * batchesPerWorker : 1;
  }

  /** So many files, or more, are about to come: workers load their grammars meanwhile, one for each so many files that it is worth it for. */
  expect(fileCount: number): void {
    const count = Math.min(this.threadsFor(fileCount), Math.floor(fileCount / filesForWorkers));
    if (count > 0) this.threads(count).start();
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
    checkMemory(ownMemoryLimit());
    if (!this.useWorkers(fileCount)) return this.analyzeHere(requests, options.known);
    try {
      // A batch that a thread was lost at is tried again file by file.
      const tries = requests.length > 1 ? 1 : 2;
      const pool = this.threads(this.threadsFor(fileCount));
      const analyses = await analyzeThere(pool, requests, { ...options, tries });
      this.filesDone += analyses.length;
      return analyses;
    } catch (error) {
      if (!isThreadLost(error) || error.loss === 'start') throw error;
      const [only, ...more] = requests;
      if (only === undefined) return [];
      if (more.length === 0) return [await this.fallBack(only, error, options.signal)];
      const analyses: FileAnalysis[] = [];
      for (const request of requests) analyses.push(...(await this.analyze([request], fileCount, options)));
      return analyses;
    }
  }

  private async analyzeHere(requests: readonly FileRequest[], known: KnownChunks | undefined): Promise<FileAnalysis[]> {
    const tools = this.inlineAnalysis();
    const keys = known === undefined ? null : new Uint32Array(known.keys);
    const isKnown = keys && ((bytes: Uint8Array, at: number) => hasSharedKey(keys, bytes, at));
    const loaded = await tools.chunker;
    const slices = new TimeSlices();
    const analyses: FileAnalysis[] = [];
    for (const request of requests) {
      if (slices.isOver) await slices.next();
      if (loaded.ready !== null) await loaded.ready;
      analyses.push(analyzeFile(loaded, tools, request, isKnown));
    }
    return analyses;
  }

  private threadsFor(fileCount: number): number {
    return fileCount < filesForLastCore ? this.workersOfFew : this.workers;
  }

  /** The pool, with so many threads at most. */
  private threads(count: number): JobPool {
    this.pool ??= createJobPool({
      threads: count,
      script: this.workerUrl,
      heapMb: workerHeapMb,
      idleMs: this.options.idleMs ?? idleMsDefault,
    });
    this.pool.threadsMax = count;
    return this.pool;
  }

  /**
   * A file that ended its threads, cut by lines: if threads are otherwise well. When they end whatever they are given, or one after the other for one
   * file or another, what comes out would be slow and wrong.
   */
  private async fallBack(
    request: FileRequest,
    error: ThreadLostError,
    signal: AbortSignal | undefined,
  ): Promise<FileAnalysis> {
    this.filesLost++;
    try {
      if (this.filesLost > lostFilesMax && this.filesLost * filesForLost > this.filesDone) throw error;
      await analyzeThere(this.threads(this.workers), [sample], { signal, tries: sampleTries });
    } catch (cause) {
      if (!isThreadLost(cause)) throw cause;
      throw new CoppiceError('WORKERS_LOST', `worker threads end again and again: ${cause.message}`, {
        hint: 'What was indexed is kept. Give the machine more memory, or run the command again when it has less to do.',
        data: { loss: cause.loss },
        cause,
      });
    }
    const linesOnly = { code: 'worker-lost' as const, message: error.message };
    return analyzeFile(null, this.inlineAnalysis(), { ...request, linesOnly });
  }

  /** Lets go what is not in use: idle worker threads, and the grammars loaded in this one. The next files load them again. */
  async trim(): Promise<void> {
    this.idle.stop();
    this.inline = null;
    await this.pool?.rest();
  }

  async close(): Promise<void> {
    this.idle.stop();
    this.inline = null;
    await this.pool?.close();
    this.pool = null;
  }

  private inlineAnalysis(): InlineAnalysis {
    this.idle.touch();
    return (this.inline ??= new InlineAnalysis());
  }

  private useWorkers(fileCount: number): boolean {
    if (this.workers === 0) return false;
    // Workers that run already have their grammars loaded.
    const isWarm = this.pool !== null && this.pool.threadCount > 0;
    return isWarm || this.options.offThread === true || fileCount >= filesForWorkers;
  }
}

async function analyzeThere(
  pool: JobPool,
  requests: readonly FileRequest[],
  { known, signal, tries }: { known?: KnownChunks; signal?: AbortSignal | undefined; tries: number },
): Promise<FileAnalysis[]> {
  const batch = packRequests(requests, known ?? null);
  const transfer = [batch.content.buffer as ArrayBuffer];
  return unpackAnalyses(await pool.run<AnalysisBatch>(batch, { transfer, signal, tries }));
}

/** What analysing in the calling thread needs; grammars are loaded when a file is to be parsed. */
class InlineAnalysis implements AnalysisTools {
  readonly analyzer = new Analyzer();
  readonly embedder = createBundledEmbedder();
  private loading: Promise<Chunker> | null = null;

  get chunker(): Promise<Chunker> {
    return (this.loading ??= createChunker());
  }
}
