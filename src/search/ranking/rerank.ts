import type { BitSet, TimeSlices } from '../../base/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { QueryTermWeights } from '../query/query-terms.js';
import type { Question } from '../query/question.js';
import type { NewChunks } from '../range.js';
import { minorKinds } from '../names/symbol-search.js';
import { alikeShares } from './evidence/alike-words.js';
import type { AlikeWords } from './evidence/alike-words.js';
import type { AskedFiles } from './evidence/asked-files.js';
import { isInScope } from './evidence/asked-names.js';
import type { AskedName } from './evidence/asked-names.js';
import { byScore } from './candidate.js';
import type { Candidate, Gains, LookedAt, RankedHit } from './candidate.js';
import { confidenceOf } from './confidence.js';
import type { Descriptions } from './evidence/described.js';
import type { Evidence } from './evidence.js';
import { lesser } from './grade.js';
import type { Grade } from './grade.js';
import { QueryNames, nameStems } from './evidence/name-match.js';
import { nameOfFile } from './evidence/path-terms.js';
import type { QueryPhrase } from './evidence/phrases.js';
import type { RankingSignals } from './ranking-signals.js';
import type { Similarities } from '../vectors/similarity.js';
import { spreadOverFiles } from './spread.js';

/** What a query asks for by name or to the letter. */
export interface Asked {
  readonly phrase: QueryPhrase | null;
  /** Chunks that have all of it as it is typed. */
  readonly verbatim: BitSet | null;
  readonly files: AskedFiles;
  readonly names: readonly AskedName[];
}

export interface RerankRequest {
  /** Best first. */
  readonly candidates: readonly Candidate[];
  /** Of these alone are hits; null for all. */
  readonly newChunks: NewChunks | null;
  readonly question: Question;
  readonly asked: Asked;
  readonly alike: AlikeWords | null;
  readonly similarities: Similarities | null;
  readonly descriptions: Descriptions | null;
  readonly weights: QueryTermWeights;
  readonly evidence: Evidence;
  readonly signals: RankingSignals;
  readonly limit: number;
  /** Of the snapshot's files (see fileFactors). */
  readonly factors: Float64Array;
  readonly slices: TimeSlices;
}

/** Candidates whose scores speak for their file: of the best there are so many, whatever the limit is. */
const coherentCount = 100;
/** Texts that are read for runs of the query's words. */
const readCount = 24;

/**
 * Looks at the best candidates themselves, what they define, what their file is called and how they put it, and lists them so that
 * one file does not fill the page.
 */
export async function rerank(snapshot: Snapshot, request: RerankRequest): Promise<RankedHit[]> {
  const { candidates, newChunks, signals, limit, factors, slices } = request;
  if (candidates.length === 0) return [];
  const looked = await lookCloser(snapshot, request);
  const inOrder = [...looked].sort((a, b) => a.position - b.position);
  const ranks: (readonly [kind: string, positions: Map<number, number>])[] = [];
  const rankBy = async (kind: string, valueOf: (candidate: LookedAt) => number): Promise<void> => {
    if (slices.isOver) await slices.next();
    ranks.push([kind, ranksBy(inOrder, valueOf)]);
  };
  await rankBy('lexical', ({ text }) => text);
  await rankBy('semantic', ({ meaning }) => meaning);
  await rankBy('path', ({ path }) => path);
  await rankBy('description', ({ described }) => described);
  await rankBy('symbol', ({ gains }) => gains.definition);
  if (slices.isOver) await slices.next();
  const isHit = ({ position }: Candidate): boolean => newChunks === null || newChunks.has(position);
  const spread = await spreadOverFiles(looked, { decay: signals.sameFile, limit, isHit, slices });
  const confidence = confidenceOf(snapshot, request);
  const hits: RankedHit[] = [];
  let grade: Grade = 'good';
  for (const { candidate, repeat, value } of spread) {
    if (slices.isOver) await slices.next();
    const own: Record<string, number> = {};
    for (const [kind, positions] of ranks) {
      const rank = positions.get(candidate.position);
      if (rank !== undefined) own[kind] = rank;
    }
    const factor = factors[candidate.file]!;
    const judged = confidence(candidate);
    grade = lesser(grade, judged.grade);
    hits.push({ ...candidate, score: value, signals: own, repeat, factor, confidence: judged.confidence, grade });
  }
  return hits;
}

