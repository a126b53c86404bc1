import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitSet, TimeSlices } from '../../src/base/index.js';
import { bestCandidates } from '../../src/search/ranking/best-candidates.js';
import type { CandidateRequest } from '../../src/search/ranking/best-candidates.js';
import { byScore } from '../../src/search/ranking/candidate.js';
import type { Candidate } from '../../src/search/ranking/candidate.js';
import { Meaning } from '../../src/search/ranking/evidence/meaning.js';
import { byFile } from '../../src/search/ranking/evidence/term-matches.js';
import type { TermMatches } from '../../src/search/ranking/evidence/term-matches.js';
import { WordEvidence } from '../../src/search/ranking/evidence/word-evidence.js';
import { rankingSignals } from '../../src/search/ranking/ranking-signals.js';
import type { Similarities } from '../../src/search/vectors/similarity.js';
import type { Snapshot } from '../../src/snapshot/index.js';

/** Few values, so that many scores are the same; and some that 32 bits round. */
const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 0, 0, 0.5, 1, 1.25, 3) },
  { weight: 1, arbitrary: fc.double({ min: 1e-4, max: 4, noNaN: true }) },
);
const chunk = fc.record({
  // What two words say.
  first: value,
  second: value,
  said: value,
  defines: fc.boolean(),
  cosine: fc.constantFrom(-0.1, 0, 0.1, 0.31, 0.6),
  isNew: fc.boolean(),
});
const file = fc.record({
  chunks: fc.array(chunk, { maxLength: 12, size: 'max' }),
  about: value,
  path: value,
  factor: fc.constantFrom(0.5, 0.75, 1),
  slack: fc.constantFrom(0, 0, 0.05, 0.3),
  isMasked: fc.constantFrom(true, false, false, false),
  isAsked: fc.constantFrom(true, false, false, false),
});
const cases = fc.record({
  files: fc.array(file, { minLength: 1, maxLength: 200, size: 'max' }),
  limit: fc.constantFrom(1, 10, 60),
  mode: fc.constantFrom('lexical' as const, 'hybrid' as const, 'semantic' as const),
  mean: fc.constantFrom(0, 0.05, 0.6),
  whole: fc.constantFrom(0.25, 0.5, 1.5),
  since: fc.boolean(),
  isDescribed: fc.boolean(),
  verbatim: fc.array(fc.nat(400), { maxLength: 3 }),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

type OneChunk = Case['files'][number]['chunks'][number] & { readonly number: number; readonly text: number };

async function prepare({
  files,
  limit,
  mode,
  mean,
  whole,
  since,
  isDescribed,
  verbatim,
}: Case): Promise<{ snapshot: Snapshot; request: CandidateRequest; chunks: readonly OneChunk[] }> {
  const chunks = files.flatMap((own, number) =>
    own.chunks.map((one): OneChunk => ({ ...one, number, text: one.first + one.second / 2 })),
  );
  const starts = new Uint32Array(files.length + 1);
  for (const [number, own] of files.entries()) starts[number + 1] = starts[number]! + own.chunks.length;
  const snapshot = {
    files,
    rankedFiles: null,
    occurrenceDocs: Uint32Array.from(chunks.keys()),
    occurrenceFiles: Uint32Array.from(chunks, ({ number }) => number),
    fileStarts: starts,
    forEachOccurrence: (doc: number, onPosition: (position: number) => void) => onPosition(doc),
  } as unknown as Snapshot;
  const signals = {
    ...rankingSignals,
    meaning: { ...rankingSignals.meaning, whole },
    meaningAlone: { ...rankingSignals.meaningAlone, whole },
  };
  const words = new WordEvidence(files.length);
  for (const [word, weight] of [
    ['first', 1],
    ['second', 0.5],
  ] as const)
    words.add(matchesOf(chunks, word), weight);
  const evidence = {
    words,
    files: Float64Array.from(files, ({ about }) => about),
    paths: Float64Array.from(files, ({ path }) => path),
    namedFiles: [...files.keys()].filter((number) => files[number]!.path > 0),
    idf: new Map([
      ['a', 2],
      ['b', 3],
    ]),
  };
  const slices = new TimeSlices();
  // Of files that are not known, bounds: more or less above what they are.
  const known = new Set<number>();
  const nearest = files.map(({ chunks: own }) => (own.length === 0 ? 0 : Math.max(...own.map(({ cosine }) => cosine))));
  const cosines = files.map(({ chunks: own }) => own.reduce((sum, { cosine }) => sum + cosine, 0) / (own.length || 1));
  const most = {
    nearest: Float64Array.from(files, ({ slack }, number) => nearest[number]! + slack),
    cosines: Float64Array.from(files, ({ slack }, number) => cosines[number]! + slack / 2),
  };
  const know = (number: number): void => {
    known.add(number);
    most.nearest[number] = nearest[number]!;
    most.cosines[number] = cosines[number]!;
  };
  const similarities: Similarities = {
    most,
    know,
    isKnown: (number) => known.has(number),
    chunk: (position) => {
      know(chunks[position]!.number);
      return chunks[position]!.cosine;
    },
    file: (number) => {
      know(number);
      return cosines[number]!;
    },
    mean: () => mean,
    release: () => undefined,
  };
  const meaning =
    mode === 'lexical' ? null : await Meaning.of(snapshot, similarities, evidence, { mode, signals, slices });
  const docs = verbatim.filter((doc) => doc < chunks.length);
  const set = new BitSet(chunks.length + 1);
  for (const doc of docs) set.add(doc);
  const request = {
    evidence,
    meaning,
    described: isDescribed ? Float64Array.from(chunks, ({ said }) => said) : null,
    usesWords: mode !== 'semantic',
    mask: Uint8Array.from(files, ({ isMasked }) => (isMasked ? 0 : 1)),
    holds: (doc: number) => doc % 7 !== 3,
    newChunks: since ? { has: (position: number) => chunks[position]!.isNew } : null,
    asked: {
      phrase: null,
      verbatim: docs.length === 0 ? null : set,
      files: {
        values: new Map([...files.keys()].filter((number) => files[number]!.isAsked).map((number) => [number, 1])),
        isAll: false,
      },
      names: [],
    },
    signals,
    factors: Float64Array.from(files, ({ factor }) => factor),
    limit,
    slices,
  } as unknown as CandidateRequest;
  return { snapshot, request, chunks };
}

/** Where a word is. */
function matchesOf(chunks: readonly OneChunk[], word: 'first' | 'second'): TermMatches {
  const having = chunks.flatMap((chunk, position) => (chunk[word] > 0 ? [{ ...chunk, position }] : []));
  const files = Uint32Array.from(new Set(having.map(({ number }) => number)));
  const found = {
    positions: Uint32Array.from(having, ({ position }) => position),
    frequencies: Float64Array.from(having, (chunk) => chunk[word]),
    defines: Uint8Array.from(having, ({ defines }) => (defines ? 1 : 0)),
  };
  const occurrenceFiles = Uint32Array.from(chunks, ({ number }) => number);
  return {
    docCount: having.length,
    files,
    fileFrequencies: new Float64Array(files.length),
    ...byFile(files, occurrenceFiles, found),
  };
}

/** Of all chunks, looked at one by one. */
function exhaustive(snapshot: Snapshot, request: CandidateRequest, chunks: readonly OneChunk[]): Candidate[] {
  const { evidence, meaning, described, usesWords, mask, holds, newChunks, asked, signals, factors, limit } = request;
  const { occurrenceFiles, occurrenceDocs } = snapshot;
  const sums = new Float64Array(factors.length);
  if (usesWords) chunks.forEach(({ text, number }) => (sums[number]! += text));
  const all: { candidate: Candidate; isDefinition: boolean }[] = [];
  for (const [position, doc] of occurrenceDocs.entries()) {
    const file = occurrenceFiles[position]!;
    const text = usesWords ? chunks[position]!.text : 0;
    const path = evidence.paths[file]!;
    const own = meaning === null ? 0 : meaning.of(position, file);
    const isNamed = asked.files.values.has(file) && (position === 0 || occurrenceFiles[position - 1] !== file);
    const isNear = own > 0 && meaning!.isNear(position);
    if (
      (text === 0 && path === 0 && (described?.[position] ?? 0) === 0 && !isNear && !isNamed) ||
      mask![file] === 0 ||
      !holds(doc, file)
    )
      continue;
    const others = Math.log1p(Math.max(0, sums[file]! - text));
    const about = usesWords ? signals.fileText * evidence.files[file]! + signals.fileMatches * others : 0;
    const said = described === null ? 0 : described[position]!;
    const score = (text + path + about + own + said) * factors[file]!;
    const { text: anyText, defines } = chunks[position]!;
    const isDefinition = (anyText > 0 && defines) || isNamed || asked.verbatim?.has(doc) === true;
    all.push({
      candidate: { position, doc, file, text, path, meaning: own, described: said, about, score },
      isDefinition,
    });
  }
  all.sort((a, b) => byScore(a.candidate, b.candidate));
  const best = (of: typeof all): Candidate[] => [
    ...of.slice(0, Math.max(120, 3 * limit)).map(({ candidate }) => candidate),
    ...of
      .filter(({ isDefinition }) => isDefinition)
      .slice(0, 40)
      .map(({ candidate }) => candidate),
  ];
  const fresh = newChunks === null ? [] : best(all.filter(({ candidate }) => newChunks.has(candidate.position)));
  return [...new Set([...best(all), ...fresh])].sort(byScore);
}

test('the best candidates are those of a look at all chunks, bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (given) => {
      const { snapshot, request, chunks } = await prepare(given);
      expect(await bestCandidates(snapshot, request)).toEqual(exhaustive(snapshot, request, chunks));
    }),
    { numRuns: 100, interruptAfterTimeLimit: 30_000 },
  );
});
