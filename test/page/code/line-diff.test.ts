import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changedParts, diffLines, diffRows } from '../../../src/page/code/line-diff.js';

const shown = (before: string, after: string): string[] =>
  diffLines(before, after).map(({ sign, text }) => `${sign}${text}`);

test('both texts can be read off a diff, with the right numbers, and it has no more than it must', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
    .map((lines) => lines.map((line) => `${line}\n`).join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after);
      const side = (without: string, number: 'old' | 'new'): string =>
        lines
          .filter(({ sign }) => sign !== without)
          .map((line, i) => {
            expect(line[number]).toBe(i + 1);
            return `${line.text}\n`;
          })
          .join('');
      expect(side('+', 'old')).toBe(before);
      expect(side('-', 'new')).toBe(after);
      const a = before.split('\n').slice(0, -1);
      const b = after.split('\n').slice(0, -1);
      expect(lines.filter(({ sign }) => sign === ' ')).toHaveLength(longestCommon(a, b));
    }),
  );
});

/** Length of the longest common subsequence, by the table. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  const rows = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  a.forEach((x, i) => {
    b.forEach((y, j) => {
      rows[i + 1]![j + 1] = x === y ? rows[i]![j]! + 1 : Math.max(rows[i]![j + 1]!, rows[i + 1]![j]!);
    });
  });
  return rows[a.length]![b.length]!;
}

test('a line that takes the place of another tells what is new in it', () => {
  expect(shown('a\nlet x = 1;\nb\n', 'a\nlet x = 22;\nb\n')).toEqual([' a', '-let x = 1;', '+let x = 22;', ' b']);
  expect(changedParts('let x = 1;', 'let x = 22;')).toEqual([[{ start: 8, end: 9 }], [{ start: 8, end: 10 }]]);
  expect(changedParts('f(a)', 'f(a, b)')).toEqual([[], [{ start: 3, end: 6 }]]);
  expect(changedParts('one', 'quite another')).toEqual([[], []]);
});

test('what is far from a change is left out and told', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `${i}\n`);
  const rows = diffRows(diffLines(lines.join(''), lines.join('').replace('9\n', 'nine\n')), 2);
  expect(rows[0]).toEqual({ hidden: 7, from: 0 });
  expect(rows).toHaveLength(8);
  expect(rows.at(-1)).toMatchObject({ hidden: 8 });
});

test('two texts that have nothing in common are replaced, whatever their size', () => {
  const many = (name: string): string => Array.from({ length: 3000 }, (_, i) => `${name}${i}\n`).join('');
  expect(diffLines(many('a'), many('b'))).toHaveLength(6000);
});
