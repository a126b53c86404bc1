import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitSet } from '../../src/base/index.js';
import { candidateParts, occurrencesOf } from '../../src/search/candidate-parts.js';
import type { Snapshot } from '../../src/snapshot/index.js';

const cases = fc.record({
  // Chunks by number, so that one may be in several files, and twice in one.
  files: fc.array(fc.array(fc.nat(60), { maxLength: 9 }), { maxLength: 40, size: 'max' }),
  matching: fc.uniqueArray(fc.nat(60)),
  tooMany: fc.nat(30),
  masked: fc.option(fc.array(fc.nat(40))),
  limit: fc.constantFrom(1, 3, 50, Infinity),
  candidatesAtOnce: fc.constantFrom(0, 1, 20),
  firstPartMin: fc.constantFrom(1, 2, 7, 40),
});

test('what is found part by part is what is found at once', () => {
  fc.assert(
    fc.property(cases, ({ files, matching, tooMany, masked, limit, ...sizes }) => {
      const occurrenceDocs = Uint32Array.from(files.flat());
      const snapshot = {
        far: null,
        visible: new BitSet(64),
        occurrenceDocs,
        occurrenceFiles: Uint32Array.from(files.flatMap((docs, file) => docs.map(() => file))),
        forEachOccurrence: (doc: number, onPosition: (position: number) => void) =>
          occurrenceDocs.forEach((own, position) => (own === doc ? onPosition(position) : undefined)),
      } as unknown as Snapshot;
      const can = [...new Set(occurrenceDocs)].filter((doc) => matching.includes(doc)).sort((a, b) => a - b);
      const asked: number[][] = [];
      const backend = {
        candidates: () => can,
        candidatesAmong: (_: unknown, among: Uint32Array) => {
          asked.push([...among]);
          return can.filter((doc) => among.includes(doc));
        },
        candidatesMost: () => can.length + tooMany,
      };
      const mask = masked === null ? null : Uint8Array.from(files, (_, file) => (masked.includes(file) ? 0 : 1));
      const parts = [...candidateParts(snapshot, backend, { kind: 'all' }, mask, () => limit, sizes)];
      expect(parts.flatMap((part) => [...part])).toEqual([...occurrencesOf(snapshot, can, mask)]);
      for (const among of asked) expect(among).toEqual([...new Set(among)].sort((a, b) => a - b));
    }),
  );
});

test('who wants few lines of many gets the first of them before the rest is looked for', () => {
  const count = 50_000;
  const occurrenceDocs = Uint32Array.from({ length: count }, (_, i) => i);
  const snapshot = {
    far: null,
    visible: new BitSet(count),
    occurrenceDocs,
    occurrenceFiles: occurrenceDocs,
  } as unknown as Snapshot;
  let looked = 0;
  const backend = {
    candidates: () => expect.unreachable(),
    candidatesAmong: (_: unknown, among: Uint32Array) => {
      looked += among.length;
      return [...among];
    },
    candidatesMost: () => count,
  };
  const first = candidateParts(snapshot, backend, { kind: 'all' }, null, () => 50).next().value as Uint32Array;
  expect(first.length).toBeGreaterThan(50);
  expect(looked).toBeLessThan(count / 20);
});

test('where long lists have little in common, no chunk is asked about by itself', () => {
  const count = 50_000;
  const occurrenceDocs = Uint32Array.from({ length: count }, (_, i) => i);
  const snapshot = {
    far: null,
    visible: new BitSet(count),
    occurrenceDocs,
    occurrenceFiles: occurrenceDocs,
    forEachOccurrence: (doc: number, onPosition: (position: number) => void) => onPosition(doc),
  } as unknown as Snapshot;
  const backend = {
    candidates: () => [7, 40_000],
    candidatesAmong: () => expect.unreachable(),
    candidatesMost: () => 5000,
  };
  const parts = candidateParts(snapshot, backend, { kind: 'all' }, null, () => 50);
  expect([...parts].flatMap((part) => [...part])).toEqual([7, 40_000]);
});
