import { CoppiceError, throwIfAborted } from '../base/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { fieldFrequency, inverseDocumentFrequency } from '../text/index.js';
import { compileClause } from './clause.js';
import type { Holds } from './clause.js';
import { fileFactors } from './file-kinds.js';
import type { FileMask } from './file-mask.js';
import { PathTerms } from './path-terms.js';
import type { Query } from './query.js';
import { queryWords } from './query-terms.js';
import type { QueryWord } from './query-terms.js';
import type { RankingSignals } from './ranking-signals.js';
import { rerank } from './rerank.js';
import { visiblePostings } from './term-postings.js';

/** A chunk at one place, with what speaks for it. */
export interface Candidate {
  /** Position of the occurrence in the snapshot. */
  readonly position: number;
  readonly doc: number;
  readonly file: number;
  /** BM25 over body, comments and symbols. */
  readonly text: number;
  /** Evidence of the path. */
  readonly path: number;
  /** Sum of the idf of the query's terms that text or path have. */
  readonly covered: number;
  score: number;
}

export interface RankedHit extends Candidate {
  /** Rank by each kind of evidence, from 1; kinds without any are absent. */
  readonly signals: Readonly<Record<string, number>>;
}

export interface RankRequest {
  readonly query: Query;
  readonly mask: FileMask;
  readonly limit: number;
  readonly signals: RankingSignals;
  readonly signal: AbortSignal | undefined;
}

/** Candidates that the closer look of `rerank` is taken at. */
const closerLookCount = 150;

/**
 * Ranks the chunks of a snapshot for a query.
 *
 * 1. Text: BM25 over the visible postings of each term, statistics exact for the snapshot.
 * 2. Paths: terms in names of files and folders.
 * 3. Files: a chunk gains from the other chunks of its file; tests, vendored and generated code lose.
 * 4. The best ones are looked at closely (see `rerank`), filtered, and spread over files.
 *
 * Equal scores are in order of path and line, so that the answer depends on the tree and the query alone.
 */
export function rankSnapshot(snapshot: Snapshot, request: RankRequest): RankedHit[] {
  const { query, mask, signals, limit } = request;
  const words = queryWords(query.ranking);
  const holds = compileClause(snapshot, query.clause, query.caseSensitive, query.caseSensitive);
  if (words.length === 0) return unranked(snapshot, request, holds);
  throwIfAborted(request.signal);
  const weights = termWeights(words);
  const candidates = gatherCandidates(snapshot, weights, mask, signals);
  scoreCandidates(snapshot, candidates, signals);
  throwIfAborted(request.signal);
  const count = Math.max(closerLookCount, limit * 3);
  const best = bestThatHold(candidates, count, holds);
  return rerank(snapshot, best, words, query, signals, limit);
}

/** A term and how much of its idf counts: the parts of an identifier share the weight that the whole has alone. */
export type TermWeights = ReadonlyMap<string, number>;

function termWeights(words: readonly QueryWord[]): TermWeights {
  const weights = new Map<string, number>();
  for (const { terms } of words) {
    const parts = terms.length > 1 ? terms.slice(0, -1) : terms;
    for (const term of parts) weights.set(term, Math.max(weights.get(term) ?? 0, 1));
    if (terms.length > 1) weights.set(terms.at(-1)!, 1);
  }
  return weights;
}

