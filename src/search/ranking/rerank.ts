import type { Snapshot } from '../../snapshot/index.js';
import { byScore } from './candidate.js';
import type { Candidate, RankedHit } from './candidate.js';
import { QueryNames, nameStems } from './name-match.js';
import { nameOfFile } from './path-terms.js';
import type { Query } from '../query/query.js';
import type { QueryWord } from '../query/query-terms.js';
import { minorKinds } from '../symbol-search.js';
import type { NewChunks } from '../range.js';
import type { RankingSignals } from './ranking-signals.js';
import { spreadOverFiles } from './spread.js';
import type { TimeSlices } from '../../base/index.js';

export interface RerankRequest {
  /** Best first. */
  readonly candidates: readonly Candidate[];
  /** Of these alone are hits; null for all. */
  readonly newChunks: NewChunks | null;
  readonly words: readonly QueryWord[];
  readonly idf: ReadonlyMap<string, number>;
  readonly query: Query;
  readonly signals: RankingSignals;
  readonly limit: number;
  /** Of the snapshot's files (see fileFactors). */
  readonly factors: Float64Array;
  readonly slices: TimeSlices;
}

/**
 * Looks at the best candidates themselves, what they define and what their file is called, and lists them so that one
 * file does not fill the page.
 */
export async function rerank(snapshot: Snapshot, request: RerankRequest): Promise<RankedHit[]> {
  const { candidates, newChunks, words, query, signals, limit, factors, slices } = request;
  if (candidates.length === 0) return [];
  const names = new QueryNames(words, request.idf, nameStems(snapshot), query.caseSensitive);
  const top = candidates[0]!.score;
  const definitionScores = new Map<number, number>();
  const looked: Candidate[] = [];
  for (const candidate of candidates) {
    if (slices.isOver) await slices.next();
    const { doc, file, position, score } = candidate;
    let defines = 0;
    for (const { name, kind } of snapshot.segments.chunkSymbols(doc).symbols) {
      if (names.isQuery(name))
        defines = Math.max(
          defines,
          signals.definesQuery + (!minorKinds.has(kind) && names.isTyped(name) ? signals.definesTyped : 0),
        );
      defines = Math.max(defines, names.value(name, signals.namesDefinition));
    }
    if (defines > 0) definitionScores.set(position, defines);
    const named = names.value(nameOfFile(snapshot.files[file]!.path), signals.namesFile);
    looked.push({ ...candidate, score: score + (defines + named) * top * factors[file]! });
  }
  const inOrder = [...candidates].sort((a, b) => a.position - b.position);
  const ranks: (readonly [kind: string, positions: Map<number, number>])[] = [];
  const rankBy = async (kind: string, valueOf: (candidate: Candidate) => number): Promise<void> => {
    if (slices.isOver) await slices.next();
    ranks.push([kind, ranksBy(inOrder, valueOf)]);
  };
  await rankBy('lexical', ({ text }) => text);
  await rankBy('semantic', ({ meaning }) => meaning);
  await rankBy('path', ({ path }) => path);
  await rankBy('symbol', ({ position }) => definitionScores.get(position) ?? 0);
  if (slices.isOver) await slices.next();
  const isHit = ({ position }: Candidate): boolean => newChunks === null || newChunks.has(position);
  const spread = await spreadOverFiles(looked.sort(byScore), { decay: signals.sameFile, limit, isHit, slices });
  const hits: RankedHit[] = [];
  for (const candidate of spread) {
    if (slices.isOver) await slices.next();
    const own: Record<string, number> = {};
    for (const [kind, positions] of ranks) {
      const rank = positions.get(candidate.position);
      if (rank !== undefined) own[kind] = rank;
    }
    hits.push({ ...candidate, signals: own });
  }
  return hits;
}

/** Ranks from 1 by a value, by position, of candidates in order of position; those that have none of it are left out. */
function ranksBy(inOrder: readonly Candidate[], valueOf: (candidate: Candidate) => number): Map<number, number> {
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
