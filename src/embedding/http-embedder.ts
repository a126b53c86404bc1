import { CoppiceError, asCoppiceError } from '../base/index.js';
import type { HttpEmbedderConfig } from './config.js';
import { cutOff, documentText, queryText, revisionOf } from './document.js';
import type { TextRules } from './document.js';
import type { EmbeddingSpace } from '../model/index.js';
import type { ChunkText, Embedder } from './embedder.js';
import { JsonEndpoint, Limiter, LinkedAbort, embedderCodes } from '../endpoint/index.js';
import type { PostOptions } from '../endpoint/index.js';
import { quantize } from './static-model.js';

export interface HttpEmbedderOptions {
  /** Told once, before the first chunk is sent, where they go. */
  readonly onNote?: ((note: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** See JsonEndpoint. */
  readonly backoffMs?: number;
}

/** A request has no more text than this, in bytes, unless a single text has. */
const batchBytesMax = 256 * 1024;
/** A search does not wait longer for the query's vector. */
const queryTimeoutMs = 10_000;
const queryPatienceMs = 1000;
/** What a server refuses is cut in half down to this many characters. */
const charsMin = 256;
const dimensionMax = 16_384;

/**
 * Embeds by any server that speaks OpenAI's embeddings API: Ollama, Text Embeddings Inference, vLLM, and hosted ones. A text that
 * the server finds too long is shortened until it does not. Queries do not wait for chunks.
 */
export class HttpEmbedder implements Embedder {
  readonly isRemote = true;
  private readonly limiter: Limiter;
  private isAnnounced = false;

  private constructor(
    readonly space: EmbeddingSpace,
    private readonly endpoint: JsonEndpoint,
    private readonly config: HttpEmbedderConfig,
    private readonly rules: TextRules,
    private readonly onNote: HttpEmbedderOptions['onNote'],
  ) {
    this.limiter = new Limiter(config.concurrency);
  }

  /** Asks the endpoint how many components its vectors have, unless the configuration asks for some number. Errors as of `embedQuery`. */
  static async open(config: HttpEmbedderConfig, options: HttpEmbedderOptions = {}): Promise<HttpEmbedder> {
    const { apiKeyEnv, model, revision, timeoutMs } = config;
    const endpoint = new JsonEndpoint({
      ...options,
      endpoint: config.endpoint,
      apiKeyEnv,
      setting: 'embedding',
      codes: embedderCodes,
    });
    const rules = {
      queryPrefix: config.queryPrefix ?? '',
      documentPrefix: config.documentPrefix ?? '',
      maxChars: config.maxChars,
    };
    const spaceOf = (dimension: number): EmbeddingSpace => ({
      model,
      revision: revisionOf(revision, rules),
      dimension,
    });
    const open = (dimension: number): HttpEmbedder =>
      new HttpEmbedder(spaceOf(dimension), endpoint, config, rules, options.onNote);
    if (config.dimensions !== null) return open(config.dimensions);
    const vectors = await open(0).ask(['dimension'], {
      signal: options.signal,
      timeoutMs,
      patienceMs: queryPatienceMs,
    });
    return open(vectors[0]!.length);
  }

  /** EMBEDDER_UNAVAILABLE, EMBEDDER_REFUSED or EMBEDDER_INVALID when the endpoint gives no vector; ABORTED. */
  async embedQuery(text: string, signal?: AbortSignal): Promise<Int8Array> {
    const asked = queryText(text, this.rules);
    if (asked === '') return new Int8Array(this.space.dimension);
    const timeoutMs = Math.min(queryTimeoutMs, this.config.timeoutMs);
    return (await this.ask([asked], { signal, timeoutMs, patienceMs: queryPatienceMs }))[0]!;
  }

  /** Errors as of `embedQuery`; then the endpoint is asked for no more of these chunks. */
  async embedChunks(chunks: readonly ChunkText[], signal?: AbortSignal): Promise<Int8Array[]> {
    const vectors = chunks.map((): Int8Array => new Int8Array(this.space.dimension));
    const texts = chunks.map((chunk) => documentText(chunk, this.rules));
    const stop = new LinkedAbort(signal);
    let failure: CoppiceError | null = null as CoppiceError | null;
    const embed = async (batch: readonly number[]): Promise<void> => {
      try {
        const made = await this.limiter.run(stop.signal, () => {
          this.announce();
          return this.askForDocuments(
            batch.map((i) => texts[i]!),
            stop.signal,
          );
        });
        for (const [at, i] of batch.entries()) vectors[i] = made[at]!;
      } catch (error) {
        failure ??= asCoppiceError(error);
        stop.abort();
      }
    };
    try {
      await Promise.all(batchesOf(texts, this.config.batchSize).map(embed));
    } finally {
      stop.unlink();
    }
    if (failure !== null) throw failure;
    return vectors;
  }

  close(): Promise<void> {
    this.endpoint.close();
    return Promise.resolve();
  }

  private announce(): void {
    if (this.isAnnounced) return;
    this.isAnnounced = true;
    this.onNote?.(
      `text is sent to ${this.endpoint.shownAddress} to be embedded, that of files that look like secrets excepted`,
    );
  }

  /** What the server refuses as a batch is asked for in halves, and a single text is cut in half. */
  private async askForDocuments(texts: readonly string[], signal: AbortSignal): Promise<Int8Array[]> {
    const { timeoutMs } = this.config;
    try {
      return await this.ask(texts, { signal, timeoutMs, patienceMs: 2 * timeoutMs });
    } catch (error) {
      if (!mayBeTooLong(error)) throw error;
      if (texts.length > 1) {
        const half = texts.length >> 1;
        const first = await this.askForDocuments(texts.slice(0, half), signal);
        return [...first, ...(await this.askForDocuments(texts.slice(half), signal))];
      }
      const [text] = texts as [string];
      if (text.length < 2 * charsMin) throw error;
      return this.askForDocuments([cutOff(text, text.length >> 1)], signal);
    }
  }

  private async ask(input: readonly string[], options: PostOptions): Promise<Int8Array[]> {
    const { model, dimensions } = this.config;
    const body = { model, input, encoding_format: 'float', ...(dimensions === null ? {} : { dimensions }) };
    const answer = await this.endpoint.post('/embeddings', body, options);
    return this.readVectors(answer, input.length);
  }

  /** Vectors of the space's dimension, or of any while that is not known: 0. */
  private readVectors(answer: unknown, count: number): Int8Array[] {
    const rows = (answer as { data?: unknown } | null)?.data;
    if (!Array.isArray(rows)) throw this.endpoint.invalid('its answer has no "data"');
    if (rows.length !== count)
      throw this.endpoint.invalid(`its answer has ${rows.length} vectors, and ${count} were asked for`);
    const vectors = new Array<Int8Array | undefined>(count).fill(undefined);
    for (const [at, row] of (rows as ({ index?: unknown; embedding?: unknown } | null)[]).entries()) {
      const index = row?.index ?? at;
      if (typeof index !== 'number' || !(index in vectors) || vectors[index] !== undefined)
        throw this.endpoint.invalid('its answer does not say which vector is of which text');
      vectors[index] = this.readVector(row?.embedding);
    }
    return vectors as Int8Array[];
  }

  private readVector(embedding: unknown): Int8Array {
    const components = typeof embedding === 'string' ? decodeFloats(embedding) : embedding;
    if (!(components instanceof Float32Array || Array.isArray(components)))
      throw this.endpoint.invalid('its answer has no "embedding" that is a list of numbers');
    const { dimension } = this.space;
    if (
      components.length === 0 ||
      components.length > dimensionMax ||
      (dimension !== 0 && components.length !== dimension)
    )
      throw this.endpoint.invalid(
        `a vector has ${components.length} components, and ${dimension === 0 ? `1 to ${dimensionMax}` : dimension} were expected`,
      );
    if (!components.every((component) => Number.isFinite(component)))
      throw this.endpoint.invalid('a vector has components that are no finite numbers');
    const vector = new Int8Array(components.length);
    quantize(Float64Array.from(components as ArrayLike<number>), vector);
    return vector;
  }
}

/** Numbers of texts that go into one request each, in order. Those with nothing in them need none. */
function batchesOf(texts: readonly string[], batchSize: number): number[][] {
  const batches: number[][] = [];
  let batchBytes = Infinity;
  for (const [i, text] of texts.entries()) {
    if (text === '') continue;
    const bytes = Buffer.byteLength(text);
    if (batchBytes + bytes > batchBytesMax || batches.at(-1)!.length >= batchSize) {
      batches.push([]);
      batchBytes = 0;
    }
    batches.at(-1)!.push(i);
    batchBytes += bytes;
  }
  return batches;
}

/** How servers say that they cannot take so much: 400, 413 or 422. */
const mayBeTooLong = (error: unknown): boolean =>
  error instanceof CoppiceError &&
  error.code === 'EMBEDDER_REFUSED' &&
  [400, 413, 422].includes(Number(error.data['status']));

/** Base64 of little-endian 32-bit floats, or null. */
function decodeFloats(base64: string): Float32Array | null {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length % 4 !== 0) return null;
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}
