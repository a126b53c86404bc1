import { CoppiceError, throwIfAborted } from '../base/index.js';
import type { CallOptions, Engine, SearchEffort, SearchMode, SearchResult } from '../engine/index.js';
import type { GoldenQuery, GoldenTarget } from './golden-set.js';
import { percentile, summarize } from './mean.js';
import type { Scored, Summary } from './mean.js';
import { pathsMatch, scoreChunks, scoreFiles } from './score.js';
import type { LineSpan, Target } from './score.js';

export interface EvaluationOptions extends CallOptions {
  readonly rev: string;
  /** Queries that say where they are asked are asked there, and not at `rev`. */
  readonly ownRevs?: boolean;
  readonly effort?: SearchEffort;
  /** False: each query is asked once, and how long that takes says nothing. */
  readonly repeat?: boolean;
  /** Called after each query. */
  readonly onAsked?: (done: number, total: number) => void;
  /** MODE_UNAVAILABLE when the only one is; of several, those that are not available are told in the result. */
  readonly modes: readonly SearchMode[];
  /** Hits that are asked for and scored. */
  readonly depth: number;
}

export interface Evaluation {
  readonly rev: string;
  readonly commit: string | null;
  readonly queries: number;
  readonly depth: number;
  readonly modes: readonly ModeEvaluation[];
  readonly unavailable: readonly { readonly mode: SearchMode; readonly reason: string }[];
  /** Targets that the rev does not have: nothing can find them, and they count as misses. */
  readonly missing: readonly MissingTarget[];
}

export interface MissingTarget {
  /** Of the golden set. */
  readonly line: number;
  readonly path: string;
  /** Where the path is there, and this definition is not in it. */
  readonly symbol?: string;
}

export interface ModeEvaluation {
  readonly mode: SearchMode;
  readonly all: Summary;
  /** In order of their first query; none when the set has none. */
  readonly categories: readonly (Summary & { readonly category: string })[];
  readonly latency: Latency;
  /** The least of any answer. */
  readonly coverage: SearchResult['coverage'];
  readonly outcomes: readonly Outcome[];
}

/** Of a search that has been asked once before, in the process that has the store open; milliseconds. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What became of a query. */
export interface Outcome extends Scored {
  readonly query: GoldenQuery;
  readonly targets: readonly Target[];
  readonly hits: readonly LineSpan[];
  readonly coverage: SearchResult['coverage'];
  readonly tookMs: number;
}

/** Line 0 is in no chunk. */
const nowhere = { startLine: 0, endLine: 0 };

/** Asks each query of a golden set in each mode, and scores what comes. */
export async function evaluate(
  engine: Pick<Engine, 'search' | 'files' | 'outline'>,
  golden: readonly GoldenQuery[],
  { rev, ownRevs = false, modes: wanted, depth, effort, onAsked, repeat = true, ...call }: EvaluationOptions,
): Promise<Evaluation> {
  const revOf = (query: GoldenQuery): string => (ownRevs ? (query.rev ?? rev) : rev);
  const search = (query: GoldenQuery, mode: SearchMode): Promise<SearchResult> => {
    throwIfAborted(call.signal);
    const options = { ...call, rev: revOf(query), limit: depth, mode, ...(effort !== undefined && { effort }) };
    return engine.search(query.query, options);
  };
  const targets = new Map<GoldenQuery, Target[]>();
  const missing: MissingTarget[] = [];
  const commits = new Set<string | null>();
  for (const own of new Set(golden.map(revOf))) {
    const asked = golden.filter((query) => revOf(query) === own);
    const resolved = await resolveTargets(engine, asked, own, call);
    commits.add(resolved.commit);
    missing.push(...resolved.missing);
    for (const [i, query] of asked.entries()) targets.set(query, resolved.targets[i]!);
  }
  const commit = commits.size === 1 ? [...commits][0]! : null;
  const modes: SearchMode[] = [];
  const unavailable: { mode: SearchMode; reason: string }[] = [];
  for (const mode of wanted) {
    try {
      await search(golden[0]!, mode);
      modes.push(mode);
    } catch (error) {
      const isUnavailable = error instanceof CoppiceError && error.code === 'MODE_UNAVAILABLE';
      if (!isUnavailable || wanted.length === 1) throw error;
      unavailable.push({ mode, reason: error.message });
    }
  }
  const outcomes = new Map(modes.map((mode) => [mode, [] as Outcome[]]));
  for (const [i, query] of golden.entries()) {
    const own = targets.get(query)!;
    // The modes take turns, so that whatever else the machine does is shared by all.
    if (repeat) for (const mode of modes) await search(query, mode);
    for (const mode of modes) {
      const { hits: found, coverage, tookMs } = await search(query, mode);
      const hits = found.map(({ path, startLine, endLine }) => ({ path, startLine, endLine }));
      const chunks = scoreChunks(hits, own, depth);
      const files = scoreFiles(hits, own, depth);
      outcomes.get(mode)!.push({ query, targets: own, hits, chunks, files, coverage, tookMs });
    }
    onAsked?.(i + 1, golden.length);
  }
  return {
    rev,
    commit,
    queries: golden.length,
    depth,
    modes: modes.map((mode) => modeEvaluation(mode, outcomes.get(mode)!)),
    unavailable,
    missing,
  };
}

