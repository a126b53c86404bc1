import { BitSet } from '../base/index.js';
import { asCommitId } from '../model/index.js';
import type { CommitId } from '../model/index.js';
import { moreParents } from '../segment/index.js';
import type { CommitColumns, SegmentList } from '../segment/index.js';

/** A part of a history. */
export interface HistoryScope {
  /** Every commit that the tips reach, and what is excluded does not. */
  readonly graph: BitSet;
  /** Those that they reach by first parents alone. */
  readonly firstParent: BitSet;
  /** Every commit that the tips reach: together they made all that there is in the files of any of them. */
  readonly ancestry: BitSet;
}

/**
 * Who is whose parent, of all commits of a store. Parents have lower ids than their children, so one pass over the ids
 * answers most questions.
 *
 * First parents make a forest. Its commits are numbered so that a commit and all that have it among their ancestors by
 * first parents are the numbers from `entries[commit]` to below `exits[commit]`: what a commit changed against its first
 * parent holds for exactly those.
 */
export class CommitGraph {
  /** Ids are below this. */
  readonly size: number;
  /** Committer times, in seconds since 1970. */
  readonly times: Uint32Array;
  readonly entries: Uint32Array;
  readonly exits: Uint32Array;
  /** Ids plus one; 0 where there is none. */
  private readonly firstParents: Uint32Array;
  private readonly secondParents: Uint32Array;
  /** Parents but the first of commits that have more than two. */
  private readonly octopuses = new Map<number, readonly CommitId[]>();
  private cachedGenerations: Uint32Array | undefined;

  constructor(segments: SegmentList) {
    this.size = segments.commitEnd;
    this.times = joinColumns(segments, 'time');
    this.firstParents = joinColumns(segments, 'firstParent');
    this.secondParents = joinColumns(segments, 'secondParent');
    this.entries = new Uint32Array(this.size);
    this.exits = new Uint32Array(this.size);
    for (let commit = 0; commit < this.size; commit++) {
      if (this.secondParents[commit] !== moreParents) continue;
      const others = segments.commit(commit).parents.slice(1);
      this.octopuses.set(
        commit,
        others.filter((parent) => parent !== null),
      );
    }
    this.numberForest();
  }

  private numberForest(): void {
    const { size, firstParents, entries, exits } = this;
    // Until a commit's turn comes, `exits` counts what is below it, and `entries` of a parent tells where its next child goes.
    const below = exits;
    for (let commit = size - 1; commit >= 0; commit--) {
      const parent = firstParents[commit]!;
      below[commit]!++;
      if (parent !== 0) below[parent - 1]! += below[commit]!;
    }
    const next = new Uint32Array(size);
    let nextRoot = 0;
    for (let commit = 0; commit < size; commit++) {
      const parent = firstParents[commit]!;
      const entry = parent === 0 ? nextRoot : next[parent - 1]!;
      const exit = entry + below[commit]!;
      if (parent === 0) nextRoot = exit;
      else next[parent - 1] = exit;
      entries[commit] = entry;
      next[commit] = entry + 1;
      exits[commit] = exit;
    }
  }

  isMerge(commit: number): boolean {
    return this.secondParents[commit] !== 0;
  }

  /** The parents of a merge but the first. */
  otherParents(commit: number): readonly CommitId[] {
    const second = this.secondParents[commit]!;
    if (second === 0) return [];
    return second === moreParents ? this.octopuses.get(commit)! : [asCommitId(second - 1)];
  }

  /** What `tips` reach and `excluded` do not. */
  scope(tips: readonly CommitId[], excluded: readonly CommitId[]): HistoryScope {
    const ancestry = this.reachable(tips);
    const firstParent = this.firstParentLines(tips);
    if (excluded.length === 0) return { graph: ancestry, firstParent, ancestry };
    const without = this.reachable(excluded);
    const graph = new BitSet(this.size);
    graph.addAll(ancestry);
    graph.remove(without);
    firstParent.remove(without);
    return { graph, firstParent, ancestry };
  }

  /** The tips and all their ancestors. */
  reachable(tips: readonly CommitId[]): BitSet {
    const { firstParents, secondParents } = this;
    const reached = new BitSet(this.size);
    let highest = -1;
    for (const tip of tips) {
      reached.add(tip);
      highest = Math.max(highest, tip);
    }
    for (let commit = highest; commit >= 0; commit--) {
      if (!reached.has(commit)) continue;
      const [first, second] = [firstParents[commit]!, secondParents[commit]!];
      if (first !== 0) reached.add(first - 1);
      if (second === moreParents) for (const parent of this.octopuses.get(commit)!) reached.add(parent);
      else if (second !== 0) reached.add(second - 1);
    }
    return reached;
  }

  /** The tips and their ancestors by first parents alone. */
  firstParentLines(tips: readonly CommitId[]): BitSet {
    const lines = new BitSet(this.size);
    for (const tip of tips) {
      for (let commit = tip + 1; commit !== 0 && !lines.has(commit - 1); commit = this.firstParents[commit - 1]!)
        lines.add(commit - 1);
    }
    return lines;
  }

  /** Commits on the longest way from a commit to a root: a child has more than its parents, whatever its time says. */
  get generations(): Uint32Array {
    if (this.cachedGenerations === undefined) {
      const { size, firstParents, secondParents } = this;
      const generations = new Uint32Array(size);
      for (let commit = 0; commit < size; commit++) {
        const [first, second] = [firstParents[commit]!, secondParents[commit]!];
        let longest = first === 0 ? 0 : generations[first - 1]!;
        if (second !== 0)
          for (const parent of this.otherParents(commit)) longest = Math.max(longest, generations[parent]!);
        generations[commit] = longest + 1;
      }
      this.cachedGenerations = generations;
    }
    return this.cachedGenerations;
  }
}

function joinColumns({ segments, commitEnd }: SegmentList, name: keyof CommitColumns): Uint32Array {
  const joined = new Uint32Array(commitEnd);
  for (const segment of segments) {
    const [from, to] = segment.entry.commits;
    if (from < to) joined.set(segment.commitColumn(name), from);
  }
  return joined;
}
