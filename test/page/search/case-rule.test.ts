import { expect, test } from 'vitest';
import { mindsCase } from '../../../src/page/search/case-rule.js';

test('letter case matters where the query has a capital, or where it is asked for', () => {
  const minds = (query: string, regex = false, matchCase = false): boolean => mindsCase({ query, regex, matchCase });
  expect(minds('parsequery')).toBe(false);
  expect(minds('parseQuery')).toBe(true);
  expect(minds('parse', false, true)).toBe(true);
  expect(minds('\\W+\\p{Lu}x', true)).toBe(false);
  expect(minds('\\W+X', true)).toBe(true);
});
