import { describe, expect, test } from 'vitest';
import { marksOfFile, marksOfText } from '../../../src/page/search/marks.js';
import { home, type Place } from '../../../src/page/state/place.js';
import { lineOf } from './items.js';

const exact = (query: string, change: Partial<Place> = {}): Place => ({ ...home, mode: 'exact', query, ...change });
const marked = (text: string, place: Place): string[] | undefined =>
  marksOfText(text, place)?.map(({ start, end }) => text.slice(start, end));

describe('marks', () => {
  test('of a literal pattern are all places of it', () => {
    expect(marked('a.b A.B axb', exact('a.b'))).toEqual(['a.b', 'A.B']);
    expect(marked('a.b A.B', exact('a.b', { matchCase: true }))).toEqual(['a.b']);
    expect(marked('cat concat cat', exact('cat', { wholeWord: true }))).toEqual(['cat', 'cat']);
    expect(marked('\\d+(', exact('\\d+('))).toEqual(['\\d+(']);
  });

  test('of other searches are what the daemon said', () => {
    expect(marksOfText('x', exact('x', { regex: true }))).toBeNull();
    expect(marksOfText('x', { ...home, query: 'x' })).toBeNull();
    const items = [lineOf('f', 2), lineOf('other', 1), lineOf('f', 9)];
    expect(marksOfFile('x\nx\n', 'f', ['main', 'HEAD'], exact('x', { regex: true }), items)).toEqual([
      { start: 2, end: 3 },
    ]);
    expect(marksOfFile('x\nx\n', 'f', ['v1'], exact('x', { regex: true }), items)).toEqual([]);
  });
});
