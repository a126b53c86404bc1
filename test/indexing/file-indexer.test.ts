import { expect, test } from 'vitest';
import { SegmentSink, defaultRules } from '../../src/indexing/index.js';
import type { AnalysisPool, ObjectSource } from '../../src/indexing/index.js';
import type { FileAnalysis } from '../../src/indexing/analysis/file-analysis.js';
import { FileIndexer } from '../../src/indexing/file-indexer.js';
import { MissingNotes } from '../../src/indexing/missing-notes.js';
import type { PendingFile } from '../../src/indexing/planned.js';
import { asOid } from '../../src/model/index.js';
import { SnapshotStore } from '../../src/snapshot/index.js';
import { keyOf, makeStore } from '../segment/support.js';

const megabyte = 2 ** 20;
const binary = { binary: true, minified: false, generated: false, language: 0, diagnostics: [] };

test.each([
  { bytes: 2 * megabyte, most: 34 * megabyte },
  { bytes: 1000, most: 48 * 64 * 1000 },
])('of files of $bytes bytes no more than $most bytes are under way, however many workers there are', async (given) => {
  const store = makeStore();
  const snapshots = new SnapshotStore(store);
  const content = Buffer.alloc(given.bytes);
  let [read, done, highest] = [0, 0, 0];
  const source = {
    async *readBlobs(oids) {
      for (const oid of oids) {
        highest = Math.max(highest, (++read - done) * given.bytes);
        yield await Promise.resolve({ oid, size: content.length, content });
      }
    },
  } as Partial<ObjectSource> as ObjectSource;
  const pool = {
    concurrency: () => 48,
    analyze: (requests: readonly unknown[]) => Promise.resolve(requests.map(() => binary as unknown as FileAnalysis)),
  } as Partial<AnalysisPool> as AnalysisPool;
  const files = Array.from({ length: 4000 }, (_, i): PendingFile => {
    const oid = asOid(i.toString(16).padStart(40, '0'));
    const state = { id: null, missing: false, provisional: false };
    return { key: keyOf(`f${i}`), oid, path: `f${i}`, language: 'text', byName: '', ...state };
  });
  const indexer = new FileIndexer({
    sink: new SegmentSink(snapshots),
    pool,
    rules: defaultRules,
    missing: new MissingNotes(undefined),
    onFile: () => done++,
  });
  await indexer.storeFiles(files, source);
  expect(files.filter(({ id }) => id === null)).toEqual([]);
  expect(highest).toBeLessThanOrEqual(given.most + given.bytes);
  expect(highest).toBeGreaterThan(given.most / 2);
  snapshots.close();
  store.close();
});
