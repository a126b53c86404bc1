import { expect, test } from 'vitest';
import { rangeOf, rangeOfName, rangeOfText } from '../../src/lsp/documents/ranges.js';

const range = (line: number, from: number, toLine: number, to: number) => ({
  start: { line, character: from },
  end: { line: toLine, character: to },
});

test('lines and columns count from 0', () => {
  expect(rangeOf(3, 5, 2)).toEqual(range(2, 4, 2, 6));
});

test('a text ends where its last line ends', () => {
  expect(rangeOfText(10, 'ab\ncde')).toEqual(range(9, 0, 10, 3));
  expect(rangeOfText(10, 'ab\n')).toEqual(range(9, 0, 10, 0));
  expect(rangeOfText(1, '')).toEqual(range(0, 0, 0, 0));
});

test.each([
  ['function foo() {', 'foo', 9, 12],
  ['class a {', 'a', 6, 7],
  ['foobar = foo', 'foo', 9, 12],
  ['const föö = ö', 'ö', 12, 13],
  ['const 😀x = x', '😀x', 6, 9],
  ['$a = a', 'a', 5, 6],
  ['prefix_name', 'name', 7, 11],
  ['  no such name\r', 'other', 0, 14],
  ['anything', '', 0, 8],
])('in %j the name %j stands from %i to %i', (text, name, from, to) => {
  expect(rangeOfName(1, text, name)).toEqual(range(0, from, 0, to));
});
