import { CoppiceError, elapsedMs, throwIfAborted, TimeSlices } from '../../base/index.js';
import { ChatClient, addTokens, costOf, noModel, noTokens } from '../../chat/index.js';
import type { ChatRequest, Tokens } from '../../chat/index.js';
import {
  DescriptionIndex,
  chunkContents,
  describeChunks,
  describerId,
  requestFor,
  undescribedChunks,
} from '../../describing/index.js';
import type { DescribedSnapshot, UndescribedChunk } from '../../describing/index.js';
import type { Embedder } from '../../embedding/index.js';
import type { DescriptionLog } from '../../store/index.js';
import { compareVectors, vectorCoverage } from '../../search/index.js';
import type { Similarities } from '../../search/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { toldOf } from './embeddings.js';
import { loadIndexing } from './load-indexing.js';
import type { SharedStore } from './shared-store.js';
import type { CallOptions, DescribeOptions, DescribeResult, PlannedDescription, SearchEffort } from '../types.js';

/** After a failure nothing is described in the background for so long. */
const restMs = 10 * 60_000;

/** What the models that the settings name say that chunks do. */
export class Descriptions {
  private readonly opened = new Map<string, { readonly log: DescriptionLog; readonly index: DescriptionIndex }>();
  private client: ChatClient | null = null;
  private readonly closing = new AbortController();
  private background: Promise<void> | null = null;
  private restUntilMs = 0;
  private spentInBackground = noTokens;

  constructor(private readonly shared: SharedStore) {}

  /** What is said of a snapshot's chunks; null when nothing is. By the model that the settings name, else by who says most. */
  of(snapshot: Snapshot): Promise<DescribedSnapshot | null> {
    const id = this.describer();
    if (id === null) return Promise.resolve(null);
    const { index } = this.open(id);
    return snapshot.derived.latest('described', `${id}:${index.version}`, () => Promise.resolve(index.of(snapshot)));
  }

  /** How near what is said of chunks is to a question; null where no vectors are. */
  async similarities(
    snapshot: Snapshot,
    described: DescribedSnapshot,
    words: string,
    call: CallOptions & { readonly effort?: SearchEffort },
  ): Promise<Similarities | null> {
    const id = this.describer();
    if (id === null || words === '') return null;
    for (const embedder of await this.shared.embeddings.all()) {
      if (embedder.isRemote && call.effort === 'fast') continue;
      try {
        const own = describedSpace(embedder, id);
        const latest = await this.embed(snapshot, described, own, call);
        try {
          const vector = await embedder.embedQuery(words, call.signal);
          return await compareVectors(latest, { space: own.space }, vector, new TimeSlices(call.signal));
        } finally {
          latest.release();
        }
      } catch (error) {
        throwIfAborted(call.signal);
        if (error instanceof CoppiceError && error.code === 'STORE_CORRUPT') throw error;
        this.shared.note(`descriptions could not be compared: ${toldOf(error)}`);
      }
    }
    return null;
  }

  /** What nobody has described of some snapshots, each chunk once, largest gain first; and what that would send. */
  async *plan(snapshots: readonly Snapshot[], call: CallOptions): AsyncGenerator<PlannedDescription> {
    const { config, client, index } = this.openForWriting();
    const seen = new Set<number>();
    for (const snapshot of snapshots) {
      for (const chunk of await undescribedChunks(snapshot, index, call.signal)) {
        if (seen.has(chunk.doc)) continue;
        seen.add(chunk.doc);
        throwIfAborted(call.signal);
        const { url, body, tokens } = requestFor(client, snapshot, chunk, config.maxChars);
        yield plannedOf(chunk, { url, body, tokens }, costOf(tokens, config));
      }
    }
  }

  /** Describes what nobody has, as far as the budget goes. What is done is kept when it is cut short. */
  async describe(
    snapshots: readonly Snapshot[],
    { signal, onProgress, budgetTokens, limit }: Omit<DescribeOptions, 'revs'>,
  ): Promise<DescribeResult> {
    const startMs = elapsedMs();
    const { config, client, log, index } = this.openForWriting();
    const budget = budgetTokens ?? config.budgetTokens;
    let tokens: Tokens = noTokens;
    let described = 0;
    let failed = 0;
    let failure: string | null = null;
    let left = 0;
    this.shared.note(
      `code is sent to ${client.shownAddress} to be described, that of files that look like secrets excepted`,
    );
    for (const snapshot of snapshots) {
      const missing = await undescribedChunks(snapshot, index, signal);
      const room = limit === undefined ? missing.length : Math.max(0, limit - described - failed);
      const wanted = missing.slice(0, room);
      const contents = chunkContents(snapshot.segments.segments, new Set(wanted.map(({ doc }) => doc)));
      const chunks = wanted.flatMap((chunk) => {
        const key = contents.get(chunk.doc);
        return key === undefined ? [] : [{ ...chunk, key }];
      });
      const before = { tokens, done: described + failed };
      const made = await describeChunks(client, log, snapshot, chunks, {
        signal,
        maxChars: config.maxChars,
        concurrency: config.concurrency,
        budgetTokens: budget === null ? null : budget - tokens.input - tokens.output,
        onProgress: (done, spent) => {
          const { input, output } = addTokens(before.tokens, spent);
          const what = `${input + output} tokens`;
          const total = before.done + chunks.length;
          onProgress?.({ phase: 'describe', done: before.done + done, total, unit: 'chunks', bytes: 0, what });
        },
      });
      tokens = addTokens(tokens, made.tokens);
      described += made.described;
      failed += made.failed;
      failure = made.failure ?? failure;
      left += missing.length - made.described - made.failed;
      const now = index.of(snapshot);
      if (now !== null && made.described > 0) await this.embedAll(snapshot, now, signal);
    }
    const cost = costOf(tokens, config);
    return {
      model: config.model,
      described,
      failed,
      ...(failure === null ? {} : { failure }),
      left,
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      ...(cost === null ? {} : { cost }),
      tookMs: elapsedMs() - startMs,
    };
  }

