import { createChunker } from '../../chunking/index.js';
import { createBundledEmbedder } from '../../embedding/index.js';
import { Analyzer } from '../../text/index.js';
import { serveJobs } from '../../threads/index.js';
import { SentChunks, analyzeBatch } from './analysis-batch.js';
import type { RequestBatch } from './analysis-batch.js';

// A worker thread: each job is a batch of files, each answer their analyses.
const chunker = await createChunker();
const tools = { analyzer: new Analyzer(), embedder: createBundledEmbedder() };
const sent = new SentChunks();

serveJobs(async (batch: RequestBatch) => {
  const result = await analyzeBatch(chunker, tools, sent, batch);
  return { result, transfer: [result.buffer] };
});
