import { expect, test } from 'vitest';
import { CommitGraph } from '../../src/history/index.js';
import { asCommitId } from '../../src/model/index.js';
import type { CommitId } from '../../src/model/index.js';
import { moreParents } from '../../src/segment/index.js';
import type { SegmentList } from '../../src/segment/index.js';

/** A graph of commits by the parents of each; -1 is one that is not here. Split in two segments with a gap of ids between. */
function graphOf(parents: readonly (readonly number[])[], split = parents.length): CommitGraph {
  const column = (value: (own: readonly number[], commit: number) => number) => (from: number, to: number) =>
    Uint32Array.from({ length: to - from }, (_, i) => value(parents[from + i]!, from + i));
  const idPlusOne = (id: number | undefined): number => (id === undefined ? 0 : id + 1);
  const columns = {
    time: column((_, commit) => 1000 + commit),
    firstParent: column(([first]) => idPlusOne(first)),
    secondParent: column((own) => (own.length > 2 ? moreParents : idPlusOne(own[1]))),
  };
  const ranges = [
    [0, split],
    [split, parents.length],
  ] as const;
  const segments = ranges.map(([from, to]) => ({
    entry: { commits: [from, to] },
    commitColumn: (name: keyof typeof columns) => columns[name](from, to),
  }));
  return new CommitGraph({
    segments,
    commitEnd: parents.length,
    commit: (id: number) => ({ parents: parents[id]!.map((parent) => (parent < 0 ? null : asCommitId(parent))) }),
  } as unknown as SegmentList);
}

const ids = (...numbers: number[]): CommitId[] => numbers.map(asCommitId);

//  0 - 1 - 3 - 4 - 7      5 is an octopus of 1, 2 and 3; 6 is another root
//   \- 2 -/    /
//       \---- 5
const parents = [[], [0], [0], [1, 2], [3], [1, 2, 3], [], [4, 5]];

test.each([parents.length, 4, 1])('what tips reach, in all and by first parents (split at %i)', (split) => {
  const graph = graphOf(parents, split);
  expect(graph.reachable(ids(4)).toArray()).toEqual([0, 1, 2, 3, 4]);
  expect(graph.reachable(ids(5, 6)).toArray()).toEqual([0, 1, 2, 3, 5, 6]);
  expect(graph.firstParentLines(ids(4)).toArray()).toEqual([0, 1, 3, 4]);
  expect(graph.firstParentLines(ids(5, 2)).toArray()).toEqual([0, 1, 2, 5]);
  const { graph: all, firstParent, ancestry } = graph.scope(ids(7), ids(2));
  expect([all.toArray(), firstParent.toArray(), ancestry.toArray()]).toEqual([
    [1, 3, 4, 5, 7],
    [1, 3, 4, 7],
    [0, 1, 2, 3, 4, 5, 7],
  ]);
  expect(graph.scope([], []).graph.toArray()).toEqual([]);
});

test('parents and generations', () => {
  const graph = graphOf(parents);
  expect(parents.map((_, commit) => graph.otherParents(commit))).toEqual([[], [], [], [2], [], [2, 3], [], [5]]);
  expect(parents.map((_, commit) => graph.isMerge(commit))).toEqual(parents.map((own) => own.length > 1));
  expect([...graph.generations]).toEqual([1, 2, 2, 3, 4, 4, 1, 5]);
  // An octopus of which one parent is not here.
  expect(graphOf([[], [], [0, -1, 1]]).otherParents(2)).toEqual([1]);
});

test('a commit and those below it in the forest of first parents have consecutive numbers', () => {
  const size = 200;
  const random = Array.from({ length: size }, (_, i) => (i % 17 === 0 ? [] : [(i * 7919) % i]));
  const graph = graphOf(random);
  expect([...graph.entries].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
  const descends = (commit: number, from: number): boolean =>
    commit === from || (random[commit]!.length > 0 && descends(random[commit]![0]!, from));
  for (let from = 0; from < size; from++) {
    for (let commit = 0; commit < size; commit++) {
      const inside = graph.entries[from]! <= graph.entries[commit]! && graph.entries[commit]! < graph.exits[from]!;
      if (inside !== descends(commit, from)) expect([from, commit, inside]).toEqual([from, commit, !inside]);
    }
  }
});