function gatherCandidates(
  snapshot: Snapshot,
  weights: TermWeights,
  mask: FileMask,
  signals: RankingSignals,
): Candidate[] {
  const { docCount, meanLength } = snapshot.statistics;
  const { saturation, weight, lengthNormalization: b } = signals.bm25;
  const text = new Float64Array(snapshot.visible.size);
  const covered = new Float64Array(snapshot.visible.size);
  const touched: number[] = [];
  const paths = PathTerms.of(snapshot);
  const pathScores = new Float64Array(snapshot.files.length);
  for (const [term, share] of weights) {
    const { docs, frequencies } = visiblePostings(snapshot, term);
    const idf = inverseDocumentFrequency(docCount, docs.length) * share;
    let segment = snapshot.segments.segments[0];
    let columns = segment === undefined ? null : lengthsOf(segment);
    for (let i = 0; i < docs.length; i++) {
      const doc = docs[i]!;
      if (segment === undefined || doc < segment.docBase || doc >= segment.docEnd) {
        segment = snapshot.segments.segmentOfDoc(doc);
        columns = lengthsOf(segment);
      }
      const packed = frequencies[i]!;
      const at = doc - segment.docBase;
      const frequency =
        fieldFrequency(packed & 15, weight.body, b.body, columns!.body[at]!, meanLength.body) +
        fieldFrequency((packed >>> 4) & 3, weight.comment, b.comment, columns!.comment[at]!, meanLength.comment) +
        fieldFrequency(packed >>> 6, weight.symbol, b.symbol, columns!.symbol[at]!, meanLength.symbol);
      if (text[doc] === 0) touched.push(doc);
      text[doc]! += (idf * frequency * (saturation + 1)) / (frequency + saturation);
      covered[doc]! += idf;
    }
    addPathScores(paths, term, idf, signals, pathScores);
  }
  const candidates: Candidate[] = [];
  const add = (position: number): void => {
    const file = snapshot.occurrenceFiles[position]!;
    if (mask !== null && mask[file] === 0) return;
    const doc = snapshot.occurrenceDocs[position]!;
    candidates.push({
      position,
      doc,
      file,
      text: text[doc]!,
      path: pathScores[file]!,
      covered: covered[doc]!,
      score: 0,
    });
  };
  for (const doc of touched) snapshot.forEachOccurrence(doc, add);
  // Files found by their path alone: their first chunk stands for them.
  for (let position = 0; position < snapshot.occurrenceDocs.length; position++) {
    const file = snapshot.occurrenceFiles[position]!;
    if (pathScores[file]! > 0 && text[snapshot.occurrenceDocs[position]!] === 0) add(position);
  }
  return candidates.sort((a, b) => a.position - b.position);
}

function addPathScores(
  paths: PathTerms,
  term: string,
  idf: number,
  signals: RankingSignals,
  scores: Float64Array,
): void {
  const named = paths.filesNamed(term);
  for (const file of named) scores[file]! += signals.fileName * Math.min(idf, paths.inverseFrequency(named));
  const folders = paths.filesInFolder(term);
  for (const file of folders) scores[file]! += signals.folderName * Math.min(idf, paths.inverseFrequency(folders));
}

interface Lengths {
  readonly body: Uint16Array;
  readonly comment: Uint16Array;
  readonly symbol: Uint8Array;
}

function lengthsOf(segment: Snapshot['segments']['segments'][number]): Lengths {
  return {
    body: segment.column('bodyLength'),
    comment: segment.column('commentLength'),
    symbol: segment.column('symbolLength'),
  };
}

/** Puts text, path and file evidence together. Candidates are in order of path and line. */
function scoreCandidates(snapshot: Snapshot, candidates: readonly Candidate[], signals: RankingSignals): void {
  const factors = fileFactors(snapshot, signals);
  for (let from = 0; from < candidates.length;) {
    const { file } = candidates[from]!;
    let to = from;
    let sum = 0;
    for (; to < candidates.length && candidates[to]!.file === file; to++) sum += candidates[to]!.text;
    for (; from < to; from++) {
      const candidate = candidates[from]!;
      const others = Math.log1p(sum - candidate.text);
      candidate.score = (candidate.text + candidate.path + signals.fileEvidence * others) * factors[file]!;
    }
  }
}

/** Higher score first; then in order of path and line. */
export const byScore = (a: Candidate, b: Candidate): number => b.score - a.score || a.position - b.position;

function bestThatHold(candidates: Candidate[], count: number, holds: Holds): Candidate[] {
  const best: Candidate[] = [];
  for (const candidate of candidates.sort(byScore)) {
    if (!holds(candidate.doc, candidate.file)) continue;
    best.push(candidate);
    if (best.length === count) break;
  }
  return best;
}

/** A query of filters alone: what holds, best kinds of files first, in order of path and line. */
function unranked(snapshot: Snapshot, { query, mask, limit, signals }: RankRequest, holds: Holds): RankedHit[] {
  if (query.clause.conditions.length === 0) {
    throw new CoppiceError('QUERY_INVALID', 'the query has no words to search for', {
      hint: 'give at least one word, "phrase", /regex/ or filter',
      data: { offset: 0 },
    });
  }
  const factors = fileFactors(snapshot, signals);
  const hits: RankedHit[] = [];
  for (let position = 0; position < snapshot.occurrenceDocs.length; position++) {
    const doc = snapshot.occurrenceDocs[position]!;
    const file = snapshot.occurrenceFiles[position]!;
    if ((mask !== null && mask[file] === 0) || !holds(doc, file)) continue;
    hits.push({ position, doc, file, text: 0, path: 0, covered: 0, score: factors[file]!, signals: {} });
  }
  return hits.sort(byScore).slice(0, limit);
}
