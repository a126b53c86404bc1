import { GenerationCache } from '../base/index.js';
import type { BitSet } from '../base/index.js';
import type { CommitId } from '../model/index.js';
import type { CommitGraph } from './commit-graph.js';

/** A ref whose history is recorded. */
export interface RefTip {
  readonly name: string;
  readonly commit: CommitId;
}

/** Names in all answers that are remembered. */
const knownNamesMax = 1_000_000;

/** Answers which refs have something now, from the commits that changed how often it is there. */
export class RefTips {
  /** Numbers of the tips in the forest of first parents, ascending. */
  private readonly numbers: Uint32Array;
  /** By place in `numbers`, places in `tips`. */
  private readonly order: readonly number[];
  /** Most items come and go in few ways. */
  private readonly known = new GenerationCache<string, readonly string[]>(knownNamesMax, ({ length }) => 10 + length);
  /** Commits of which the tips have what they changed. */
  readonly lines: BitSet;

  constructor(
    private readonly graph: CommitGraph,
    private readonly tips: readonly RefTip[],
  ) {
    const numberOf = (i: number): number => graph.entries[tips[i]!.commit]!;
    this.order = tips.map((_, i) => i).sort((a, b) => numberOf(a) - numberOf(b));
    this.numbers = Uint32Array.from(this.order, numberOf);
    this.lines = graph.firstParentLines(tips.map(({ commit }) => commit));
  }

  /**
   * The names, in the order of the tips, of those that have an item: what each has is the sum of what was added and removed
   * along its line of first parents.
   */
  having(changes: Iterable<readonly [commit: CommitId, delta: number]>): readonly string[] {
    const steps: number[] = [];
    for (const [commit, delta] of changes) {
      const from = this.placeOf(this.graph.entries[commit]!);
      const to = this.placeOf(this.graph.exits[commit]!);
      if (from < to) steps.push(from, delta, to, -delta);
    }
    const key = steps.join(' ');
    let names = this.known.get(key);
    if (names === undefined) {
      names = this.sum(steps);
      this.known.set(key, names);
    }
    return names;
  }

  private sum(steps: readonly number[]): readonly string[] {
    const counts = new Int32Array(this.numbers.length + 1);
    for (let i = 0; i < steps.length; i += 2) counts[steps[i]!]! += steps[i + 1]!;
    const have = new Uint8Array(this.numbers.length);
    let count = 0;
    for (let place = 0; place < this.numbers.length; place++) {
      count += counts[place]!;
      if (count > 0) have[this.order[place]!] = 1;
    }
    const names: string[] = [];
    for (let i = 0; i < have.length; i++) if (have[i] === 1) names.push(this.tips[i]!.name);
    return names;
  }

  /** Place of the first tip with this number or a higher one. */
  private placeOf(number: number): number {
    let from = 0;
    let to = this.numbers.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.numbers[middle]! < number) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
