import { CoppiceError, TimeSlices } from '../../base/index.js';
import type { Deadline } from '../../pattern/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { byScore } from './candidate.js';
import { noGains } from './candidate.js';
import type { Candidate, RankedHit } from './candidate.js';
import { compileClause } from '../clause.js';
import type { Holds } from '../clause.js';
import { gatherEvidence } from './evidence.js';
import type { Evidence } from './evidence.js';
import { asksDescriptions, gatherDescriptions } from './described.js';
import type { Descriptions } from './described.js';
import { fileFactors } from './file-kinds.js';
import type { FileMask } from '../file-mask.js';
import type { Query } from '../query/query.js';
import { NewChunks } from '../range.js';
import { gatherMeaning } from './meaning.js';
import { termWeights } from '../query/query-terms.js';
import type { QueryTermWeights } from '../query/query-terms.js';
import type { Question } from '../query/question.js';
import type { AlikeWords } from './alike-words.js';
import { askedFiles } from './asked-files.js';
import { askedNames } from './asked-names.js';
import { QueryPhrase } from './phrases.js';
import type { RankingSignals } from './ranking-signals.js';
import { rerank } from './rerank.js';
import type { Asked } from './rerank.js';
import type { Similarities } from './similarity.js';
import { occursTyped } from '../term-postings.js';

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

/** Candidates that the closer look of `rerank` is taken at, at least; of more hits thrice as many, up to so many besides. */
const closerLookCount = 120;
const closerLookMore = 2000;
/** So many that define something with a query's term in its name are among them, however often that is used elsewhere. */
const definitionCount = 40;

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
  const evidence = await gatherEvidence(snapshot, weights, question, signals, slices);
  const descriptions = asksDescriptions(question) ? (given.descriptions ?? null) : null;
  const phrase = QueryPhrase.of(query);
  const asked: Asked = {
    phrase,
    verbatim: phrase?.verbatimDocs(snapshot) ?? null,
    files: askedFiles(snapshot, query.ranking),
    names: askedNames(query.ranking),
  };
  const described = await gatherDescribed(snapshot, evidence, weights, { ...request, descriptions }, slices);
  const candidates = await bestCandidates(snapshot, evidence, request, {
    holds,
    newChunks,
    factors,
    slices,
    asked,
    described,
  });
  const { alike = null, mode, similarities } = request;
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
function rankedMask({ files }: Snapshot, mask: FileMask): FileMask {
  if (!files.some(({ record }) => record.exactOnly)) return mask;
  return Uint8Array.from(files, ({ record }, i) => (!record.exactOnly && passes(mask, i) ? 1 : 0));
}

/** What a request was prepared to. */
interface Prepared {
  readonly holds: Holds;
  readonly newChunks: NewChunks | null;
  readonly factors: Float64Array;
  readonly slices: TimeSlices;
}

/** The candidates with the highest scores, in that order. */
async function bestCandidates(
  snapshot: Snapshot,
  evidence: Evidence,
  { mask, signals, limit, mode, similarities }: RankRequest,
  {
    holds,
    newChunks,
    factors,
    slices,
    asked: { verbatim, files: namedFiles },
    described,
  }: Prepared & { readonly asked: Asked; readonly described: Float64Array | null },
): Promise<Candidate[]> {
  const { occurrenceDocs, occurrenceFiles } = snapshot;
  const { defines, files, paths } = evidence;
  const meaning = similarities && (await gatherMeaning(snapshot, similarities, evidence, { mode, signals, slices }));
  const chunks = mode === 'semantic' ? new Float64Array(evidence.chunks.length) : evidence.chunks;
  const matches = new Float64Array(files.length);
  for (let position = 0; position < chunks.length; position++)
    matches[occurrenceFiles[position]!]! += chunks[position]!;
  /** The beginning of a file that the query names is looked at however little else speaks for it. */
  const isFileNamed = (file: number, position: number): boolean =>
    namedFiles.values.has(file) && (position === 0 || occurrenceFiles[position - 1] !== file);
  const all = new Pool(limit);
  // Chunks that are not new stay, for they have their part in the scores of those that are.
  const fresh = newChunks === null ? null : new Pool(limit);
  for (let position = 0; position < chunks.length; position++) {
    if ((position & 63) === 0 && slices.isOver) await slices.next();
    const file = occurrenceFiles[position]!;
    const text = chunks[position]!;
    const path = paths[file]!;
    const own = meaning === null ? 0 : meaning[position]!;
    const isNear = own > 0 && similarities!.chunks[position]! >= signals.nearMin;
    const said = described === null ? 0 : described[position]!;
    const isNamed = isFileNamed(file, position);
    if ((text === 0 && path === 0 && said === 0 && !isNear && !isNamed) || !passes(mask, file)) continue;
    const others = Math.log1p(Math.max(0, matches[file]! - text));
    const about = mode === 'semantic' ? 0 : signals.fileText * files[file]! + signals.fileMatches * others;
    const score = (text + path + about + own + said) * factors[file]!;
    const isDefinition = defines[position] === 1 || isNamed || verbatim?.has(occurrenceDocs[position]!) === true;
    const wanted = all.wants(score, isDefinition);
    const wantedIfNew = fresh?.wants(score, isDefinition) === true;
    if (!wanted && !wantedIfNew) continue;
    const doc = occurrenceDocs[position]!;
    if (!holds(doc, file)) continue;
    const candidate = { position, doc, file, text, path, meaning: own, described: said, about, score };
    if (wanted) all.add(candidate, isDefinition);
    if (wantedIfNew && newChunks!.has(position)) fresh.add(candidate, isDefinition);
  }
  return [...new Set([...all.candidates(), ...(fresh?.candidates() ?? [])])].sort(byScore);
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
  const near = await gatherMeaning(snapshot, describedSimilarities, evidence, { mode, signals, slices, signal });
  for (let position = 0; position < near.length; position++)
    if (describedSimilarities.chunks[position]! >= signals.nearMin || byWords[position]! > 0)
      byWords[position]! += near[position]!;
  return byWords;
}

const passes = (mask: FileMask, file: number): boolean => mask === null || mask[file] === 1;

/** The candidates to look at closely: the best, and the best of those that define something. */
class Pool {
  private readonly best: Best;
  private readonly definitions = new Best(definitionCount);

  constructor(limit: number) {
    this.best = new Best(Math.max(closerLookCount, limit + Math.min(limit * 2, closerLookMore)));
  }

  /** At the worst's score the earlier position stays. */
  wants(score: number, isDefinition: boolean): boolean {
    return score > this.best.worst || (isDefinition && score > this.definitions.worst);
  }

  add(candidate: Candidate, isDefinition: boolean): void {
    if (candidate.score > this.best.worst) this.best.add(candidate);
    if (isDefinition && candidate.score > this.definitions.worst) this.definitions.add(candidate);
  }

  candidates(): Candidate[] {
    return [...this.best.sorted(), ...this.definitions.sorted()];
  }
}

/** Keeps the best of many candidates that come in order of position. */
class Best {
  private kept: Candidate[] = [];
  /** What a further candidate must surpass. */
  worst = -Infinity;

  constructor(private readonly count: number) {}

  add(candidate: Candidate): void {
    this.kept.push(candidate);
    if (this.kept.length < this.count * 2) return;
    this.kept = this.sorted();
    this.worst = this.kept.at(-1)!.score;
  }

  sorted(): Candidate[] {
    return this.kept.sort(byScore).slice(0, this.count);
  }
}

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