/** The candidates with what their names, words and texts give them, best first. */
async function lookCloser(snapshot: Snapshot, request: RerankRequest): Promise<LookedAt[]> {
  const { candidates, question, asked, evidence, signals, factors, slices } = request;
  const names = new QueryNames(question.words, evidence.idf, nameStems(snapshot), question.query.caseSensitive);
  const top = Math.max(candidates[0]!.score, Number.MIN_VALUE);
  const alike = alikeOf(snapshot, request);
  const looked: LookedAt[] = [];
  for (const [i, candidate] of candidates.entries()) {
    if (slices.isOver) await slices.next();
    const { doc, file, position } = candidate;
    const { path } = snapshot.files[file]!;
    let defines = 0;
    for (const symbol of snapshot.segments.chunkSymbols(doc).symbols) {
      const { name, kind } = symbol;
      const isMinor = minorKinds.has(kind);
      if (names.isQuery(name))
        defines = Math.max(
          defines,
          signals.definesQuery + (!isMinor && names.isTyped(name) ? signals.definesTyped : 0),
        );
      for (const { name: askedName, scope } of asked.names) {
        if (askedName !== name || (scope.length === 0 && question.words.length === 1)) continue;
        if (isInScope(symbol, path, scope))
          defines = Math.max(defines, signals.definesAsked + (scope.length > 0 && !isMinor ? signals.definesTyped : 0));
      }
      defines = Math.max(defines, names.value(name, signals.namesDefinition));
    }
    const isFirst = position === 0 || snapshot.occurrenceFiles[position - 1] !== file;
    const fits = asked.files.values.get(file) ?? 0;
    const gains: Gains = {
      definition: top * defines,
      fileName: top * names.value(nameOfFile(path), signals.namesFile),
      askedFile: top * fits * signals.namesPath * (asked.files.isAll ? (isFirst ? 1 : 0.5) : 0.125),
      phrase: asked.verbatim?.has(doc) === true ? top * signals.phrase.weight : 0,
      alike: top * signals.alike.weight * (alike[i] ?? 0) ** signals.alike.focus,
      coherence: 0,
    };
    looked.push(withGains(candidate, gains, factors[file]!));
  }
  addCoherence(looked, request);
  looked.sort(byScore);
  const { phrase } = asked;
  if (phrase === null) return looked;
  for (let i = 0; i < Math.min(readCount, looked.length); i++) {
    if (slices.isOver) await slices.next();
    const one = looked[i]!;
    if (one.gains.phrase > 0) continue;
    const share = phrase.shareIn(snapshot.segments.chunkText(one.doc));
    if (share === 0) continue;
    const gain = top * signals.phrase.weight * share ** signals.phrase.focus;
    looked[i] = withGains(one, { ...one.gains, phrase: gain }, factors[one.file]!, one.gains);
  }
  return looked.sort(byScore);
}

/**
 * Gives each what the best candidates of its file are worth together: the root of their summed squares, so that a few good ones say
 * more than many poor ones. `looked` is in the order of the candidates, of which the first are the same whatever the limit is.
 */
function addCoherence(looked: LookedAt[], { signals, factors }: RerankRequest): void {
  const squares = new Map<number, number>();
  for (const { file, score } of looked.slice(0, coherentCount))
    squares.set(file, (squares.get(file) ?? 0) + score * score);
  for (const [i, one] of looked.entries()) {
    const coherence = signals.coherence * Math.sqrt(squares.get(one.file) ?? 0);
    looked[i] = withGains(one, { ...one.gains, coherence }, factors[one.file]!, one.gains);
  }
}

/** A candidate with what a closer look gave it, in place of what `before` is. */
function withGains(candidate: Candidate, gains: Gains, factor: number, before?: Gains): LookedAt {
  const sum = sumOf(gains) - (before === undefined ? 0 : sumOf(before));
  const { position, doc, file, text, path, meaning, described, about, score } = candidate;
  return { position, doc, file, text, path, meaning, described, about, score: score + sum * factor, gains };
}

const sumOf = ({ definition, fileName, askedFile, phrase, alike, coherence }: Gains): number =>
  definition + fileName + askedFile + phrase + alike + coherence;

/** How alike the candidates' words are to the query's, 0 for the least and 1 for the most alike. */
function alikeOf(
  snapshot: Snapshot,
  { candidates, alike, evidence, question, signals }: RerankRequest,
): readonly number[] {
  if (alike === null || alike.size === 0 || signals.alike.weight === 0) return [];
  const docs = Uint32Array.from(new Set(candidates.map(({ doc }) => doc))).sort();
  const shares = alikeShares(snapshot, docs, alike, evidence.idf, (term) => question.postings(term).docs);
  const byDoc = new Map(Array.from(docs, (doc, i) => [doc, shares[i]!]));
  return candidates.map(({ doc }) => byDoc.get(doc)!);
}

/** Ranks from 1 by a value, by position, of candidates in order of position; those that have none of it are left out. */
function ranksBy<C extends Candidate>(inOrder: readonly C[], valueOf: (candidate: C) => number): Map<number, number> {
  const ascending = Float64Array.from(inOrder, valueOf)
    .filter((value) => value > 0)
    .sort();
  const nextRank = new Map<number, number>();
  for (let i = ascending.length - 1; i >= 0; i--) {
    if (!nextRank.has(ascending[i]!)) nextRank.set(ascending[i]!, ascending.length - i);
  }
  const ranks = new Map<number, number>();
  for (const candidate of inOrder) {
    const value = valueOf(candidate);
    const rank = nextRank.get(value);
    if (rank === undefined) continue;
    ranks.set(candidate.position, rank);
    nextRank.set(value, rank + 1);
  }
  return ranks;
}
