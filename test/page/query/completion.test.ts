import { describe, expect, test } from 'vitest';
import {
  applySuggestion,
  completionPoint,
  knownSuggestions,
  type CompletionPoint,
} from '../../../src/page/query/completion.js';
import { pathSuggestions } from '../../../src/page/query/suggestions.js';

/** The caret is where the bar is. */
function pointAt(marked: string): CompletionPoint | null {
  return completionPoint(marked.replace('|', ''), marked.indexOf('|'));
}

/** The query after choosing a text, with a bar at the caret. */
function choose(marked: string, insert: string): string {
  const { query, caret } = applySuggestion(marked.replace('|', ''), pointAt(marked)!, {
    insert,
    label: insert,
    detail: '',
  });
  return `${query.slice(0, caret)}|${query.slice(caret)}`;
}

describe('what is completed', () => {
  test.each([
    ['pa|', { filter: null, typed: 'pa', start: 0, end: 2 }],
    ['parse la|', { filter: null, typed: 'la', start: 6, end: 8 }],
    ['-pa|', { filter: null, typed: 'pa', start: 1, end: 3 }],
    ['(ki|', { filter: null, typed: 'ki', start: 1, end: 3 }],
    ['lang:ty|', { filter: 'lang', typed: 'ty', start: 5, end: 7 }],
    ['lang:|', { filter: 'lang', typed: '', start: 5, end: 5 }],
    ['x -path:src/a|bc y', { filter: 'path', typed: 'src/a', start: 8, end: 15 }],
    ['file:src|', { filter: 'path', typed: 'src', start: 5, end: 8 }],
    ['path:"my fo|', { filter: 'path', typed: 'my fo', start: 5, end: 11 }],
    ['rev:v1|', { filter: 'rev', typed: 'v1', start: 4, end: 6 }],
  ])('%s', (marked, point) => expect(pointAt(marked)).toEqual(point));

  test.each(['|parse', 'parse | x', '"a phrase la|', '/la|ng/', 'http://x|', 'std::ve|', 'Pa|', 'pa|th', 'unknown:x|'])(
    'not: %s',
    (marked) => expect(pointAt(marked)).toBeNull(),
  );

  test('a filter in quotes is not a phrase', () => {
    expect(pointAt('path:"a b" la|')?.typed).toBe('la');
    expect(pointAt('"path:" la|')?.typed).toBe('la');
  });
});

describe('a choice', () => {
  test('of a filter is followed by its value', () => expect(choose('x pa|', 'path:')).toBe('x path:|'));
  test('of a value is followed by the next word', () =>
    expect(choose('lang:ty|', 'typescript')).toBe('lang:typescript |'));
  test('of a folder goes on below it', () => expect(choose('path:s|', 'src/')).toBe('path:src/|'));
  test('takes no second space', () => expect(choose('lang:ty| x', 'typescript')).toBe('lang:typescript |x'));
  test('keeps what is negated', () => expect(choose('-pa|', 'path:')).toBe('-path:|'));
  test('with a space is put in quotes', () => {
    expect(choose('path:my|', 'my file.ts')).toBe('path:"my file.ts" |');
    expect(choose('path:m|', 'my folder/')).toBe('path:"my folder/|');
    expect(choose('path:"my folder/|', 'my folder/a.ts')).toBe('path:"my folder/a.ts" |');
  });
});

describe('suggestions', () => {
  const labels = (marked: string): string[] | undefined =>
    knownSuggestions(pointAt(marked)!)?.map(({ label }) => label);

  test('of filters, languages, kinds and case', () => {
    expect(labels('p|')).toEqual(['path:']);
    expect(labels('lang:ts|')).toEqual(['typescript', 'tsx', 'csv']);
    expect(labels('kind:m|')).toEqual(['method', 'macro', 'module']);
    expect(labels('case:|')).toEqual(['yes', 'no']);
  });

  test('of revs, paths and symbols are asked for', () => {
    for (const marked of ['rev:m|', 'path:s|', 'sym:P|']) expect(labels(marked)).toBeUndefined();
  });

  test('of paths: folders, then files that begin so, then others', () => {
    const paths = ['lib/src.ts', 'src/a/x.ts', 'src/a/y.ts', 'src/b.ts', 'srcery.md'];
    const found = (typed: string): string[] => pathSuggestions(paths, typed).map(({ label }) => label);
    expect(found('src')).toEqual(['src/', 'srcery.md', 'lib/src.ts']);
    expect(found('src/')).toEqual(['src/a/', 'src/b.ts']);
    expect(pathSuggestions(paths, 'src').map(({ detail }) => detail)).toEqual(['3 files', '', '']);
  });
});
