import { expect } from 'vitest';
import { compilePattern } from '../../src/pattern/index.js';
import { storedBackendOf } from '../../src/search/backend.js';
import { backendOf } from '../../src/search/index.js';
import { NotHere } from '../../src/segment/index.js';
import type { Snapshot } from '../../src/snapshot/index.js';
import { termKey } from '../../src/text/index.js';

/**
 * What every search backend has to hold, whatever it reads from: candidates are at least what matches, postings are what chunks have, and what was brought is
 * there. Returns what it answered, in terms of the tree, to be compared with what another one does.
 */
export async function checkBackend(snapshot: Snapshot): Promise<unknown> {
  const backend = backendOf(snapshot);
  const visible = snapshot.visible.toArray();
  await backend.bring({ docs: visible }, undefined);
  const textOf = (doc: number): string => snapshot.segments.chunkText(doc);
  const placeOf = (doc: number): string => {
    const places: string[] = [];
    snapshot.forEachOccurrence(doc, (at) =>
      places.push(`${snapshot.files[snapshot.occurrenceFiles[at]!]!.path}:${snapshot.occurrenceLines[at]}`),
    );
    return places.join();
  };
  const told = (docs: ArrayLike<number>): string[] => Array.from(docs, placeOf).sort();
  const isAscending = (docs: ArrayLike<number>): boolean =>
    Array.from(docs).every((doc, i) => snapshot.visible.has(doc) && (i === 0 || docs[i - 1]! < doc));
  const answers: unknown[] = [];

  for (const text of ['parcel', 'return', 'Version 7 weighs', 'nowhere', 'weight|count', 'x', '(?:a|b)c*d']) {
    const { plan } = compilePattern(text);
    await backend.bring({ plans: [plan] }, undefined);
    const found = backend.candidates(plan);
    expect(isAscending(found)).toBe(true);
    const matching = visible.filter((doc) => new RegExp(text).test(textOf(doc)));
    expect(matching.filter((doc) => !found.includes(doc))).toEqual([]);
    if (snapshot.far !== null) continue;
    const stored = storedBackendOf(snapshot);
    expect(stored.candidatesMost(plan)).toBeGreaterThanOrEqual(found.length);
    const among = visible.filter((_, i) => i % 3 !== 1);
    const some = stored.candidatesAmong(plan, Uint32Array.from(among));
    expect(some.every((doc, i) => among.includes(doc) && (i === 0 || some[i - 1]! < doc))).toBe(true);
    expect(matching.filter((doc) => among.includes(doc) && !some.includes(doc))).toEqual([]);
  }
  await backend.bring({ plans: [{ kind: 'all' }, { kind: 'none' }] }, undefined);
  expect([...backend.candidates({ kind: 'all' })]).toEqual(visible);
  expect([...backend.candidates({ kind: 'none' })]).toEqual([]);

  const docs = Uint32Array.from(visible);
  for (const term of ['parcel', 'weight', 'total', 'number', 'weightof', 'nowhere']) {
    const key = termKey(term);
    await backend.bring({ terms: [key], termsOf: docs }, undefined);
    await backend.bring({ terms: [key], termsOf: docs }, undefined);
    const { docs: having, frequencies } = backend.postings(key);
    expect(isAscending(having)).toBe(true);
    const marked: number[] = [];
    backend.forEachWith(docs, key, (at) => marked.push(docs[at]!));
    expect(marked).toEqual([...having]);
    answers.push(Array.from(having, (doc, i) => `${placeOf(doc)} ${frequencies[i]}`).sort());
  }
  answers.push(
    told(visible),
    snapshot.statistics,
    snapshot.files.map(({ path, record }) => [path, record.oid]),
  );
  const held = visible.map((doc) => ({
    at: placeOf(doc),
    text: textOf(doc),
    own: snapshot.segments.chunkSymbols(doc),
  }));
  answers.push(held.sort((a, b) => (a.at < b.at ? -1 : 1)));
  // What is asked for unprepared is there, or can be brought.
  for (let tries = 0; ; tries++) {
    expect(tries).toBeLessThan(3);
    try {
      answers.push(backend.postings(termKey('counter')).docs.length);
      return answers;
    } catch (error) {
      if (!(error instanceof NotHere)) throw error;
      await error.bring(undefined);
    }
  }
}
