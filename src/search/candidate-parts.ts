import { lowerBound } from '../base/index.js';
import type { GramPlan } from '../pattern/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { backendOf, storedBackendOf } from './backend.js';
import type { StoredBackend } from './backend.js';
import type { FileMask } from './file-mask.js';

const partSizes = {
  /** So few candidates are found at once. */
  candidatesAtOnce: 4096,
  /** Where there are more, they are looked for in so many occurrences at first, then in more and more. */
  firstPartMin: 1024,
};
const partGrowth = 4;
/** Candidates that a part should have for each line that is wanted, and for how many lines. */
const candidatesPerLine = 4;
const linesOfFirstPart = 100;
/** Chunks that are brought from elsewhere at a time. */
const docsAtOnce = 512;

/**
 * Where the candidates of a plan, which was brought, are in files that the mask lets pass, in order of path and line: what lies elsewhere page by
 * page, what lies here at once or, for who wants so many lines, part by part. A page is used before the next is taken.
 */
export function candidatePages(
  snapshot: Snapshot,
  plan: GramPlan,
  mask: FileMask,
  limit: (() => number) | undefined,
): Iterable<Uint32Array> {
  if (snapshot.far === null && limit !== undefined)
    return candidateParts(snapshot, storedBackendOf(snapshot), plan, mask, limit);
  const all = occurrencesOf(snapshot, backendOf(snapshot).candidates(plan), mask);
  return snapshot.far === null ? [all] : pagesOf(all);
}

function* pagesOf(positions: Uint32Array): Generator<Uint32Array, void, undefined> {
  for (let from = 0; from < positions.length; from += docsAtOnce) yield positions.subarray(from, from + docsAtOnce);
}

/**
 * The candidates of the first occurrences first, where there are many: whoever wants few lines has them before the rest is looked for.
 */
export function* candidateParts(
  snapshot: Snapshot,
  backend: Pick<StoredBackend, 'candidates' | 'candidatesAmong' | 'candidatesMost'>,
  plan: GramPlan,
  mask: FileMask,
  limit: () => number,
  { candidatesAtOnce, firstPartMin } = partSizes,
): Generator<Uint32Array, void, undefined> {
  const { occurrenceDocs, occurrenceFiles } = snapshot;
  const count = occurrenceDocs.length;
  let from = 0;
  const most = backend.candidatesMost(plan);
  const wanted = candidatesPerLine * Math.min(limit(), linesOfFirstPart);
  let width = Math.max(firstPartMin, Math.ceil((wanted * count) / Math.max(most, 1)));
  for (; most > candidatesAtOnce && from + partGrowth * width < count; width *= partGrowth) {
    const part: number[] = [];
    for (; from < count && part.length < width; from++)
      if (mask === null || mask[occurrenceFiles[from]!] === 1) part.push(from);
    const among = Uint32Array.from(new Set(part.map((position) => occurrenceDocs[position]!))).sort();
    const can = backend.candidatesAmong(plan, among);
    const docs = can.length === among.length ? null : new Set(can);
    yield Uint32Array.from(docs === null ? part : part.filter((position) => docs.has(occurrenceDocs[position]!)));
  }
  const rest = occurrencesOf(snapshot, backend.candidates(plan), mask);
  yield from === 0 ? rest : rest.subarray(lowerBound(rest, from));
}

/** Where the docs occur in files that the mask lets pass, in order of path and line. */
export function occurrencesOf(snapshot: Snapshot, docs: readonly number[], mask: FileMask): Uint32Array {
  const positions: number[] = [];
  for (const doc of docs) {
    snapshot.forEachOccurrence(doc, (position) => {
      if (mask === null || mask[snapshot.occurrenceFiles[position]!] === 1) positions.push(position);
    });
  }
  return Uint32Array.from(positions).sort();
}
