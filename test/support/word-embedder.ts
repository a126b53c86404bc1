import { setTimeout as delay } from 'node:timers/promises';
import type { ChunkText, Embedder } from '../../src/embedding/index.js';

const dimension = 24;

/** Adds up words by a hash of each, and takes its time. */
export class WordEmbedder implements Embedder {
  readonly space = { model: 'words', revision: '', dimension };
  readonly isRemote = false;

  constructor(private readonly delayMs = 0) {}

  embedQuery(text: string): Promise<Int8Array> {
    return Promise.resolve(vectorOf(text));
  }

  async embedChunks(chunks: readonly ChunkText[]): Promise<Int8Array[]> {
    if (this.delayMs > 0) await delay(this.delayMs);
    return chunks.map(({ text }) => vectorOf(text));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function vectorOf(text: string): Int8Array {
  const vector = new Int8Array(dimension);
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
    let hash = 7;
    for (let i = 0; i < word.length; i++) hash = (Math.imul(hash, 31) + word.charCodeAt(i)) >>> 0;
    const at = hash % dimension;
    vector[at] = Math.min(127, vector[at]! + 1);
  }
  return vector;
}
