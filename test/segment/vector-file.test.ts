import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  SegmentList,
  VectorFile,
  VectorFileWriter,
  createSegmentCaches,
  mergeSegments,
  vectorSpaceId,
} from '../../src/segment/index.js';
import type { EmbeddingSpace } from '../../src/model/index.js';
import type { Store } from '../../src/store/index.js';
import { addSegment, makeStore } from './support.js';

const space: EmbeddingSpace = { model: 'test', revision: '1', dimension: 5 };
const other: EmbeddingSpace = { ...space, revision: '2' };
const rowOf = (doc: number): Int8Array => Int8Array.of(doc, -doc, doc >> 4, 7, -128);

function write(store: Store, segment: string, docs: readonly number[], first = 0, of = space): void {
  const writer = new VectorFileWriter(store, segment, of);
  for (const doc of docs) writer.add(doc, rowOf(first + doc));
  writer.finish();
}

const open = (store: Store, segment: string): VectorFile | null =>
  VectorFile.open(store, segment, vectorSpaceId(space), createSegmentCaches(0, 1 << 16).vectors);

const vectorFiles = ({ path }: Store): string[] =>
  readdirSync(join(path, 'segments')).filter((name) => name.includes('.vec'));

const contents = (file: VectorFile): [number, number[]][] =>
  Array.from(file.docs(), (doc, row) => [doc, [...file.row(row)]]);

test('a file gives back its rows, and the space they are of', () => {
  const store = makeStore();
  const docs = Array.from({ length: 10_000 }, (_, i) => 3 * i);
  write(store, 's1', docs);
  const file = open(store, 's1')!;
  expect(file.space).toEqual(space);
  expect(contents(file)).toEqual(docs.map((doc) => [doc, [...rowOf(doc)]]));
  expect(VectorFile.open(store, 's1', vectorSpaceId(other), createSegmentCaches(0, 0).vectors)).toBeNull();
  file.release();
  store.close();
});

test('a damaged head is no file, a damaged row is STORE_CORRUPT and found by verifying', () => {
  const store = makeStore();
  write(
    store,
    's1',
    Array.from({ length: 20_000 }, (_, i) => i),
  );
  const path = join(store.path, 'segments', vectorFiles(store)[0]!);
  const whole = readFileSync(path);
  const damagedAt = (at: number): VectorFile | null => {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 1;
    writeFileSync(path, bytes);
    return open(store, 's1');
  };
  expect(damagedAt(whole.length - 1)).toBeNull();
  const file = damagedAt(50_000)!;
  const faults: string[] = [];
  file.verify((fault) => faults.push(fault));
  expect(faults).toHaveLength(1);
  expect(() => file.row(10_000)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }) as Error);
  file.release();
  store.close();
});

test('what is written anew is opened anew; who retains the old one can still read it', async () => {
  const store = makeStore();
  const entry = await addSegment(store, { texts: ['a', 'b', 'c'], files: 1 });
  write(store, entry.id, [1]);
  const list = SegmentList.open(store, [entry], null, createSegmentCaches(1 << 20, 1 << 20));
  const segment = list.segments[0]!;
  const id = vectorSpaceId(space);
  const old = segment.vectors(id)!.retain();
  segment.openVectors(id);
  expect(segment.vectors(id)).toBe(old);
  write(store, entry.id, [0, 1, 2]);
  segment.openVectors(id);
  expect(segment.vectors(id)!.count).toBe(3);
  expect(old.isOpen).toBe(true);
  expect(contents(old)).toEqual([[1, [...rowOf(1)]]]);
  old.release();
  expect(old.isOpen).toBe(false);
  list.release();
  store.close();
});

test('merging keeps the vectors of each space for the chunks that are kept', async () => {
  const store = makeStore();
  const entries = [
    await addSegment(store, { texts: ['a0', 'a1', 'a2', 'a3'], files: 1 }),
    await addSegment(store, { texts: ['b0', 'b1'], files: 1 }),
    await addSegment(store, { texts: ['c0', 'c1', 'c2'], files: 1 }),
  ];
  write(store, entries[0]!.id, [0, 1, 3], entries[0]!.docs[0]);
  write(store, entries[2]!.id, [1, 2], entries[2]!.docs[0]);
  write(store, entries[1]!.id, [0], entries[1]!.docs[0], other);
  const caches = createSegmentCaches(1 << 20, 1 << 20);
  const apart = SegmentList.open(store, entries, null, caches);
  const keepsAll = (): boolean => true;
  const gone = new Set([1, 7]);
  const live = { doc: (doc: number) => !gone.has(doc), file: keepsAll, tree: keepsAll, commit: keepsAll };
  const merged = await mergeSegments(store, apart.segments, store.catalog.nextIds.segment, { live });
  const ids = entries.map(({ id }) => id);
  store.record({ t: 'segments', add: [merged], remove: ids, next: store.catalog.nextIds });
  store.removeSegmentFiles(ids);
  expect(vectorFiles(store).sort()).toEqual(
    [space, other].map((one) => `${merged.id}.${vectorSpaceId(one)}.vec`).sort(),
  );
  const file = open(store, merged.id)!;
  expect(contents(file)).toEqual([0, 3, 8].map((doc) => [doc, [...rowOf(doc)]]));
  file.release();
  // Who has them open reads on.
  expect(contents(apart.segments[0]!.vectors(vectorSpaceId(space))!).map(([doc]) => doc)).toEqual([0, 1, 3]);
  apart.release();
  store.close();
});
