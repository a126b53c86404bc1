import { expect, test } from 'vitest';
import { mindsCase } from '../../../src/page/search/case-rule.js';
import { refsText } from '../../../src/page/view/history-row.js';

test('letter case matters where the query has a capital, or where it is asked for', () => {
  const minds = (query: string, regex = false, matchCase = false): boolean => mindsCase({ query, regex, matchCase });
  expect(minds('parsequery')).toBe(false);
  expect(minds('parseQuery')).toBe(true);
  expect(minds('parse', false, true)).toBe(true);
  expect(minds('\\W+\\p{Lu}x', true)).toBe(false);
  expect(minds('\\W+X', true)).toBe(true);
});

test('releases sort as versions, and the first and the last are told', () => {
  expect(refsText([])).toBe('in no branch or tag now');
  expect(refsText(['v2.10.0', 'v2.1.0'])).toBe('in v2.1.0, v2.10.0');
  expect(refsText(['main', 'v2.1.0', 'v2.10.0', 'v2.11.0', 'v2.9.3'])).toBe(
    'in main, 4 releases from v2.1.0 to v2.11.0',
  );
});
