import { CoppiceError, TimeSlices } from '../../base/index.js';
import type { Deadline } from '../../pattern/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { byScore } from './candidate.js';
import { noGains } from './candidate.js';
import type { RankedHit } from './candidate.js';
import { bestCandidates } from './best-candidates.js';
import { backendOf } from '../backend.js';
import { compileClause } from '../clause.js';
import type { Holds } from '../clause.js';
import { gatherEvidence } from './evidence.js';
import type { Evidence } from './evidence.js';
import { asksDescriptions, gatherDescriptions } from './evidence/described.js';
import type { Descriptions } from './evidence/described.js';
import { fileFactors } from './evidence/file-kinds.js';
import type { FileMask } from '../file-mask.js';
import type { Query } from '../query/query.js';
import { NewChunks } from '../range.js';
import { Meaning } from './evidence/meaning.js';
import { termWeights } from '../query/query-terms.js';
import type { QueryTermWeights } from '../query/query-terms.js';
import type { Question } from '../query/question.js';
import type { AlikeWords } from './evidence/alike-words.js';
import { askedFiles } from './evidence/asked-files.js';
import { askedNames } from './evidence/asked-names.js';
import { QueryPhrase } from './evidence/phrases.js';
import type { RankingSignals } from './ranking-signals.js';
import { rerank } from './rerank.js';
import type { Asked } from './rerank.js';
import type { Similarities } from '../vectors/similarity.js';
import { bringPostings, occursTyped } from '../term-postings.js';

/** What speaks for a chunk: its words, its meaning, or both. */
export type RankMode = 'lexical' | 'semantic' | 'hybrid';

export interface RankRequest {
  readonly question: Question;
  /** Null in lexical mode, or when there are no vectors, which makes hybrid lexical. */
  readonly similarities: Similarities | null;
  /** Words that are like the query's; null for words as they are alone. */
  readonly alike?: AlikeWords | null | undefined;
  /** What a model says that chunks do, and how near that is to the question; null or absent: nothing. */
  readonly descriptions?: Descriptions | null | undefined;
  readonly describedSimilarities?: Similarities | null | undefined;
  readonly mode: RankMode;
  readonly mask: FileMask;
  /** Only what is new since then (see NewChunks) is a hit. It is ranked as among all that is there. */
  readonly since?: Snapshot | undefined;
  readonly limit: number;
  readonly signals: RankingSignals;
  /** Of the query's patterns. */
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
}

/**
 * Ranks the chunks of a snapshot for a query.
 *
 * 1. Evidence: BM25 of each chunk and of each file as a whole, statistics exact for the snapshot; terms in paths.
 * 2. The best that fulfil the query's conditions are kept; tests, vendored and generated code lose.
 * 3. These are looked at closely and spread over files (see `rerank`).
 *
 * Equal scores are in order of path and line, so that the answer depends on the tree and the query alone. With `since`
 * the answer is what would be listed without it, scores included, less what is not new.
 */
export async function rankSnapshot(snapshot: Snapshot, given: RankRequest): Promise<RankedHit[]> {
  const request = { ...given, mask: rankedMask(snapshot, given.mask) };
  const { question, signals, limit, since, deadline, signal } = request;
  const { query, words } = question;
  const { caseSensitive } = query;
  const slices = new TimeSlices(request.signal);
  const newChunks = since === undefined ? null : new NewChunks(since, snapshot);
  const holds = await compileClause(snapshot, query.clause, {
    caseSensitive,
    topLevelTerms: caseSensitive,
    slices,
    deadline,
    signal,
  });
  const factors = await fileFactors(snapshot, signals);
  if (words.length === 0) return unranked(snapshot, request, { holds, newChunks, factors, slices });
  const weights = termWeights(question, signals, (run) => occursTyped(snapshot, run));
  await bringPostings(snapshot, [...weights.keys()], [], signal); // of names in place of words
  const evidence = await gatherEvidence(snapshot, weights, question, signals, slices);
  const descriptions = asksDescriptions(question) ? (given.descriptions ?? null) : null;
  const phrase = QueryPhrase.of(query);
  const asked: Asked = {
    phrase,
    verbatim: (await phrase?.verbatimDocs(snapshot, signal)) ?? null,
    files: askedFiles(snapshot, query.ranking),
    names: askedNames(query.ranking),
  };
  const described = await gatherDescribed(snapshot, evidence, weights, { ...request, descriptions }, slices);
  const { alike = null, mode, similarities } = request;
  const meaning = similarities && (await Meaning.of(snapshot, similarities, evidence, { mode, signals, slices }));
  const candidates = await bestCandidates(snapshot, {
    evidence,
    meaning,
    described,
    usesWords: mode !== 'semantic',
    mask: request.mask,
    holds,
    newChunks,
    asked,
    signals,
    factors,
    limit,
    slices,
  });
  const read = candidates.map(({ doc }) => doc);
  const looked = mode === 'lexical' ? {} : { termsOf: read, lookedFor: [...(alike?.values() ?? [])].flat() };
  await backendOf(snapshot).bring({ docs: read, ...looked }, signal);
  return rerank(snapshot, {
    candidates,
    newChunks,
    question,
    asked,
    alike: mode === 'lexical' ? null : alike,
    similarities,
    descriptions,
    weights,
    evidence,
    signals,
    limit,
    factors,
    slices,
  });
}

