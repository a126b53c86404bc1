import { setMaxListeners } from 'node:events';
import { basename, dirname, extname } from 'node:path';

import { CoppiceError, throwIfAborted, yieldToEventLoop, messageOf } from '../base/index.js';
import type { OnnxEmbedderConfig } from './config.js';
import { documentText, queryText, revisionOf } from './document.js';
import type { TextRules } from './document.js';
import type { EmbeddingSpace } from '../model/index.js';
import type { ChunkText, Embedder } from './embedder.js';
import { Limiter, LinkedAbort } from '../endpoint/index.js';
import { readOnnxDirectory } from './onnx-directory.js';
import type { OnnxDirectory, Pooling } from './onnx-directory.js';
import { quantize } from './static-model.js';

/** Of `@huggingface/transformers`, what is used here. */
export interface TransformersLibrary {
  readonly env: { allowRemoteModels: boolean };
  readonly AutoTokenizer: { from_pretrained(path: string, options: object): Promise<Tokenizer> };
  readonly AutoModel: { from_pretrained(path: string, options: object): Promise<Model> };
}

type Tokenizer = (text: string, options: object) => object;

interface Model {
  (inputs: object): Promise<Readonly<Record<string, Tensor | undefined>>>;
  dispose(): Promise<unknown>;
}

interface Tensor {
  readonly data: unknown;
  readonly dims: readonly number[];
}

export interface OnnxEmbedderOptions {
  /** Default: the package from where Coppice is installed. */
  readonly loadLibrary?: () => Promise<TransformersLibrary>;
}

const libraryName = '@huggingface/transformers';

/**
 * Embeds by an ONNX model of a local folder, in this process. Texts are embedded one by one: so a vector does not depend on which
 * texts it is made with, and other work gets its turn between two. Nothing is downloaded.
 */
export class OnnxEmbedder implements Embedder {
  readonly isRemote = false;
  private readonly limiter = new Limiter(1);
  private readonly closing = new AbortController();

  private constructor(
    readonly space: EmbeddingSpace,
    private readonly tokenizer: Tokenizer,
    private readonly model: Model,
    private readonly config: OnnxEmbedderConfig,
    private readonly rules: TextRules,
    private readonly directory: OnnxDirectory,
  ) {
    setMaxListeners(0, this.closing.signal); // as many as there are calls
  }

