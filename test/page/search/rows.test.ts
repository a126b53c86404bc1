import { describe, expect, test } from 'vitest';
import { nextItemRow, rowsOf } from '../../../src/page/search/rows.js';
import { itemOf, lineOf } from './items.js';

const shown = (rows: ReturnType<typeof rowsOf>): string[] =>
  rows.map((row) =>
    row.type === 'side'
      ? `${row.side} ${row.count}`
      : row.type === 'path'
        ? `${row.path} ${row.count}`
        : row.item.type === 'line'
          ? `:${row.item.line.line}`
          : row.item.path,
  );

describe('rows', () => {
  test('lines stand below the name of their file', () => {
    expect(shown(rowsOf([lineOf('a', 1), lineOf('a', 5), lineOf('b', 2)]))).toEqual(['a 2', ':1', ':5', 'b 1', ':2']);
  });

  test('a comparison is in three groups, whatever order its results came in', () => {
    const rows = rowsOf([lineOf('x', 1, 'b'), lineOf('y', 1, 'a'), lineOf('x', 2, 'b'), lineOf('z', 1, 'both')]);
    expect(shown(rows)).toEqual(['a 1', 'y 1', ':1', 'b 2', 'x 2', ':1', ':2', 'both 1', 'z 1', ':1']);
  });

  test('each has a key of its own', () => {
    const rows = rowsOf([lineOf('x', 1, 'a'), lineOf('x', 1, 'b'), itemOf('x', '', '', 'both')]);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });

  test('the keys go from result to result', () => {
    const rows = rowsOf([lineOf('a', 1), lineOf('b', 2)]);
    expect(nextItemRow(rows, -1, 1)).toBe(1);
    expect(nextItemRow(rows, 1, 1)).toBe(3);
    expect(nextItemRow(rows, 3, 1)).toBeUndefined();
    expect(nextItemRow(rows, 3, -1)).toBe(1);
    expect(nextItemRow(rows, 1, -1)).toBeUndefined();
    expect(nextItemRow([], -1, 1)).toBeUndefined();
  });
});
