/** What a query should find. Relevance is binary. */
export interface Target {
  readonly path: string;
  /** 1-based, inclusive; both absent when the whole file is meant. */
  readonly startLine?: number;
  readonly endLine?: number;
}

/** What was found: some lines of a file, 1-based and inclusive. */
export interface LineSpan {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
}

/** All from 0 to 1. */
export interface Score {
  /** Normalised discounted cumulative gain: DCG is the sum of 1 / log2(rank + 1) over the distinct ranks of targets. */
  readonly ndcg: number;
  /** Share of the targets found. */
  readonly recall: number;
  /** One over the rank of the first target found; 0 when there is none. */
  readonly reciprocalRank: number;
}

/** Scores the first `depth` chunks as returned; a target is found by a chunk of its path that shares a line with its span. */
export function scoreChunks(hits: readonly LineSpan[], targets: readonly Target[], depth: number): Score {
  const top = hits.slice(0, depth);
  const rank = (target: Target): number =>
    top.findIndex((hit) => pathsMatch(hit.path, target.path) && overlaps(hit, target));
  return scoreRanks(targets.map(rank), depth);
}

/** Scores the first `depth` distinct files in order of appearance; spans are ignored. */
export function scoreFiles(hits: readonly LineSpan[], targets: readonly Target[], depth: number): Score {
  const files = [...new Set(hits.map(({ path }) => path))].slice(0, depth);
  return scoreRanks(
    targets.map((target) => files.findIndex((path) => pathsMatch(path, target.path))),
    depth,
  );
}

/** Equal, or one is the end of the other from a folder on: a set need not know which folder is searched. */
export function pathsMatch(a: string, b: string): boolean {
  return a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`);
}

/** From the position of each target in the list, -1 where it is absent. */
function scoreRanks(positions: readonly number[], depth: number): Score {
  const found = positions.filter((position) => position >= 0);
  // Two targets in one hit are one gain: the list could not have shown it twice.
  const distinct = [...new Set(found)];
  const ideal = sum(Array.from({ length: Math.min(depth, positions.length) }, (_, position) => gain(position)));
  return {
    ndcg: ideal === 0 ? 0 : sum(distinct.map(gain)) / ideal,
    recall: positions.length === 0 ? 0 : found.length / positions.length,
    reciprocalRank: found.length === 0 ? 0 : 1 / (Math.min(...found) + 1),
  };
}

const gain = (position: number): number => 1 / Math.log2(position + 2);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function overlaps(hit: LineSpan, { startLine = 1, endLine = Infinity }: Target): boolean {
  return hit.startLine <= endLine && hit.endLine >= startLine;
}
