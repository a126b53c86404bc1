import type { Snapshot } from '../snapshot/index.js';
import { fileFactors } from './file-kinds.js';
import { QueryNames, nameStems } from './name-match.js';
import { nameOfFile } from './path-terms.js';
import type { Query } from './query.js';
import type { QueryWord } from './query-terms.js';
import type { NewChunks } from './range.js';
import { byScore } from './ranked.js';
import type { Candidate, RankedHit } from './ranked.js';
import type { RankingSignals } from './ranking-signals.js';

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
}

/**
 * Looks at the best candidates themselves, what they define and what their file is called, and lists them so that one
 * file does not fill the page.
 */
export function rerank(snapshot: Snapshot, request: RerankRequest): RankedHit[] {
  const { candidates, newChunks, words, query, signals, limit } = request;
  if (candidates.length === 0) return [];
  const names = new QueryNames(words, request.idf, nameStems(snapshot), query.caseSensitive);
  const factors = fileFactors(snapshot, signals);
  const top = candidates[0]!.score;
  const definitionScores = new Map<number, number>();
  const looked = candidates.map((candidate): Candidate => {
    const { doc, file, position, score } = candidate;
    let defines = 0;
    for (const { name } of snapshot.segments.chunkSymbols(doc).symbols) {
      if (names.isQuery(name)) defines = Math.max(defines, signals.definesQuery);
      defines = Math.max(defines, names.value(name, signals.namesDefinition));
    }
    if (defines > 0) definitionScores.set(position, defines);
    const named = names.value(nameOfFile(snapshot.files[file]!.path), signals.namesFile);
    return { ...candidate, score: score + (defines + named) * top * factors[file]! };
  });
  const ranks = [
    ['lexical', ranksBy(candidates, ({ text }) => text)],
    ['path', ranksBy(candidates, ({ path }) => path)],
    ['symbol', ranksBy(candidates, ({ position }) => definitionScores.get(position) ?? 0)],
  ] as const;
  const isHit = ({ position }: Candidate): boolean => newChunks === null || newChunks.has(position);
  return spreadOverFiles(looked.sort(byScore), { decay: signals.sameFile, limit, isHit }).map((candidate) => {
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

interface Spread {
  readonly decay: number;
  readonly limit: number;
  readonly isHit: (candidate: Candidate) => boolean;
}

/** Greedy: each further chunk of a file, hit or not, counts `decay` times what the one before it did. */
function spreadOverFiles(sorted: readonly Candidate[], { decay, limit, isHit }: Spread): Candidate[] {
  const listed = new Map<number, number>();
  const left = [...sorted];
  const result: Candidate[] = [];
  while (result.length < limit && left.length > 0) {
    let best = 0;
    let bestScore = -Infinity;
    for (let i = 0; i < left.length; i++) {
      const { file, score } = left[i]!;
      if (score <= bestScore) break; // sorted: no later one can do better
      const value = score * decay ** (listed.get(file) ?? 0);
      if (value > bestScore) {
        best = i;
        bestScore = value;
      }
    }
    const candidate = left.splice(best, 1)[0]!;
    listed.set(candidate.file, (listed.get(candidate.file) ?? 0) + 1);
    if (isHit(candidate)) result.push({ ...candidate, score: bestScore });
  }
  return result;
}
