import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Segment, SegmentList, createSegmentCaches, noId, renumberSegments } from '../../src/segment/index.js';
import { MemoryFiles } from '../../src/store/index.js';
import { readGramPostings, readTermPostings } from '../../src/text/index.js';
import { addSegment, makeStore } from './support.js';

const words = [
  'alpha',
  'betaGamma',
  "it's",
  '"a \\n b"',
  '// note',
  '/* long',
  '*/',
  '名前の検索',
  'x1',
  'HTTPServer',
  '\t',
  '=>',
  'naïve',
];
const text = fc.array(fc.oneof(fc.constantFrom(...words), fc.stringMatching(/^[a-f_]{1,6}$/)), {
  minLength: 1,
  maxLength: 20,
});

/** What a segment's lists say of its docs, by what these are called. */
function postings(segment: Segment, nameOf: (doc: number) => string | null): string[] {
  const all: string[] = [];
  const add = (what: string, doc: number): void => {
    const name = nameOf(doc);
    if (name !== null) all.push(`${what} ${name}`);
  };
  for (const { high, docCount, bytes } of segment.grams.lists())
    readGramPostings(bytes, docCount, segment.docCount, (doc) => add(`gram ${high}`, doc));
  for (const { high, low, bytes } of segment.terms.lists())
    readTermPostings(bytes, (doc, frequencies) => add(`term ${high} ${low} ${frequencies}`, doc));
  return all.sort();
}

test('of a few chunks of a large segment the lists are those that it has of them', async () => {
  const store = makeStore();
  const texts = fc.sample(text, { numRuns: 700, seed: 5 }).map((parts, i) => `${parts.join(' ')} ${i}\n`);
  await addSegment(store, { texts, files: 1 });
  const list = SegmentList.open(store, store.catalog.segments(), null, createSegmentCaches(1e6, 1e6));
  const [segment] = list.segments as [Segment];
  const read = { lists: 0 };
  const lists = segment.grams.lists.bind(segment.grams);
  segment.grams.lists = () => (read.lists++, lists());
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat({ max: 699 }), { minLength: 1, maxLength: 40 }), async (chosen) => {
      const docs = chosen.sort((a, b) => a - b);
      const numbers = {
        docs: new Int32Array(700).fill(noId),
        files: new Int32Array(1).fill(noId),
        trees: new Int32Array(1).fill(noId),
        commits: new Int32Array(0),
      };
      docs.forEach((doc, i) => (numbers.docs[doc] = i));
      const files = new MemoryFiles();
      const first = { doc: 0, file: 0, tree: 0, commit: 0, segment: 0 };
      read.lists = 0;
      const { entry } = await renumberSegments(files, [{ segment, numbers, refer: () => 0 }], first, { id: 'few' });
      expect(read.lists).toBe(0);
      const made = Segment.open(files, entry, createSegmentCaches(1e6, 1e6));
      expect(postings(made, (doc) => String(docs[doc]))).toEqual(
        postings(segment, (doc) => (docs.includes(doc) ? String(doc) : null)),
      );
    }),
    { numRuns: 15 },
  );
  list.release();
  store.close();
});
