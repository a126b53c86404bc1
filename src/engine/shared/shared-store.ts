import { CoppiceError, messageOf } from '../../base/index.js';
import type { Embedder } from '../../embedding/index.js';
import { exactBytesMax, readSettings, rulesFingerprint } from '../../indexing/index.js';
import type { AnalysisPool, IndexingRules, Settings } from '../../indexing/index.js';
import { leavesOf, rankingSignals, withValue } from '../../search/index.js';
import type { RankingSignals } from '../../search/index.js';
import { SnapshotStore } from '../../snapshot/index.js';
import type { SnapshotStoreOptions } from '../../snapshot/index.js';
import { Store } from '../../store/index.js';
import { Embeddings } from './embeddings.js';
import { Descriptions } from './descriptions.js';
import { loadIndexing } from './load-indexing.js';
import { OverlayMemory } from './overlay-memory.js';
import { QuietWork } from './quiet-work.js';
import { Reranking } from './reranking.js';
import type { CallOptions, WatchedPlace, WorktreeMonitor } from '../types.js';
import { VolatileMemory } from './volatile-memory.js';
import { WriterQueue } from './writer-queue.js';

export interface SharedStoreOptions {
  readonly storePath: string;
  /** In place of the one that the settings name. */
  readonly remote?: string | undefined;
  readonly workers: number;
  readonly workerUrl: URL;
  readonly lockTimeoutMs: number;
  readonly onNote?: ((note: string) => void) | undefined;
  readonly memory?: Partial<SnapshotStoreOptions> | undefined;
  /**
   * Files are analysed in worker threads even when they are few, and work trees are kept in memory: this process has others to
   * serve, and stays.
   */
  readonly offThread: boolean;
  readonly watch?: ((place: WatchedPlace) => WorktreeMonitor) | undefined;
  readonly embedder?: Embedder | undefined;
  /** See `EnginesOptions`. */
  readonly firstUse?: 'index' | 'read' | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** See `EnginesOptions`. */
  readonly takenBytesMax?: number | undefined;
}

/** After merging has given way to writers so many times in a row, they wait for it: or many small segments would pile up. */
const givesWayMax = 3;

const mergingName = 'merging';

/** The ranking signals with some others; CONFIG_INVALID for a name that there is not. */
export function signalsWith(values: Readonly<Record<string, number>>): RankingSignals {
  const known = leavesOf(rankingSignals);
  const unknown = Object.keys(values).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new CoppiceError('CONFIG_INVALID', `"ranking" in config.json has "${unknown}", which is no ranking signal`, {
      hint: `they are ${known.join(', ')}`,
    });
  return Object.entries(values).reduce((signals, [name, value]) => withValue(signals, name, value), rankingSignals);
}

/** What the repositories of a process share: the store, its open snapshots, the worker threads, and who writes now. */
export class SharedStore {
  readonly store: Store;
  readonly snapshots: SnapshotStore;
  settings: Settings;
  /** Those in use, with what the settings put in their place. */
  readonly signals: RankingSignals;
  readonly fingerprint: string;
  readonly embeddings: Embeddings;
  readonly reranking: Reranking;
  readonly descriptions: Descriptions;
  readonly volatile: VolatileMemory;
  /** What is read of files too large to be stored, one at a time: each may hold much. */
  readonly largeReads = new WriterQueue();
  readonly overlayMemory = new OverlayMemory();
  private readonly writers = new WriterQueue();
  private pool: AnalysisPool | null = null;
  /** The merging under way, and how to make it stop. */
  private merging: { readonly done: Promise<void>; readonly stop: AbortController } | null = null;
  private gaveWay = 0;
  private readonly quiet = new QuietWork();
  /** What nobody waits for, by name. */
  private readonly background = new Map<string, Promise<void>>();
  private readonly closing = new AbortController();

  constructor(readonly options: SharedStoreOptions) {
    this.store = Store.open(options.storePath);
    const { remote } = options;
    this.settings = readSettings(options.storePath, { ...options.settings, ...(remote !== undefined && { remote }) });
    this.signals = signalsWith(this.settings.ranking);
    this.fingerprint = rulesFingerprint(this.rules);
    this.snapshots = new SnapshotStore(this.store, options.memory);
    this.volatile = new VolatileMemory(this);
    this.embeddings = new Embeddings(this, options.embedder ?? null);
    this.reranking = new Reranking(this);
    this.descriptions = new Descriptions(this);
  }

  /** When roots were used last that came from a remote, and can come again. */
  readonly usedRoots = new Map<number, number>();

  /** From now on that remote is asked before anything is indexed; null: none. */
  useRemote(address: string | null): void {
    this.settings = { ...this.settings, remote: address };
  }

  get rules(): IndexingRules {
    return this.settings.rules;
  }

  /** Files above this are in no search. */
  get exactBytesMax(): number {
    return exactBytesMax(this.rules);
  }

