import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimeSlices } from '../../src/base/index.js';
import { SegmentList, createSegmentCaches, mergeSegments } from '../../src/segment/index.js';
import type { LiveIds } from '../../src/segment/index.js';
import type { SegmentEntry } from '../../src/store/index.js';
import { readGramPostings, readTermPostings } from '../../src/text/index.js';
import { addSegment, keyOf, makeStore } from './support.js';
import type { SegmentSpec } from './support.js';

const text = fc
  .array(fc.constantFrom('parse', 'query', 'Builder', 'größe', '\n', '\n', ' // ', 'x', 'foo(bar)'), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => parts.join(' '));
const spec: fc.Arbitrary<SegmentSpec> = fc.record({
  // Now and then enough for dense lists and several blocks.
  texts: fc.oneof(
    { weight: 5, arbitrary: fc.array(text, { maxLength: 12 }) },
    { weight: 1, arbitrary: fc.array(text, { minLength: 90, maxLength: 120 }) },
    { weight: 1, arbitrary: fc.tuple(text).map(([value]) => [value.repeat(4000), 'small']) },
  ),
  files: fc.nat(3),
});
const nonEmpty = ({ texts, files }: SegmentSpec): boolean => texts.length + files > 0;
const specs = fc.array(spec.filter(nonEmpty), { minLength: 1, maxLength: 6 });

/** Everything segments say, by the store's ids; of what is `live`. */
function describeList(list: SegmentList, live: LiveIds): unknown {
  const docs: unknown[] = [];
  const files: unknown[] = [];
  const trees: unknown[] = [];
  const grams = new Map<string, number[]>();
  const terms = new Map<string, string[]>();
  const put = <T>(map: Map<string, T[]>, key: string, value: T): void => {
    map.set(key, [...(map.get(key) ?? []), value]);
  };
  for (const segment of list.segments) {
    const { docBase, docCount } = segment;
    const byNumber = [...segment.docKeys.rows()].sort((a, b) => a.number - b.number);
    for (const { key, number } of byNumber) {
      const doc = docBase + number;
      if (!live.doc(doc)) continue;
      docs.push({
        doc,
        key: key.toString('hex'),
        found: list.findDoc(Buffer.from(key)),
        bytes: list.chunkBytes(doc).toString('latin1'),
        text: list.chunkText(doc),
        symbols: list.chunkSymbols(doc),
        lines: segment.column('lineCount')[number],
        lengths: [
          segment.column('bodyLength')[number],
          segment.column('commentLength')[number],
          segment.column('symbolLength')[number],
        ],
      });
    }
    for (const { number } of segment.fileKeys.rows()) {
      const id = segment.entry.files[0] + number;
      if (live.file(id)) files.push([id, list.findFile(keyOf(`file ${id}`)), list.file(id).oid, list.file(id).docs]);
    }
    for (const { number } of segment.treeKeys.rows()) {
      const id = segment.entry.trees[0] + number;
      if (live.tree(id)) trees.push([id, list.findTree(keyOf(`tree ${id}`)), list.tree(id)]);
    }
    for (const { high, docCount: count, bytes } of segment.grams.lists()) {
      let read = 0;
      readGramPostings(bytes, count, docCount, (doc) => {
        read++;
        if (live.doc(docBase + doc)) put(grams, String(high), docBase + doc);
      });
      expect(read).toBe(count);
      expect(segment.grams.find(high, 0)?.docCount).toBe(count);
    }
    expect(segment.grams.find(0xfffffe, 0)).toBeNull();
    for (const { high, low, bytes } of segment.terms.lists()) {
      readTermPostings(bytes, (doc, packed) => {
        if (live.doc(docBase + doc)) put(terms, `${high}:${low}`, `${docBase + doc}=${packed}`);
      });
      expect(segment.terms.find(high, low)?.bytes.equals(bytes)).toBe(true);
    }
  }
  const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
  const byId = (a: unknown, b: unknown): number => (a as number[])[0]! - (b as number[])[0]!;
  return {
    docs,
    files: files.sort(byId),
    trees: trees.sort(byId),
    grams: [...grams].sort(byKey),
    terms: [...terms].sort(byKey),
  };
}

