import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { EmbeddingSpace } from '../model/index.js';
import { StaticEmbedder } from './static-embedder.js';
import { StaticModel, readHead } from './static-model.js';

const fileName = 'coppice-code.model';
let model: StaticModel | null | undefined;
let space: EmbeddingSpace | null | undefined;

/** The space of the model that comes with Coppice, or null when its file is not there: then there are no vectors. */
export function bundledSpace(): EmbeddingSpace | null {
  if (space !== undefined) return space;
  const path = modelPath();
  return (space = path === null ? null : readHead(readStart(path)).space);
}

/** An embedder with the model that comes with Coppice, or null. The model is read once for a thread; 12 MB. */
export function createBundledEmbedder(): StaticEmbedder | null {
  if (model === undefined) {
    const path = modelPath();
    model = path === null ? null : StaticModel.load(readFileSync(path));
  }
  return model === null ? null : new StaticEmbedder(model);
}

/** Beside the sources, or beside the first of the bundle's parent folders that has it. */
function modelPath(): string | null {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    for (const folder of [at, join(at, 'dist'), join(at, 'src', 'embedding')]) {
      if (existsSync(join(folder, fileName))) return join(folder, fileName);
    }
    if (dirname(at) === at) return null;
  }
}

/** Enough to have the head. */
function readStart(path: string): Buffer {
  const start = Buffer.alloc(4096);
  const fd = openSync(path, 'r');
  try {
    return start.subarray(0, readSync(fd, start, 0, start.length, 0));
  } finally {
    closeSync(fd);
  }
}
