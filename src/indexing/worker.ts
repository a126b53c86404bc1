import { createChunker, serveJobs } from '../chunking/index.js';
import { Analyzer } from '../text/index.js';
import { SentChunks, analyzeBatch } from './analysis-batch.js';
import type { RequestBatch } from './analysis-batch.js';

// A worker thread: each job is a batch of files, each answer their analyses.
const chunker = await createChunker();
const analyzer = new Analyzer();
const sent = new SentChunks();

serveJobs((batch: RequestBatch) => {
  const result = analyzeBatch(chunker, analyzer, sent, batch);
  return { result, transfer: [result.buffer] };
});