  /** Runs an action as the store's only writer, when those who came before are done; then merges in the background. */
  async asWriter<T>({ signal }: CallOptions, action: () => Promise<T>): Promise<T> {
    this.stopMerging();
    const { lockTimeoutMs } = this.options;
    const write = (): Promise<T> => this.store.asWriter(lockTimeoutMs, signal, action);
    const result = await this.giveWayTo(() => this.writers.run(signal, write));
    this.startMerging();
    return result;
  }

  /** As `asWriter`, for what gives room: it works on a full disk, where it may be run a second time from its beginning. */
  async asCollector<T>({ signal }: CallOptions, action: () => Promise<T>): Promise<T> {
    this.stopMerging();
    const { lockTimeoutMs } = this.options;
    const collect = (): Promise<T> => this.store.asCollector(lockTimeoutMs, signal, action);
    const result = await this.giveWayTo(() => this.writers.run(signal, collect));
    this.startMerging();
    return result;
  }

  /** This process writes, or is about to. */
  get isWriter(): boolean {
    return !this.writers.isFree;
  }

  /** Somebody else writes, or waits to; merging gives way. */
  get isWriting(): boolean {
    return this.merging === null && (!this.writers.isFree || this.store.lockHolder() !== null);
  }

  /** Runs an action on a store that may be damaged, as its only writer. */
  asRepairer<T>({ signal }: CallOptions, action: () => Promise<T>): Promise<T> {
    this.stopMerging();
    return this.writers.run(signal, () => this.store.asRepairer(this.options.lockTimeoutMs, signal, action));
  }

  async analysisPool(): Promise<AnalysisPool> {
    const { AnalysisPool } = await loadIndexing();
    const { workers, workerUrl, offThread } = this.options;
    return (this.pool ??= new AnalysisPool(workers, workerUrl, { offThread }));
  }

  /** Does what nobody waits for, once at a time under a name; it ends with the store. False when there is no time left for it. */
  inBackground(name: string, work: (signal: AbortSignal) => Promise<void>): boolean {
    const { signal } = this.closing;
    if (signal.aborted) return false;
    if (this.background.has(name)) return true;
    const done = work(signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.note(`${name}: ${messageOf(error)}`);
      })
      .finally(() => this.background.delete(name));
    this.background.set(name, done);
    return true;
  }

  /** Runs an action that what is for speed alone gives way to. */
  giveWayTo<T>(action: () => Promise<T>): Promise<T> {
    return this.quiet.during(action);
  }

  /** Does what is for speed alone when there was nothing to give way to for a moment; what was left under that name is not done. */
  whenQuiet(name: string, work: () => Promise<void>): void {
    this.quiet.leave(name, () => work().catch((error: unknown) => this.note(`${name}: ${messageOf(error)}`)));
  }

  note(text: string): void {
    this.options.onNote?.(text);
  }

  /** Lets go what is kept for speed alone. */
  async trim(): Promise<void> {
    this.volatile.clear();
    this.snapshots.trim();
    this.store.trim();
    await this.pool?.trim();
  }

  /** For the last: nobody may use it any more. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all(this.background.values());
    this.reranking.close();
    await this.descriptions.close();
    await this.embeddings.close();
    await this.quiet.finish();
    await this.merging?.done;
    await this.pool?.close();
    this.snapshots.close();
    this.store.close();
  }

  /** Merging is for speed alone: it is done when nobody else wants to write, and at once when it has given way too often. */
  private startMerging(): void {
    if (this.merging !== null || !this.writers.isFree) return; // whoever writes last starts it
    const begin = (): Promise<void> => {
      const stop = new AbortController();
      const done = this.merge(stop.signal).finally(() => (this.merging = null));
      this.merging = { done, stop };
      return done;
    };
    if (this.gaveWay >= givesWayMax) void begin();
    else this.quiet.leave(mergingName, begin);
  }

  private stopMerging(): void {
    if (this.gaveWay >= givesWayMax) return;
    const stops = this.merging !== null && !this.merging.stop.signal.aborted;
    if (stops) this.merging!.stop.abort();
    if (this.quiet.takeBack(mergingName) || stops) this.gaveWay++;
  }

  /** What cannot be merged now is left to the next writer. */
  private async merge(signal: AbortSignal): Promise<void> {
    try {
      const { mergeWhereDue, nextMerge } = await loadIndexing();
      if (nextMerge(this.store.catalog.segments()) === null) {
        this.gaveWay = 0; // the lock is not taken for nothing
        return;
      }
      await this.writers.run(signal, () => this.store.asWriter(0, signal, () => mergeWhereDue(this.snapshots, signal)));
      this.gaveWay = 0;
      this.volatile.refreshAll();
    } catch (error) {
      const code = error instanceof CoppiceError ? error.code : 'INTERNAL';
      if (code !== 'STORE_LOCKED' && code !== 'ABORTED') this.note(`merging was put off: ${messageOf(error)}`);
    }
  }
}
