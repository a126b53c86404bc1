import { compareBytewise } from '../../../src/base/index.js';
import type { FileContent, Files } from '../../support/git.js';
import { textOf } from './merged-history.js';
import type { MergedHistory } from './merged-history.js';

/** What a log tells, by the numbers of commits. */
export interface OracleEvent {
  readonly commit: number;
  readonly paths: readonly string[];
  readonly firstParent: boolean;
  readonly graph: boolean;
}

export interface OracleLine {
  readonly line: string;
  readonly appeared: readonly OracleEvent[];
  readonly disappeared: readonly OracleEvent[];
  readonly refs: readonly string[];
}

export interface OracleRequest {
  readonly matches: (line: string) => boolean;
  readonly passes: (path: string) => boolean;
  readonly tips: readonly number[];
  readonly excluded: readonly number[];
  readonly firstParentOnly: boolean;
}

type Counts = ReadonlyMap<string, number>;

/** Line histories by their definition, from whole files of every commit. */
export class LogOracle {
  private readonly generations: number[] = [];

  constructor(
    private readonly history: MergedHistory,
    private readonly oids: readonly string[],
  ) {
    for (const { parents } of history.commits)
      this.generations.push(1 + Math.max(0, ...parents.map((parent) => this.generations[parent]!)));
  }

  lines(request: OracleRequest): OracleLine[] {
    const { commits, branches } = this.history;
    const excluded = this.reachable(request.excluded);
    const graph = this.reachable(request.tips).filter((commit) => !excluded.includes(commit));
    const inLine = request.tips
      .flatMap((tip) => this.firstParentLine(tip))
      .filter((commit) => !excluded.includes(commit));
    const events = new Map<string, { sign: 1 | -1; event: OracleEvent }[]>();
    const scope = request.firstParentOnly ? graph.filter((commit) => inLine.includes(commit)) : graph;
    for (const commit of scope.sort((a, b) => this.compareNewest(a, b))) {
      for (const [line, sign, event] of this.eventsAt(commit, inLine.includes(commit), request)) {
        const own = events.get(line) ?? [];
        events.set(line, own);
        own.push({ sign, event });
      }
    }
    const refsOf = (line: string): string[] =>
      [...branches]
        .filter(([, tip]) =>
          [...this.countsOf(commits[tip]!.tree, request).values()].some((counts) => counts.has(line)),
        )
        .map(([name]) => name)
        .sort();
    return [...events]
      .map(([line, own]) => ({
        line,
        appeared: own.filter(({ sign }) => sign > 0).map(({ event }) => event),
        disappeared: own.filter(({ sign }) => sign < 0).map(({ event }) => event),
        refs: refsOf(line),
        newest: own[0]!.event.commit,
      }))
      .sort((a, b) => this.compareNewest(a.newest, b.newest) || (a.line < b.line ? -1 : 1))
      .map(({ line, appeared, disappeared, refs }) => ({ line, appeared, disappeared, refs }));
  }

  reachable(tips: readonly number[]): number[] {
    const reached = new Set<number>();
    const visit = (commit: number): void => {
      if (reached.has(commit)) return;
      reached.add(commit);
      this.history.commits[commit]!.parents.forEach(visit);
    };
    tips.forEach(visit);
    return [...reached];
  }

  private firstParentLine(tip: number): number[] {
    const [parent] = this.history.commits[tip]!.parents;
    return [tip, ...(parent === undefined ? [] : this.firstParentLine(parent))];
  }

  compareNewest(a: number, b: number): number {
    const { commits } = this.history;
    return (
      commits[b]!.time - commits[a]!.time ||
      this.generations[b]! - this.generations[a]! ||
      compareBytewise(this.oids[a]!, this.oids[b]!)
    );
  }

  private *eventsAt(
    commit: number,
    inLine: boolean,
    request: OracleRequest,
  ): Generator<readonly [line: string, sign: 1 | -1, event: OracleEvent]> {
    const { commits } = this.history;
    const { tree, parents } = commits[commit]!;
    const trees = parents.length === 0 ? [{}] : parents.map((parent) => commits[parent]!.tree);
    const after = this.countsOf(tree, request);
    const befores = trees.map((before) => this.countsOf(before, request));
    const moved = movedPaths(trees[0]!, tree, request.passes);
    const paths = [...new Set([...after.keys(), ...befores[0]!.keys()])].filter((path) => !moved.has(path));
    const lines = new Set(
      [after, ...befores].flatMap((counts) => [...counts.values()].flatMap((own) => [...own.keys()])),
    );
    for (const line of lines) {
      for (const sign of [1, -1] as const) {
        const more = (path: string, before: ReadonlyMap<string, Counts>): boolean =>
          sign * ((after.get(path)?.get(line) ?? 0) - (before.get(path)?.get(line) ?? 0)) > 0;
        const first = paths.filter((path) => more(path, befores[0]!)).sort(compareBytewise);
        const every = first.filter((path) => befores.every((before) => more(path, before)));
        const own = inLine ? first : every;
        if (own.length > 0) yield [line, sign, { commit, paths: own, firstParent: inLine, graph: every.length > 0 }];
      }
    }
  }

  private countsOf(tree: Files, { matches, passes }: OracleRequest): Map<string, Counts> {
    const counts = new Map<string, Counts>();
    for (const [path, content] of Object.entries(tree)) {
      const text = textOf(content);
      if (text === null || !passes(path)) continue;
      const own = new Map<string, number>();
      const lines = text.split('\n');
      if (lines.at(-1) === '') lines.pop();
      for (const line of lines) if (matches(line)) own.set(line, (own.get(line) ?? 0) + 1);
      counts.set(path, own);
    }
    return counts;
  }
}

/** Both paths of each file that moved as it is: it is no longer at the one, whatever it held, and was not at the other. */
export function movedPaths(before: Files, after: Files, passes: (path: string) => boolean): Set<string> {
  const onlyIn = (tree: Files, other: Files): string[] =>
    Object.keys(tree)
      .filter((path) => passes(path) && (textOf(tree[path]) ?? '') !== '' && !isFile(other[path]))
      .sort(compareBytewise);
  const gone = onlyIn(before, after);
  const moved = new Set<string>();
  // Of several with the content, one that is read as the same language.
  for (const languageMatters of [true, false]) {
    for (const path of onlyIn(after, before).filter((own) => !moved.has(own))) {
      const isSame = (other: string): boolean =>
        before[other] === after[path] && (!languageMatters || extensionOf(other) === extensionOf(path));
      const from = gone.find((other) => !moved.has(other) && isSame(other));
      if (from !== undefined) moved.add(from).add(path);
    }
  }
  return moved;
}

const extensionOf = (path: string): string | undefined => /\.\w+$/.exec(path)?.[0];

export const isFile = (content: FileContent | undefined): boolean => typeof content === 'string';
