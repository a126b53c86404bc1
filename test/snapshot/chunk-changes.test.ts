import { expect, test } from 'vitest';
import { asDocId, asFileId } from '../../src/model/index.js';
import type { FileChange } from '../../src/segment/index.js';
import { compareChunks, movedFiles } from '../../src/snapshot/index.js';

function change(path: string, before: number | null, after: number | null): FileChange {
  return {
    path,
    before: before === null ? null : asFileId(before),
    after: after === null ? null : asFileId(after),
  };
}

test('removed and added files of one content pair off in order of path, as many as there are of both', () => {
  const changes = [
    change('a', 1, null),
    change('b', null, 1),
    change('c', 1, 2), // what is changed in place did not move
    change('d', null, 1),
    change('e', 2, null),
    change('f', 3, null),
    change('g', 3, null),
    change('h', null, 3),
  ];
  expect([...movedFiles(changes, null)!]).toEqual([1, 1, 0, 0, 0, 1, 0, 1]);
  expect(movedFiles(changes.slice(0, 1), null)).toBeNull();
  const renamed = [change('a', 1, null), change('b', null, 2)];
  expect(movedFiles(renamed, null)).toBeNull();
  expect(movedFiles(renamed, String)).toBeNull();
  expect([...movedFiles(renamed, () => 'same content')!]).toEqual([1, 1]);
  // A symlink in its place: the file did not go.
  expect(movedFiles([{ ...change('a', 1, null), replaced: true }, change('b', null, 1)], null)).toBeNull();
  // The same file goes before another with its content, whatever their paths.
  expect([...movedFiles([...renamed, change('c', null, 1)], () => 'same content')!]).toEqual([1, 0, 1]);
});

test('chunks are compared as often as they occur, wherever they stand', () => {
  const differences = (before: number[], after: number[]): Record<number, number> => {
    const found: Record<number, number> = {};
    compareChunks(before.map(asDocId), after.map(asDocId), (doc, count) => (found[doc] = count));
    return found;
  };
  expect(differences([1, 2, 3], [1, 4, 3])).toEqual({ 2: -1, 4: 1 });
  expect(differences([1, 2, 3], [3, 2, 1])).toEqual({});
  expect(differences([1, 1, 2], [2, 2, 2, 3])).toEqual({ 1: -2, 2: 2, 3: 1 });
  expect(differences([5, 5], [5, 5, 5])).toEqual({ 5: 1 });
  expect(differences([], [7, 7])).toEqual({ 7: 2 });
});
