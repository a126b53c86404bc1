import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LruCache, TimeSlices } from '../../src/base/index.js';
import { plainName, shapeLengthMax } from '../../src/segment/index.js';
import { SymbolNames, SymbolNamesBuilder } from '../../src/segment/names/symbol-names.js';
import type { NameBlock } from '../../src/segment/names/sorted-names.js';
import { mistakesAllowed, withinEdits } from '../../src/search/names/edits.js';
import { isShortFor } from '../../src/search/names/symbol-search.js';
import { MemoryFiles } from '../../src/store/index.js';

const slices = new TimeSlices();

async function tableOf(names: ReadonlyMap<string, readonly number[]>): Promise<SymbolNames> {
  const builder = new SymbolNamesBuilder();
  for (const [name, docs] of names) for (const doc of docs) builder.add(name, doc, 1 << (doc % 5));
  const files = new MemoryFiles();
  const file = files.createSegmentFile('s');
  file.write(Buffer.alloc(100, 7));
  const location = await builder.write(file, slices);
  file.finish(Buffer.alloc(0));
  return new SymbolNames(files.openSegmentFile('s'), location, new LruCache(1 << 20), 0);
}

type Visit = (onName: (block: NameBlock, at: number) => void) => void;

function visited(visit: Visit): string[] {
  const names: string[] = [];
  visit((block, at) => names.push(block.name(at)));
  return names.sort();
}

/** Names that are like one another: of few words, with slips, separators, capitals and letters beyond ASCII. */
const word = fc.constantFrom('reg', 'read', 'Write', 'mtx', 'Kelvin', 'straße', 'İx', 'e', '7', 'buffer');
const name = fc.oneof(
  { weight: 4, arbitrary: fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('_')) },
  { weight: 2, arbitrary: fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('')) },
  fc.string({ unit: fc.constantFrom(...'abBr_7é-'), minLength: 1, maxLength: 80 }),
);
/** One that was changed by slips. */
const slipped = fc
  .tuple(name, fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...'abr_7')), { maxLength: 2 }))
  .map(([text, slips]) => {
    let own = text;
    for (const [place, kind, letter] of slips) {
      const at = place % own.length;
      if (kind === 0) own = own.slice(0, at) + letter + own.slice(at);
      else if (kind === 1) own = own.slice(0, at) + own.slice(at + 1) || own;
      else own = own.slice(0, at) + (own[at + 1] ?? '') + own[at]! + own.slice(at + 2);
    }
    return own;
  });

test('names that are like one are among those that are looked at, each once, and all that begin so are found', async () => {
  const cases = fc.tuple(
    fc.uniqueArray(name, { minLength: 1, maxLength: 300, size: 'max' }),
    fc.array(slipped, { minLength: 4, maxLength: 8 }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([names, questions]) => {
      const table = await tableOf(new Map(names.map((one, i) => [one, [i]])));
      for (const question of [...questions, ...questions.slice(0, 2).map((_, i) => names[i % names.length]!)]) {
        const asked = question.toLowerCase();
        const prefix = asked.slice(0, 3);
        expect(visited((onName) => table.names.forEachWithPrefix(prefix, onName))).toEqual(
          names.filter((one) => one.toLowerCase().startsWith(prefix)).sort(),
        );
        const byLength = table.names.withPrefix(prefix, 5);
        const found: string[] = [];
        for (let length = 0; length <= shapeLengthMax; length++) {
          byLength.forEachOf(length, (block, at) => found.push(block.name(at)));
          for (const one of names)
            if (one.toLowerCase().startsWith(prefix) && one.length <= length) expect(found, prefix).toContain(one);
        }
        expect(found.sort()).toEqual(names.filter((one) => one.toLowerCase().startsWith(prefix)).sort());
        const edits = Math.max(1, mistakesAllowed(asked));
        const blocks = table.blocksAlike(asked, edits);
        const alike = visited((onName) => table.names.forEachAlike(asked, edits, onName, blocks));
        expect(new Set(alike).size).toBe(alike.length);
        for (const one of names)
          if (withinEdits(one.toLowerCase(), asked, edits)) expect(alike, `${asked} ${edits}`).toContain(one);
        if (!/^\w+$/.test(asked)) continue;
        const long = visited((onName) => table.names.forEachWithLetters(asked, asked[0]!, onName));
        expect(new Set(long).size).toBe(long.length);
        for (const one of names) if (isShortFor(asked, one)) expect(long, asked).toContain(one);
      }
    }),
    { numRuns: 20 },
  );
}, 20_000);

test('few others are looked at', async () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const names = Array.from({ length: 1500 }, (_, i) =>
    Array.from(
      { length: 8 + (i % 9) },
      (__, at) => letters[(i * 7 + at * (3 + (i % 11)) + ((i * at) >> 3)) % 26]!,
    ).join(''),
  );
  const table = await tableOf(new Map([...new Set(names)].map((one, i) => [one, [i]])));
  const asked = names[1234]!;
  const alike = visited((onName) => table.names.forEachAlike(asked, 2, onName, table.blocksAlike(asked, 2)));
  expect(alike).toContain(asked);
  expect(alike.length).toBeLessThan(table.count / 20);
  const byLength = table.names.withPrefix('', 0);
  const short = visited((onName) =>
    [0, 1, 2, 3, 4, 5, 6, 7, 8].forEach((length) => byLength.forEachOf(length, onName)),
  );
  expect(short).toEqual([...new Set(names)].filter((one) => one.length <= 8).sort());
});

test('a block has its names, their lower case and what belongs to each, beyond ASCII too', async () => {
  const names = new Map([
    ['alpha', [0, 3]],
    ['Alpha', [1]],
    ['İstanbul', [2]],
    ['straße', [2, 4]],
    ['x'.repeat(70_000), [5]],
  ]);
  const table = await tableOf(names);
  const block = table.names.block(0);
  expect(block.isAscii).toBe(false);
  for (let at = 0; at < block.count; at++) {
    const own = block.name(at);
    expect(block.lower(at)).toBe(own.toLowerCase());
    const docs: number[] = [];
    table.forEachDoc(block, at, (doc) => docs.push(doc));
    expect(docs).toEqual(names.get(own));
  }
  expect(plainName('x_1')).toBe('x1');
});