  /** Describes in the background what a search has seen, where the settings say so and this process stays. */
  continueWith(snapshot: Snapshot): void {
    const { describe } = this.shared.settings;
    if (describe?.background !== true || !this.shared.options.offThread || this.background !== null) return;
    if (elapsedMs() < this.restUntilMs) return;
    const { input, output } = this.spentInBackground;
    const budgetTokens = describe.budgetTokens === null ? undefined : describe.budgetTokens - input - output;
    if (budgetTokens !== undefined && budgetTokens <= 0) return;
    const held = snapshot.retain();
    const { signal } = this.closing;
    this.background = this.describe([held], { signal, ...(budgetTokens !== undefined && { budgetTokens }) })
      .then(({ described, inputTokens, outputTokens }) => {
        this.spentInBackground = addTokens(this.spentInBackground, { input: inputTokens, output: outputTokens });
        // Nothing was left, or nothing could be done: the next search need not look at once.
        if (described === 0) this.restUntilMs = elapsedMs() + restMs / 20;
      })
      .catch((error: unknown) => {
        this.restUntilMs = elapsedMs() + restMs;
        if (!signal.aborted) this.shared.note(`chunks could not be described: ${toldOf(error)}`);
      })
      .finally(() => {
        held.release();
        this.background = null;
      });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.background;
    this.client?.close();
  }

  /** Whose descriptions are searched. */
  private describer(): string | null {
    const { describe } = this.shared.settings;
    if (describe !== null) return describerId(describe.model);
    let best: string | null = null;
    for (const id of this.shared.store.describers().sort())
      if (best === null || this.open(id).index.version > this.open(best).index.version) best = id;
    return best;
  }

  private open(id: string): { readonly log: DescriptionLog; readonly index: DescriptionIndex } {
    let opened = this.opened.get(id);
    if (opened === undefined) {
      const log = this.shared.store.descriptions(id);
      this.opened.set(id, (opened = { log, index: new DescriptionIndex(log) }));
    }
    return opened;
  }

  private openForWriting() {
    const { describe } = this.shared.settings;
    if (describe === null) throw noModel('describing needs a model');
    this.client ??= new ChatClient(describe, { setting: 'describe' });
    return { config: describe, client: this.client, ...this.open(describerId(describe.model)) };
  }

  private async embedAll(
    snapshot: Snapshot,
    described: DescribedSnapshot,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const id = this.describer();
    for (const embedder of await this.shared.embeddings.all()) {
      try {
        const call = signal === undefined ? {} : { signal };
        (await this.embed(snapshot, described, describedSpace(embedder, id!), call)).release();
        return;
      } catch (error) {
        throwIfAborted(signal);
        this.shared.note(`descriptions could not be embedded: ${toldOf(error)}`);
      }
    }
  }

  /** The snapshot, retained, over segments that have the vectors of what is said of its chunks: those that are missing are made. */
  private async embed(
    snapshot: Snapshot,
    described: DescribedSnapshot,
    embedder: Embedder,
    call: CallOptions,
  ): Promise<Snapshot> {
    const { snapshots } = this.shared;
    const { share } = await vectorCoverage(snapshot, { space: embedder.space });
    const hasAll = Math.round(share * snapshot.docCount) >= described.count;
    if (hasAll || this.shared.isWriting) return snapshot.retain();
    const { embedMissing } = await loadIndexing();
    await embedMissing(snapshots, snapshot, embedder, {
      signal: call.signal,
      asWriter: (action) => this.shared.asWriter(call, action),
      textOf: (doc) => {
        const text = described.textOf(doc);
        return text === undefined ? null : { text, language: 'text', symbols: [], scopes: [] };
      },
    });
    return snapshots.openLatest(snapshot.root, snapshot);
  }
}

/** The embedder in a space of its own: what is said of a chunk is not what the chunk says. */
const describedSpace = (embedder: Embedder, describer: string): Embedder => ({
  space: { ...embedder.space, model: `${embedder.space.model}, descriptions ${describer}` },
  isRemote: embedder.isRemote,
  embedQuery: (text, signal) => embedder.embedQuery(text, signal),
  embedChunks: (chunks, signal) => embedder.embedChunks(chunks, signal),
  close: () => Promise.resolve(),
});

const plannedOf = (
  { path, startLine, gain }: UndescribedChunk,
  { url, body, tokens }: ChatRequest,
  cost: number | null,
): PlannedDescription => ({
  path,
  startLine,
  gain,
  url,
  body,
  inputTokens: tokens.input,
  outputTokens: tokens.output,
  ...(cost === null ? {} : { cost }),
});