const everything: LiveIds = { doc: () => true, file: () => true, tree: () => true, commit: () => true };

test('merged segments say what they said apart; what is not live is gone and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(specs, fc.nat(4), fc.nat(30), fc.boolean(), async (list, modulus, skipped, dropOne) => {
      const store = makeStore();
      const distinct = list.map(({ texts, files }, n) => ({
        texts: texts.map((value, i) => `${n}.${i} ${value}`),
        files,
      }));
      let entries: SegmentEntry[] = [];
      for (const one of distinct) entries.push(await addSegment(store, one));
      // A segment that was collected whole leaves a gap.
      if (dropOne && entries.length > 2) {
        store.record({ t: 'segments', add: [], remove: [entries[1]!.id], next: store.catalog.nextIds });
        entries = store.catalog.segments();
      }
      const blocks = createSegmentCaches(1 << 20, 1 << 20);
      const apart = SegmentList.open(store, entries, null, blocks);
      const keeps = (id: number): boolean => modulus < 2 || (id >= skipped && id % modulus !== 0);
      const live: LiveIds | null = modulus < 2 ? null : { doc: keeps, file: keeps, tree: keeps, commit: keeps };
      const merged = await mergeSegments(store, apart.segments, store.catalog.nextIds.segment, { live });
      const together = SegmentList.open(store, [merged], null, blocks);
      expect(describeList(together, everything)).toEqual(describeList(apart, live ?? everything));
      // Ids that nothing is kept of are no longer in the range where they are at its ends.
      const docs = entries.flatMap(({ docs: [from, to] }) => Array.from({ length: to - from }, (_, i) => from + i));
      const kept = live === null ? docs : docs.filter(keeps);
      const [first, end] = [entries[0]!.docs[0], entries.at(-1)!.docs[1]];
      const whole = kept.length === 0 ? [first, first] : [kept[0], kept.at(-1)! + 1];
      expect(merged.docs).toEqual(live === null ? [first, end] : whole);
      const problems: string[] = [];
      await together.segments[0]!.verify((problem) => problems.push(problem), new TimeSlices());
      expect(problems).toEqual([]);

      // Merged once more, with nothing left out, it is the same again.
      const again = await mergeSegments(store, together.segments, store.catalog.nextIds.segment + 1, { live: null });
      const twice = SegmentList.open(store, [again], null, blocks);
      expect(describeList(twice, everything)).toEqual(describeList(together, everything));
      for (const opened of [apart, together, twice]) opened.release();
      store.close();
    }),
    { numRuns: 30, seed: 8 },
  );
});

test('what is collected at the beginning is not counted, though it shares a full block with what is kept', async () => {
  const store = makeStore();
  // One, two and two of them fill a block.
  const texts = [12_000, 5000, 9500, 6500, 9500].map((length, i) => `${i} ${'parse query '.repeat(length / 12)}`);
  const entry = await addSegment(store, { texts, files: 1 });
  const [base] = entry.docs;
  const caches = createSegmentCaches(1 << 20, 1 << 20);
  const lists = [SegmentList.open(store, [entry], null, caches)];
  const liveDocs = (...numbers: number[]): LiveIds => ({ ...everything, doc: (id) => numbers.includes(id - base) });
  for (const live of [liveDocs(0, 2, 4), liveDocs(2, 4), liveDocs(4)]) {
    const before = lists.at(-1)!;
    const merged = await mergeSegments(store, before.segments, store.catalog.nextIds.segment + lists.length, { live });
    const after = SegmentList.open(store, [merged], null, caches);
    lists.push(after);
    expect(describeList(after, everything)).toEqual(describeList(before, live));
  }
  for (const list of lists) list.release();
  store.close();
});
