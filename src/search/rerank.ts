import type { Snapshot } from '../snapshot/index.js';
import { identifierTerms } from '../text/index.js';
import { stemOfName, wordsOf } from './path-terms.js';
import type { Query } from './query.js';
import type { QueryWord } from './query-terms.js';
import { byScore } from './ranked.js';
import type { Candidate, RankedHit } from './ranked.js';
import type { RankingSignals } from './ranking-signals.js';

/**
 * Looks at the best candidates themselves: what they define, how much of the query they have, whether its words stand
 * together; then lists them so that one file does not fill the page.
 */
export function rerank(
  snapshot: Snapshot,
  candidates: Candidate[],
  words: readonly QueryWord[],
  query: Query,
  signals: RankingSignals,
  limit: number,
): RankedHit[] {
  if (candidates.length === 0) return [];
  const ranks = rankBy(candidates);
  const names = new QueryNames(words, query.caseSensitive);
  const top = candidates[0]!.score;
  const coveredMax = candidates.reduce((max, { covered }) => Math.max(max, covered), 0);
  const symbolScores = new Map<Candidate, number>();
  for (const candidate of candidates) {
    const coverage = coveredMax === 0 ? 1 : candidate.covered / coveredMax;
    const base = candidate.score * (1 - signals.coverage * (1 - coverage));
    const defines = names.definitionShare(snapshot.segments.chunkSymbols(candidate.doc).symbols, signals);
    const fileName = names.isFileName(snapshot.files[candidate.file]!.path) ? signals.wholeFileName : 0;
    const near =
      signals.proximity === 0 ? 0 : signals.proximity * proximity(snapshot.segments.chunkText(candidate.doc), words);
    if (defines > 0) symbolScores.set(candidate, defines);
    const factor = top === 0 ? 1 : Math.min(1, candidate.score / top + 0.5);
    candidate.score = base * (1 + near) + (defines + fileName) * top * factor;
  }
  const symbolRanks = new Map(
    [...symbolScores].sort(([a, x], [b, y]) => y - x || byScore(a, b)).map(([candidate], i) => [candidate, i + 1]),
  );
  return spreadOverFiles(candidates.sort(byScore), signals.sameFile, limit).map((candidate) => {
    const symbol = symbolRanks.get(candidate);
    return { ...candidate, signals: { ...ranks(candidate), ...(symbol === undefined ? {} : { symbol }) } };
  });
}

/** Ranks by text and by path evidence. */
function rankBy(candidates: readonly Candidate[]): (candidate: Candidate) => Record<string, number> {
  const ranksOf = (value: (candidate: Candidate) => number): Map<Candidate, number> =>
    new Map(
      candidates
        .filter((candidate) => value(candidate) > 0)
        .sort((a, b) => value(b) - value(a) || a.position - b.position)
        .map((candidate, i) => [candidate, i + 1]),
    );
  const lexical = ranksOf(({ text }) => text);
  const path = ranksOf((candidate) => candidate.path);
  return (candidate) => ({
    ...(lexical.has(candidate) ? { lexical: lexical.get(candidate)! } : {}),
    ...(path.has(candidate) ? { path: path.get(candidate)! } : {}),
  });
}

/** Greedy: each further chunk of a file counts `decay` times what the one before it did. */
function spreadOverFiles(sorted: readonly Candidate[], decay: number, limit: number): Candidate[] {
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
    const [candidate] = left.splice(best, 1);
    candidate!.score = bestScore;
    listed.set(candidate!.file, (listed.get(candidate!.file) ?? 0) + 1);
    result.push(candidate!);
  }
  return result;
}

/** The query read as names of definitions and files. */
class QueryNames {
  private readonly normalize: (name: string) => string;
  private readonly words: ReadonlySet<string>;
  private readonly whole: string;
  private readonly terms: ReadonlySet<string>;

  constructor(words: readonly QueryWord[], caseSensitive: boolean) {
    this.normalize = caseSensitive ? (name) => name : (name) => name.toLowerCase().replace(/[_$-]/g, '');
    this.words = new Set(words.map(({ text }) => this.normalize(text)));
    this.whole = words.map(({ text }) => this.normalize(text)).join('');
    this.terms = new Set(words.flatMap(({ terms }) => terms));
  }

  /** Share of the best score that the chunk's definitions earn. */
  definitionShare(symbols: readonly { name: string; scope: string }[], signals: RankingSignals): number {
    let share = 0;
    for (const { name } of symbols) {
      const own = this.normalize(name);
      if (own === this.whole) return signals.definesQuery;
      if (this.words.has(own)) share = Math.max(share, signals.definesTerm);
    }
    return share;
  }

  /** The words of the file's name are all in the query. */
  isFileName(path: string): boolean {
    const terms = wordsOf(stemOfName(path.slice(path.lastIndexOf('/') + 1))).flatMap(identifierTerms);
    const parts = terms.length > 1 ? terms.filter((term, i) => i < terms.length - 1 || this.terms.has(term)) : terms;
    return parts.length > 0 && parts.every((term) => this.terms.has(term));
  }
}

/** Share of neighbouring pairs of query words that also stand together (within 40 characters, in order) in the text. */
function proximity(text: string, words: readonly QueryWord[]): number {
  if (words.length < 2) return 0;
  const lower = text.toLowerCase();
  let near = 0;
  for (let i = 0; i + 1 < words.length; i++) {
    const first = words[i]!.terms[0]!;
    const second = words[i + 1]!.terms[0]!;
    for (let at = lower.indexOf(first); at >= 0; at = lower.indexOf(first, at + 1)) {
      const next = lower.indexOf(second, at + first.length);
      if (next < 0) break;
      if (next - at - first.length <= 40) {
        near++;
        break;
      }
    }
  }
  return near / (words.length - 1);
}
