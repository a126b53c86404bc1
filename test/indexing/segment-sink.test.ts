import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { SegmentSink } from '../../src/indexing/index.js';
import { asOid } from '../../src/model/index.js';
import type { DocId, FileId } from '../../src/model/index.js';
import { SnapshotStore } from '../../src/snapshot/index.js';
import type { Store } from '../../src/store/index.js';
import { keyOf, makeChunk, makeStore } from '../segment/support.js';

let store: Store;
let snapshots: SnapshotStore;
afterEach(() => {
  snapshots.close();
  store.close();
});

function open(): SegmentSink {
  store = makeStore();
  snapshots = new SnapshotStore(store);
  return new SegmentSink(snapshots);
}

const addFile = (sink: SegmentSink, name: string, docs: DocId[]): FileId =>
  sink.addFile(keyOf(name), {
    oid: asOid('0'.repeat(40)),
    language: 0,
    sizeBytes: docs.length,
    skipped: null,
    generated: false,
    exactOnly: false,
    docs,
    diagnostics: [],
  });

test('what is added while a segment is written goes to the next, and is known all the time', async () => {
  const sink = open();
  const docs: DocId[] = [];
  const files: FileId[] = [];
  const publishing: Promise<void>[] = [];
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 20; i++) docs.push(sink.addChunk(makeChunk(`text ${round} ${i}`)));
    expect(sink.addChunk(makeChunk('text 0 0'))).toBe(docs[0]);
    files.push(addFile(sink, `file ${round}`, docs.slice(round * 10)));
    publishing.push(sink.publish()); // not awaited
    for (const [i, file] of files.entries()) {
      expect(sink.findFile(keyOf(`file ${i}`))).toBe(file);
      expect(sink.fileRecord(file).docs).toEqual(docs.slice(i * 10, (i + 1) * 20));
    }
    if (round === 3) await publishing[1];
  }
  expect(docs).toEqual(docs.map((_, i) => i));
  await Promise.all(publishing);
  expect(store.catalog.segments().map((segment) => segment.docs)).toEqual(
    [0, 1, 2, 3, 4, 5].map((n) => [n * 20, n * 20 + 20]),
  );
  for (const file of files) expect(snapshots.segments().file(file)).toEqual(sink.fileRecord(file));
  expect(snapshots.segments().chunkText(docs.at(-1)!)).toBe('text 5 19');
});

test('what is older than half a minute is published before more is added', async () => {
  const sink = open();
  const hasty = new SegmentSink(snapshots, { publishedEveryMs: 0 });
  expect(hasty.isFull).toBe(false); // there is nothing
  for (const one of [sink, hasty]) one.addChunk(makeChunk('some text'));
  expect([sink.isFull, hasty.isFull]).toEqual([false, true]);
  await hasty.publish();
  expect(hasty.isFull).toBe(false);
  hasty.abandon();
  expect(store.catalog.segments().map(({ docs }) => docs)).toEqual([[0, 1]]);
  sink.abandon();
});

test('a segment that cannot be written takes those after it along, and leaves no file', async () => {
  const sink = open();
  const folder = join(store.path, 'segments');
  mkdirSync(join(folder, 's1.seg/in-the-way'), { recursive: true });
  sink.addChunk(makeChunk('kept'));
  await sink.publish();
  sink.addChunk(makeChunk('lost'));
  const first = sink.publish();
  sink.addChunk(makeChunk('lost too'));
  const second = sink.publish();
  const failures = await Promise.allSettled([first, second]);
  expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  sink.addChunk(makeChunk('dropped'));
  sink.abandon();
  expect(readdirSync(folder).sort()).toEqual(['s0.seg', 's1.seg']);
  expect(store.catalog.segments().map(({ id }) => id)).toEqual(['s0']);
});
