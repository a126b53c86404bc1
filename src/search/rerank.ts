import type { Snapshot } from '../snapshot/index.js';
import { QueryNames, nameStems } from './name-match.js';
import { nameOfFile } from './path-terms.js';
import type { Query } from './query.js';
import type { QueryWord } from './query-terms.js';
import type { NewChunks } from './range.js';
import { byScore } from './ranked.js';
import type { Candidate, RankedHit } from './ranked.js';
import type { RankingSignals } from './ranking-signals.js';
import { spreadOverFiles } from './spread.js';
import type { Turns } from './turns.js';

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
  readonly turns: Turns;
}

/**
 * Looks at the best candidates themselves, what they define and what their file is called, and lists them so that one
 * file does not fill the page.
 */
export async function rerank(snapshot: Snapshot, request: RerankRequest): Promise<RankedHit[]> {
  const { candidates, newChunks, words, query, signals, limit, factors, turns } = request;
  if (candidates.length === 0) return [];
  const names = new QueryNames(words, request.idf, nameStems(snapshot), query.caseSensitive);
  const top = candidates[0]!.score;
  const definitionScores = new Map<number, number>();
  const looked: Candidate[] = [];
  for (const candidate of candidates) {
    if (turns.isDue) await turns.take();
    const { doc, file, position, score } = candidate;
    let defines = 0;
    for (const { name } of snapshot.segments.chunkSymbols(doc).symbols) {
      if (names.isQuery(name)) defines = Math.max(defines, signals.definesQuery);
      defines = Math.max(defines, names.value(name, signals.namesDefinition));
    }
    if (defines > 0) definitionScores.set(position, defines);
    const named = names.value(nameOfFile(snapshot.files[file]!.path), signals.namesFile);
    looked.push({ ...candidate, score: score + (defines + named) * top * factors[file]! });
  }
  const ranks: (readonly [kind: string, positions: Map<number, number>])[] = [];
  const rankBy = async (kind: string, valueOf: (candidate: Candidate) => number): Promise<void> => {
    if (turns.isDue) await turns.take();
    ranks.push([kind, ranksBy(candidates, valueOf)]);
  };
  await rankBy('lexical', ({ text }) => text);
  await rankBy('path', ({ path }) => path);
  await rankBy('symbol', ({ position }) => definitionScores.get(position) ?? 0);
  const isHit = ({ position }: Candidate): boolean => newChunks === null || newChunks.has(position);
  const spread = await spreadOverFiles(looked.sort(byScore), { decay: signals.sameFile, limit, isHit, turns });
  return spread.map((candidate) => {
    const own = ranks.flatMap(([kind, positions]) => {
      const rank = positions.get(candidate.position);
      return rank === undefined ? [] : [[kind, rank] as const];
    });
    return { ...candidate, signals: Object.fromEntries(own) };
  });
}

/** Ranks from 1 by a value, by position; candidates that have none of it are left out. */
function ranksBy(candidates: readonly Candidate[], valueOf: (candidate: Candidate) => number): Map<number, number> {
  const sorted = candidates
    .filter((candidate) => valueOf(candidate) > 0)
    .sort((a, b) => valueOf(b) - valueOf(a) || a.position - b.position);
  return new Map(sorted.map(({ position }, i) => [position, i + 1]));
}