function modeEvaluation(mode: SearchMode, outcomes: readonly Outcome[]): ModeEvaluation {
  const categories = [...new Set(outcomes.map(({ query }) => query.category))].filter((category) => category !== '');
  const took = outcomes.map(({ tookMs }) => tookMs);
  return {
    mode,
    all: summarize(outcomes),
    categories: categories.map((category) => ({
      category,
      ...summarize(outcomes.filter(({ query }) => query.category === category)),
    })),
    latency: { p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) },
    coverage: {
      lexical: Math.min(...outcomes.map(({ coverage }) => coverage.lexical)),
      semantic: Math.min(...outcomes.map(({ coverage }) => coverage.semantic)),
    },
    outcomes,
  };
}

/** More files than any repository has; the most that a daemon lists. */
const fileCountMax = 1_000_000;

/** The targets of each query, definitions by their lines at the rev; and what the rev does not have. */
async function resolveTargets(
  engine: Pick<Engine, 'files' | 'outline'>,
  golden: readonly GoldenQuery[],
  rev: string,
  call: CallOptions,
): Promise<{ commit: string | null; targets: Target[][]; missing: MissingTarget[] }> {
  const { rev: resolved, files } = await engine.files({ ...call, rev, limit: fileCountMax });
  const exact = new Set(files.map(({ path }) => path));
  const find = (path: string): string | undefined =>
    exact.has(path) ? path : files.find((file) => pathsMatch(file.path, path))?.path;
  const outlines = new Map<string, ReturnType<Engine['outline']>>();
  const missing: MissingTarget[] = [];
  const resolve = async ({ symbol, ...target }: GoldenTarget, line: number): Promise<Target> => {
    const path = find(target.path);
    if (path === undefined) missing.push({ line, path: target.path });
    if (symbol === undefined || path === undefined) return target;
    if (!outlines.has(path)) outlines.set(path, engine.outline(rev, path, call));
    const { symbols } = await outlines.get(path)!;
    const definition = symbols.find(({ name, scope }) => name === symbol || `${scope}.${name}` === symbol);
    if (definition !== undefined) return { ...target, startLine: definition.line, endLine: definition.line };
    missing.push({ line, path: target.path, symbol });
    return { ...target, ...nowhere };
  };
  const targets: Target[][] = [];
  for (const { relevant, line } of golden) {
    const ofQuery: Target[] = [];
    for (const target of relevant) ofQuery.push(await resolve(target, line));
    targets.push(ofQuery);
  }
  return { commit: resolved.commit, targets, missing };
}
