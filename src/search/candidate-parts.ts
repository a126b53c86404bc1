import { BitSet, lowerBound } from '../base/index.js';
import type { GramPlan } from '../pattern/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { backendOf, storedBackendOf } from './backend.js';
import type { StoredBackend } from './backend.js';
import type { FileMask } from './file-mask.js';

const partSizes = {
  /** So few candidates are found at once. */
  candidatesAtOnce: 4096,
  /** Where there are more, they are looked for in so many occurrences at first, if not by far fewer than there are candidates. */
  firstPartMin: 1024,
};
/** If these do not have the lines that are wanted, in so many times as many. */
const partGrowth = 4;
/** Finding an occurrence's chunk in the lists costs about as much as going over so many of their postings. */
const postingsPerOccurrence = 3;
/** Candidates that the first part should have for each line that is wanted, and for how many lines. */
const candidatesPerLine = 4;
const linesOfFirstPart = 100;
/** Chunks that are brought from elsewhere at a time. */
const docsAtOnce = 512;

/**
 * Where the candidates of a plan, which was brought, are in files that the mask lets pass, in order of path and line, page by page: a page is used
 * before the next is taken. `limit`: so many lines are wanted.
 */
export function candidatePages(
  snapshot: Snapshot,
  plan: GramPlan,
  mask: FileMask,
  limit: (() => number) | undefined,
): Iterable<Uint32Array> {
  return backendOf(snapshot).isHere
    ? candidateParts(snapshot, storedBackendOf(snapshot), plan, mask, limit ?? (() => Infinity))
    : pagesOf(occurrencesOf(snapshot, backendOf(snapshot).candidates(plan), mask));
}

function* pagesOf(positions: Uint32Array): Generator<Uint32Array, void, undefined> {
  for (let from = 0; from < positions.length; from += docsAtOnce) yield positions.subarray(from, from + docsAtOnce);
}

/**
 * The same of what lies here. Of very many the first occurrences' come first: whoever wants few lines has them before the lists of all are read.
 * All that can match are then found at once, as most lists are of far more than match together, and where they are is told as it is asked for.
 */
export function* candidateParts(
  snapshot: Snapshot,
  backend: Pick<StoredBackend, 'candidates' | 'candidatesAmong' | 'candidatesMost'>,
  plan: GramPlan,
  mask: FileMask,
  limit: () => number,
  { candidatesAtOnce, firstPartMin } = partSizes,
): Generator<Uint32Array, void, undefined> {
  const { occurrenceDocs, occurrenceFiles, visible } = snapshot;
  const count = occurrenceDocs.length;
  let from = 0;
  const most = backend.candidatesMost(plan);
  const wanted = candidatesPerLine * Math.min(limit(), linesOfFirstPart);
  let width = Math.max(firstPartMin, Math.ceil((wanted * count) / Math.max(most, 1)));
  const can = new BitSet(visible.size, visible.gap);
  const isPassing = (position: number): boolean => mask === null || mask[occurrenceFiles[position]!] === 1;
  for (; most > candidatesAtOnce && postingsPerOccurrence * width < most; width *= partGrowth) {
    const part = new Uint32Array(Math.min(width, count - from));
    let length = 0;
    for (; from < count && length < part.length; from++) if (isPassing(from)) part[length++] = from;
    const docs = part.subarray(0, length).map((position) => occurrenceDocs[position]!);
    for (const doc of backend.candidatesAmong(plan, ascending(docs))) can.add(doc);
    yield part.subarray(0, length).filter((position) => can.has(occurrenceDocs[position]!));
  }
  if (from === count) return;
  const docs = backend.candidates(plan);
  if (docs.length <= candidatesAtOnce) {
    const rest = occurrencesOf(snapshot, docs, mask);
    yield from === 0 ? rest : rest.subarray(lowerBound(rest, from));
    return;
  }
  for (const doc of docs) can.add(doc);
  const page = new Uint32Array(Math.max(1, candidatesAtOnce));
  while (from < count) {
    let length = 0;
    for (; from < count && length < page.length; from++)
      if (can.has(occurrenceDocs[from]!) && isPassing(from)) page[length++] = from;
    yield page.slice(0, length);
  }
}

/** Sorted in place, each once. */
function ascending(docs: Uint32Array): Uint32Array {
  docs.sort();
  let length = 0;
  for (const doc of docs) if (length === 0 || doc !== docs[length - 1]) docs[length++] = doc;
  return docs.subarray(0, length);
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
