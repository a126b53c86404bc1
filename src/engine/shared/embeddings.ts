import { CoppiceError, asCoppiceError, elapsedMs, throwIfAborted } from '../../base/index.js';
import { StaticEmbedder, createBundledEmbedder, openEmbedder } from '../../embedding/index.js';
import type { Embedder } from '../../embedding/index.js';
import { looksSecret } from '../../endpoint/index.js';
import type { TreeId } from '../../model/index.js';
import { vectorCoverage } from '../../search/index.js';
import type { AlikeWords, ComparedSpace, Question, VectorCoverage } from '../../search/index.js';
import { vectorSpaceId } from '../../segment/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { loadIndexing } from './load-indexing.js';
import type { SharedStore } from './shared-store.js';
import type { CallOptions } from '../types.js';
import { WriterQueue } from './writer-queue.js';

const reopenMs = 30_000;

/** The embedders that searches use, and the vectors of chunks that were indexed before there was one. */
export class Embeddings {
  /** Who makes vectors in a space now, by its id: or two would make the same. */
  private readonly makers = new Map<string, WriterQueue>();
  private readonly closing = new AbortController();
  private background: Promise<void> | null = null;
  private bundled: StaticEmbedder | null = null;
  private opening: Promise<Embedder | null> | null = null;
  /** When the one that the settings name could not be opened, it is left alone until then. */
  private openAfterMs = 0;

  constructor(
    private readonly shared: SharedStore,
    private named: Embedder | null,
  ) {}

  /** The user has named one, whether it can be opened or not. */
  get hasNamed(): boolean {
    return this.named !== null || this.shared.settings.embedding !== null;
  }

  /** What there is, first what the user wants. That which comes with Coppice is missing when its model is. */
  async all(): Promise<readonly Embedder[]> {
    this.bundled ??= createBundledEmbedder();
    return [await this.openNamed(), this.bundled].filter((embedder) => embedder !== null);
  }

  /** For the words of a question those that are like them, as the embedding that comes with Coppice has them; none without it. */
  alikeWords({ words }: Question): AlikeWords {
    const bundled = (this.bundled ??= createBundledEmbedder());
    if (bundled === null) return new Map();
    return new Map(words.flatMap(({ parts }) => parts).map((term) => [term, bundled.alikeWords(term)]));
  }

  /**
   * How much of a snapshot has vectors. What is missing is made first where that is quick; a named embedder's are made in the
   * background by a process that stays.
   */
  async cover(snapshot: Snapshot, embedder: Embedder, call: CallOptions): Promise<VectorCoverage> {
    const compared = comparedSpace(embedder);
    const coverage = await vectorCoverage(snapshot, compared);
    if (coverage.isComplete) return coverage;
    if (embedder === this.named) {
      if (this.shared.options.offThread) this.makeInBackground(snapshot, embedder);
      return coverage;
    }
    if (this.shared.isWriting) return coverage; // a search does not wait for a writer
    try {
      await this.makeMissing(snapshot, embedder, call);
    } catch (error) {
      throwIfAborted(call.signal);
      if (error instanceof CoppiceError && error.code === 'STORE_CORRUPT') throw error;
      this.note(error);
    }
    return vectorCoverage(snapshot, compared);
  }

  /** Makes what a root's snapshot lacks in the named embedder's space, and waits for it. */
  async coverRoot(root: TreeId, call: CallOptions & { readonly what?: string }): Promise<void> {
    const embedder = await this.openNamed();
    if (embedder === null) return;
    const snapshot = await this.shared.snapshots.openLatest(root);
    try {
      await this.makeMissing(snapshot, embedder, call);
    } catch (error) {
      // What was indexed is there to be searched.
      throwIfAborted(call.signal);
      this.note(error);
    } finally {
      snapshot.release();
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.opening;
    await this.background;
    await this.named?.close();
  }

  /** The embedder that the user named; null when there is none or it cannot be opened now, which is told. */
  private async openNamed(): Promise<Embedder | null> {
    const { embedding } = this.shared.settings;
    if (this.named !== null || embedding === null || elapsedMs() < this.openAfterMs) return this.named;
    this.opening ??= openEmbedder(embedding, { onNote: (note) => this.shared.note(note), signal: this.closing.signal })
      .then((opened) => (this.named = opened))
      .catch((error: unknown) => {
        this.openAfterMs = elapsedMs() + reopenMs;
        this.note(error);
        return null;
      })
      .finally(() => (this.opening = null));
    return this.opening;
  }

  private makeInBackground(snapshot: Snapshot, embedder: Embedder): void {
    if (this.background !== null) return; // a search after that one starts the next
    const held = snapshot.retain();
    this.background = this.makeMissing(held, embedder, { signal: this.closing.signal })
      .catch((error: unknown) => {
        if (!this.closing.signal.aborted) this.note(error);
      })
      .finally(() => {
        held.release();
        this.background = null;
      });
  }

  private async makeMissing(
    snapshot: Snapshot,
    embedder: Embedder,
    call: CallOptions & { readonly what?: string },
  ): Promise<void> {
    const { embedMissing } = await loadIndexing();
    const { isWithheld, space } = comparedSpace(embedder);
    const id = vectorSpaceId(space);
    let makers = this.makers.get(id);
    if (makers === undefined) this.makers.set(id, (makers = new WriterQueue()));
    const what = call.what ?? space.model;
    await makers.run(call.signal, () =>
      embedMissing(this.shared.snapshots, snapshot, embedder, {
        signal: call.signal,
        isWithheld,
        asWriter: (action) => this.shared.asWriter(call, action),
        onProgress: (done, total) => call.onProgress?.({ phase: 'embed', done, total, unit: 'chunks', bytes: 0, what }),
      }),
    );
  }

  private note(error: unknown): void {
    this.shared.note(`vectors could not be made: ${toldOf(error)}`);
  }
}

/** What went wrong, and the way out where one is known. */
export function toldOf(error: unknown): string {
  const { message, hint } = asCoppiceError(error);
  return hint === undefined ? message : `${message}; ${hint}`;
}

export const comparedSpace = (embedder: Embedder): ComparedSpace => ({
  space: embedder.space,
  isWithheld: embedder.isRemote ? looksSecret : undefined,
  signsTell: embedder instanceof StaticEmbedder,
});