  /**
   * Reads the model. CONFIG_INVALID when the folder has no such model or the library is not installed; EMBEDDER_INVALID when it
   * makes no vectors.
   */
  static async open(
    config: OnnxEmbedderConfig,
    { loadLibrary = importLibrary }: OnnxEmbedderOptions = {},
  ): Promise<OnnxEmbedder> {
    const directory = readOnnxDirectory(config);
    const rules = {
      queryPrefix: config.queryPrefix ?? directory.queryPrefix,
      documentPrefix: config.documentPrefix ?? directory.documentPrefix,
      maxChars: config.maxChars,
    };
    const library = await loadLibrary();
    library.env.allowRemoteModels = false;
    const options = {
      local_files_only: true,
      dtype: 'fp32', // no suffix is added to the file's name
      subfolder: dirname(config.file) === '.' ? '' : dirname(config.file),
      model_file_name: basename(config.file, extname(config.file)),
    };
    let tokenizer: Tokenizer;
    let model: Model;
    try {
      tokenizer = await library.AutoTokenizer.from_pretrained(config.path, options);
      model = await library.AutoModel.from_pretrained(config.path, options);
    } catch (error) {
      throw new CoppiceError('EMBEDDER_INVALID', `${config.path} cannot be loaded: ${messageOf(error)}`, {
        hint: 'export the model again, as sentence-transformers does with backend="onnx"',
        cause: error,
      });
    }
    const open = (dimension: number): OnnxEmbedder => {
      const name = config.model ?? basename(config.path);
      const space = { model: name, revision: revisionOf(config.revision, rules, directory.fingerprint), dimension };
      return new OnnxEmbedder(space, tokenizer, model, config, rules, directory);
    };
    try {
      return open((await open(0).vectorOf('dimension')).length);
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  async embedQuery(text: string, signal?: AbortSignal): Promise<Int8Array> {
    return (await this.embed([queryText(text, this.rules)], signal))[0]!;
  }

  embedChunks(chunks: readonly ChunkText[], signal?: AbortSignal): Promise<Int8Array[]> {
    return this.embed(
      chunks.map((chunk) => documentText(chunk, this.rules)),
      signal,
    );
  }

  /** Waits for the text that is being embedded. */
  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    await this.limiter.run(new AbortController().signal, () => this.model.dispose());
  }

  /** Calls take turns after each text, so a query does not wait for all of somebody's chunks. */
  private async embed(texts: readonly string[], signal: AbortSignal | undefined): Promise<Int8Array[]> {
    const stop = new LinkedAbort(signal, this.closing.signal);
    const vectors: Int8Array[] = [];
    try {
      for (const text of texts) {
        throwIfAborted(stop.signal);
        vectors.push(
          text === ''
            ? new Int8Array(this.space.dimension)
            : await this.limiter.run(stop.signal, () => this.vectorOf(text)),
        );
        await yieldToEventLoop();
      }
      throwIfAborted(stop.signal);
    } finally {
      stop.unlink();
    }
    return vectors;
  }

  private async vectorOf(text: string): Promise<Int8Array> {
    const { tokensMax } = this.directory;
    const tokens = { truncation: true, ...(tokensMax === null ? {} : { max_length: tokensMax }) };
    let outputs: Readonly<Record<string, Tensor | undefined>>;
    try {
      outputs = await this.model(this.tokenizer(text, tokens));
    } catch (error) {
      throw this.invalid(`fails: ${messageOf(error)}`, error);
    }
    const pooled = this.pooled(outputs);
    const { dimension } = this.space;
    if (pooled.length === 0 || (dimension !== 0 && pooled.length !== dimension))
      throw this.invalid(`makes ${pooled.length} components`);
    if (!pooled.every((component) => Number.isFinite(component)))
      throw this.invalid('makes components that are no finite numbers');
    const vector = new Int8Array(pooled.length);
    quantize(pooled, vector);
    return vector;
  }

  /** What the model makes of a whole text, if it does, else of its tokens. */
  private pooled(outputs: Readonly<Record<string, Tensor | undefined>>): Float32Array | Float64Array {
    const whole = outputs['sentence_embedding'];
    if (whole?.data instanceof Float32Array) return whole.data;
    const { otherSteps, pooling } = this.directory;
    if (otherSteps.length > 0)
      throw this.invalid(`has no output "sentence_embedding", and needs ${otherSteps.join(', ')}`);
    const tokens = outputs['last_hidden_state'] ?? outputs['token_embeddings'];
    const [texts, count = 0, dimension = 0] = tokens?.dims ?? [];
    if (!(tokens?.data instanceof Float32Array) || texts !== 1 || tokens.data.length !== count * dimension)
      throw this.invalid(
        'has no output "sentence_embedding", "last_hidden_state" or "token_embeddings" of 32-bit floats',
      );
    return pool(tokens.data, count, dimension, pooling);
  }

  private invalid(what: string, cause?: unknown): CoppiceError {
    return new CoppiceError('EMBEDDER_INVALID', `the model in ${this.config.path} ${what}`, {
      hint: 'export it again, as sentence-transformers does with backend="onnx"',
      cause,
    });
  }
}

/** The length of the result says nothing: vectors are compared by cosine. */
function pool(tokens: Float32Array, count: number, dimension: number, pooling: Pooling): Float32Array | Float64Array {
  const row = (i: number): Float32Array => tokens.subarray(i * dimension, (i + 1) * dimension);
  if (pooling === 'cls') return row(0);
  if (pooling === 'last') return row(count - 1);
  const pooled = new Float64Array(dimension).fill(pooling === 'max' ? -Infinity : 0);
  for (let i = 0; i < count; i++) {
    for (const [at, value] of row(i).entries())
      pooled[at] = pooling === 'max' ? Math.max(pooled[at]!, value) : pooled[at]! + value;
  }
  return pooled;
}

/** By a name that is no literal: the package is there only when the user wants it. */
async function importLibrary(): Promise<TransformersLibrary> {
  const name: string = libraryName;
  try {
    return (await import(name)) as TransformersLibrary;
  } catch (error) {
    throw new CoppiceError(
      'CONFIG_INVALID',
      `"embedding.provider": "onnx" needs the package ${name}, which cannot be loaded`,
      {
        hint: `npm install ${name} beside Coppice (with -g if Coppice was installed so), or use another provider`,
        cause: error,
      },
    );
  }
}
