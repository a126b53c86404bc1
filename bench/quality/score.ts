/** Binary relevance, as the labelled sets define it. Targets and results use paths relative to the repository's root. */
export interface Target {
  readonly path: string;
  /** 1-based, inclusive; both absent when the whole file is meant. */
  readonly startLine?: number;
  readonly endLine?: number;
}

export interface Result {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
}

export interface Score {
  readonly ndcg: number;
  /** One over the rank of the first target found. */
  readonly reciprocalRank: number;
  /** Share of the targets found. */
  readonly recall: number;
}

export const depth = 10;

/** The top chunks as returned; a target is found by a chunk of its path that overlaps its span. */
export function scoreChunks(results: readonly Result[], targets: readonly Target[]): Score {
  const top = results.slice(0, depth);
  return scoreRanks(
    targets.map((target) => top.findIndex((result) => samePath(result.path, target.path) && overlaps(result, target))),
  );
}

/** The distinct files in order of appearance; spans are ignored. */
export function scoreFiles(results: readonly Result[], targets: readonly Target[]): Score {
  const files = [...new Set(results.map(({ path }) => path))].slice(0, depth);
  return scoreRanks(targets.map((target) => files.findIndex((path) => samePath(path, target.path))));
}

/** From the index of each target in the list, -1 where it is absent. */
function scoreRanks(indexes: readonly number[]): Score {
  const found = [...new Set(indexes.filter((index) => index >= 0))];
  const gain = (index: number): number => 1 / Math.log2(index + 2);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const ideal = sum(Array.from({ length: Math.min(depth, indexes.length) }, (_, index) => gain(index)));
  return {
    ndcg: ideal === 0 ? 0 : sum(found.map(gain)) / ideal,
    reciprocalRank: found.length === 0 ? 0 : 1 / (Math.min(...found) + 1),
    recall: indexes.length === 0 ? 0 : indexes.filter((index) => index >= 0).length / indexes.length,
  };
}

function samePath(a: string, b: string): boolean {
  return a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`);
}

function overlaps(result: Result, { startLine = 1, endLine = Infinity }: Target): boolean {
  return result.startLine <= endLine && result.endLine >= startLine;
}