/** Files that are for exact search only are in no ranking. */
function rankedMask({ rankedFiles }: Snapshot, mask: FileMask): FileMask {
  return mask === null || rankedFiles === null ? (mask ?? rankedFiles) : mask.map((own, i) => own & rankedFiles[i]!);
}

/** What a request was prepared to. */
interface Prepared {
  readonly holds: Holds;
  readonly newChunks: NewChunks | null;
  readonly factors: Float64Array;
  readonly slices: TimeSlices;
}

/** What descriptions say for each occurrence: by their words, and by how near they are. Null where nothing is said. */
async function gatherDescribed(
  snapshot: Snapshot,
  evidence: Evidence,
  weights: QueryTermWeights,
  { descriptions, describedSimilarities, mode, signals }: RankRequest,
  slices: TimeSlices,
): Promise<Float64Array | null> {
  if (descriptions === null || descriptions === undefined) return null;
  const byWords =
    mode === 'semantic'
      ? new Float64Array(snapshot.occurrenceDocs.length)
      : await gatherDescriptions(snapshot, descriptions, weights, signals, slices);
  if (mode === 'lexical' || describedSimilarities === null || describedSimilarities === undefined) return byWords;
  const signal = signals.descriptionMeaning;
  const near = await Meaning.of(snapshot, describedSimilarities, evidence, { mode, signals, slices, signal });
  for (let position = 0; position < byWords.length; position++) {
    if ((position & 4095) === 0 && slices.isOver) await slices.next();
    if (near.isNear(position) || byWords[position]! > 0)
      byWords[position]! += near.of(position, snapshot.occurrenceFiles[position]!);
  }
  return byWords;
}

const passes = (mask: FileMask, file: number): boolean => mask === null || mask[file] === 1;

/** Names that are looked for as they are written: what defines one comes first. */
const typedNames = ({ clause }: Query): ReadonlySet<string> =>
  new Set(clause.conditions.flatMap((condition) => (condition.kind === 'phrase' ? [condition.text] : [])));

/** A query of filters and typed text alone: what holds, definitions first, best kinds of files first, in order of path and line. */
async function unranked(
  snapshot: Snapshot,
  { question: { query }, mask, limit }: RankRequest,
  { holds, newChunks, factors, slices }: Prepared,
): Promise<RankedHit[]> {
  if (query.clause.conditions.length === 0) {
    throw new CoppiceError('QUERY_INVALID', 'the query has no words to search for', {
      hint: 'give at least one word, "phrase", /regex/ or filter',
      data: { offset: 0 },
    });
  }
  const names = typedNames(query);
  const holding: RankedHit[] = [];
  for (let position = 0; position < snapshot.occurrenceDocs.length; position++) {
    if ((position & 63) === 0 && slices.isOver) await slices.next();
    const doc = snapshot.occurrenceDocs[position]!;
    const file = snapshot.occurrenceFiles[position]!;
    if (!passes(mask, file) || !holds(doc, file)) continue;
    const defines = names.size > 0 && snapshot.segments.chunkSymbols(doc).symbols.some(({ name }) => names.has(name));
    const score = factors[file]! * (defines ? 2 : 1);
    holding.push({
      position,
      doc,
      file,
      text: 0,
      path: 0,
      meaning: 0,
      described: 0,
      about: 0,
      score,
      signals: {},
      gains: noGains,
      repeat: 1,
      factor: factors[file]!,
      confidence: 1,
      grade: 'good',
    });
  }
  const hits: RankedHit[] = [];
  for (const hit of holding.sort(byScore)) {
    if (hits.length >= limit) break;
    if (slices.isOver) await slices.next();
    if (newChunks === null || newChunks.has(hit.position)) hits.push(hit);
  }
  return hits;
}
