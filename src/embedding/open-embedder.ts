import type { EmbeddingConfig } from './config.js';
import type { Embedder } from './embedder.js';

export interface OpenEmbedderOptions {
  /** Called with a note for people: where text is sent. */
  readonly onNote?: ((note: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the embedder that the user chose. Asks an endpoint, or reads a model: EMBEDDER_UNAVAILABLE, EMBEDDER_REFUSED,
 * EMBEDDER_INVALID or CONFIG_INVALID when there is none.
 */
export async function openEmbedder(config: EmbeddingConfig, options: OpenEmbedderOptions = {}): Promise<Embedder> {
  switch (config.provider) {
    case 'openai': {
      const { HttpEmbedder } = await import('./http-embedder.js');
      return HttpEmbedder.open(config, options);
    }
    case 'onnx': {
      const { OnnxEmbedder } = await import('./onnx-embedder.js');
      return OnnxEmbedder.open(config);
    }
  }
}
