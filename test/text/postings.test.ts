import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitSet, ByteWriter } from '../../src/base/index.js';
import {
  isDenseGramList,
  packFrequencies,
  readGramPostings,
  retainGramPostings,
  selectGramPostings,
  readTermPostings,
  writeGramPostings,
  writeTermPosting,
} from '../../src/text/index.js';

const ascending = (max: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(fc.nat(max), { maxLength: 400 }).map((list) => list.sort((a, b) => a - b));

test('gram postings, sparse and dense, read as they were written', () => {
  const list = fc.oneof(
    fc.tuple(ascending(500), fc.constant(501)),
    fc.tuple(ascending(100_000), fc.constant(100_001)),
    fc.tuple(ascending(2 ** 30), fc.constant(2 ** 30 + 1)),
    fc.tuple(fc.constant(Array.from({ length: 300 }, (_, i) => i)), fc.constant(300)),
  );
  fc.assert(
    fc.property(list, ([docs, docCount]) => {
      const writer = new ByteWriter();
      writeGramPostings(writer, docs, 0, docs.length, docCount);
      const read: number[] = [];
      readGramPostings(writer.view(), docs.length, docCount, (doc) => read.push(doc));
      expect(read).toEqual(docs);
      if (docCount > 200_000) return; // too many to list
      const wanted = Array.from({ length: docCount }, (_, doc) => doc).filter((doc) => doc % 3 === 0);
      const kept = docs.filter((doc) => doc % 3 === 0);
      expect(retainGramPostings(writer.view(), docs.length, docCount, wanted)).toEqual(kept);
      const visible = new BitSet(docCount + 5);
      for (const doc of wanted) visible.add(doc + 5);
      expect(selectGramPostings(writer.view(), docs.length, docCount, visible, 5, docCount + 5)).toEqual(kept);
      const half = docCount >>> 1;
      const early = new BitSet(docCount + 5);
      for (const doc of wanted) if (doc < half) early.add(doc + 5);
      const selected = selectGramPostings(writer.view(), docs.length, docCount, early, 5, half + 5);
      expect(selected).toEqual(kept.filter((doc) => doc < half));
    }),
  );
  expect(isDenseGramList(65, 500)).toBe(true);
  expect(isDenseGramList(64, 64)).toBe(false);
});

test('term postings read as they were written', () => {
  const frequencies = fc.tuple(fc.nat(40), fc.nat(5), fc.nat(5)).map(([a, b, c]) => packFrequencies(a + 1, b, c));
  fc.assert(
    fc.property(ascending(2 ** 29), fc.infiniteStream(frequencies), (docs, stream) => {
      const packed = docs.map(() => stream.next().value as number);
      const writer = new ByteWriter();
      docs.forEach((doc, i) => writeTermPosting(writer, doc - (docs[i - 1] ?? -1) - 1, packed[i]!));
      const read: [number, number][] = [];
      readTermPostings(writer.view(), (doc, value) => read.push([doc, value]));
      expect(read).toEqual(docs.map((doc, i) => [doc, packed[i]]));
    }),
  );
});
