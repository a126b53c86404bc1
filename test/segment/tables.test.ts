import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimeSlices, contentHash } from '../../src/base/index.js';
import { createSegmentCaches } from '../../src/segment/index.js';
import { KeyTable, writeKeyTable } from '../../src/segment/tables/key-table.js';
import { PostingTable, PostingTableWriter } from '../../src/segment/tables/posting-table.js';
import { RecordBlocks, RecordBlocksWriter } from '../../src/segment/tables/record-blocks.js';
import type { Store } from '../../src/store/index.js';
import type { ReadableFile, WritableFile } from '../../src/store/index.js';
import { makeStore } from './support.js';

let sequence = 0;
let store: Store | undefined;

/** Writes a section between other bytes and opens it. */
async function withFile<T>(
  write: (file: WritableFile) => T | Promise<T>,
): Promise<{ file: ReadableFile; location: T }> {
  store ??= makeStore();
  const id = `s${sequence++}`;
  const writer = store.createSegmentFile(id);
  writer.write(Buffer.alloc(sequence % 40_000, 7));
  const location = await write(writer);
  writer.write(Buffer.alloc(33, 9));
  writer.finish(Buffer.from('root'));
  const file = store.openSegmentFile(id);
  expect(file.readRoot().toString()).toBe('root');
  expect(file.path).toBe(join(store.path, 'segments', `${id}.seg`));
  return { file, location };
}

test.each([0, 1, 2, 17, 1000, 20_000])('a table of %i keys finds each, and no other', async (count) => {
  const keys = Array.from({ length: count }, (_, i) => contentHash(`key ${i}`));
  const { file, location } = await withFile((writer) => writeKeyTable(writer, keys, new TimeSlices()));
  const table = new KeyTable(file, location);
  expect(table.count).toBe(count);
  for (let i = 0; i < count; i += 1 + Math.floor(count / 500)) expect(table.find(keys[i]!)).toBe(i);
  for (let i = 0; i < 300; i++) expect(table.find(contentHash(`other ${i}`))).toBe(-1);
  expect(table.find(Buffer.alloc(16))).toBe(-1);
  expect(table.find(Buffer.alloc(16, 0xff))).toBe(-1);
  const rows = [...table.rows()].map(({ key, number }) => `${key.toString('hex')} ${number}`);
  expect(rows).toEqual(keys.map((key, i) => `${key.toString('hex')} ${i}`).sort());
  file.close();
});

test('keys that are not spread evenly are found too', async () => {
  const keys = Array.from({ length: 3000 }, (_, i) => {
    const key = contentHash(`key ${i}`);
    key.fill(0, 0, 4);
    return key;
  });
  const { file, location } = await withFile((writer) => writeKeyTable(writer, keys, new TimeSlices()));
  const table = new KeyTable(file, location);
  for (const [i, key] of keys.entries()) expect(table.find(key)).toBe(i);
  file.close();
});

test('posting tables give back their lists', async () => {
  const row = fc.record({
    high: fc.oneof(fc.nat(50), fc.nat(0xffffffff)),
    low: fc.oneof(fc.nat(3), fc.nat(0xffffffff)),
    length: fc.oneof(fc.nat(5), fc.nat(300), fc.constantFrom(4095, 4096, 4097, 20_000)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 80, size: 'max' }), fc.boolean(), async (rows, wide) => {
      const byKey = new Map(
        rows.map((one) => [wide ? `${one.high}:${one.low}` : `${one.high}:0`, { ...one, low: wide ? one.low : 0 }]),
      );
      const sorted = [...byKey.values()].sort((a, b) => a.high - b.high || a.low - b.low);
      const { file, location } = await withFile((writer) => {
        const table = new PostingTableWriter(writer, wide);
        for (const { high, low, length } of sorted) table.add(high, low, length + 1, Buffer.alloc(length, high & 255));
        return table.finish();
      });
      const table = new PostingTable(file, location, wide);
      expect(location.keyCount).toBe(sorted.length);
      const expected = sorted.map(({ high, low, length }) => ({ high, low, docCount: length + 1, length }));
      expect(
        [...table.lists()].map(({ high, low, docCount, bytes }) => ({ high, low, docCount, length: bytes.length })),
      ).toEqual(expected);
      for (const { high, low, length } of sorted) {
        const list = table.find(high, low)!;
        expect([list.docCount, list.bytes.equals(Buffer.alloc(length, high & 255))]).toEqual([length + 1, true]);
        if (!byKey.has(`${high + 1}:${low}`)) expect(table.find(high + 1, low)).toBeNull();
      }
      if (!wide) {
        const found: (readonly [key: number, length: number])[] = [];
        const asked = sorted.flatMap(({ high }, i) => (i % 4 === 3 ? [] : [high, high + 1]));
        const keys = [0, ...asked, 0xfffffffe].sort((a, b) => a - b).filter((key, i, all) => key !== all[i - 1]);
        table.forEachList(keys, (key, list) => found.push([key, list.length]));
        const there = sorted.filter(({ high }) => keys.includes(high));
        expect(found).toEqual(there.map(({ high, length }) => [high, length]));
      }
      file.close();
    }),
    { numRuns: 60 },
  );
});

test('record blocks give back every record, however long', async () => {
  const record = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.constantFrom(0, 1, 1023, 1024, 1025, 5000).map((length) => Buffer.alloc(length, 5)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 60, size: 'max' }), async (records) => {
      const { file, location } = await withFile((writer) => {
        const blocks = new RecordBlocksWriter(writer, 1024);
        for (const one of records) blocks.add(one);
        return blocks.finish();
      });
      const blocks = new RecordBlocks(file, location, createSegmentCaches(4000, 0).blocks);
      expect(blocks.count).toBe(records.length);
      for (const number of [...records.keys(), ...[...records.keys()].reverse()]) {
        expect(Buffer.compare(blocks.get(number), records[number]!)).toBe(0);
      }
      file.close();
    }),
    { numRuns: 60 },
  );
});

test('many empty records make small blocks', async () => {
  const { file, location } = await withFile((writer) => {
    const blocks = new RecordBlocksWriter(writer, 1024);
    for (let i = 0; i < 50_000; i++) blocks.add(Buffer.alloc(0));
    blocks.add(Buffer.from('last'));
    return blocks.finish();
  });
  const blocks = new RecordBlocks(file, location, createSegmentCaches(1e6, 0).blocks);
  expect(blocks.get(50_000).toString()).toBe('last');
  expect(blocks.get(0)).toHaveLength(0);
  expect(blocks.blockOf(25_000).recordCount).toBeLessThan(5000);
  file.close();
});
