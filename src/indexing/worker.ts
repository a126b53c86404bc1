import { createChunker, serveJobs } from '../chunking/index.js';
import { Analyzer } from '../text/index.js';
import { analyzeFile } from './file-analysis.js';
import type { FileRequest } from './file-analysis.js';

// A worker thread: each job is a file, each answer its analysis, whose arrays are moved, not copied.
const chunker = await createChunker();
const analyzer = new Analyzer();

serveJobs((request: FileRequest) => {
  const analysis = analyzeFile(chunker, analyzer, request);
  const { keys, numbers, grams, termHigh, termLow, frequencies } = analysis;
  const arrays = [keys, numbers, grams, termHigh, termLow, frequencies].filter(({ length }) => length > 0);
  return { result: analysis, transfer: arrays.map(({ buffer }) => buffer as ArrayBuffer) };
});
