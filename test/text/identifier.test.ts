import { expect, test } from 'vitest';
import { identifierTerms, splitIdentifier, stem, termKey } from '../../src/text/index.js';

test.each([
  ['parseHTTPRequest2', 'parse HTTP Request 2'],
  ['readLines', 'read Lines'],
  ['HTTP_PORT', 'HTTP PORT'],
  ['XMLHttpRequest', 'XML Http Request'],
  ['snake_case_name', 'snake case name'],
  ['__init__', 'init'],
  ['$scope', 'scope'],
  ['größeÄndern', 'größe Ändern'],
  ['ÜBER', 'ÜBER'],
  ['日本語', '日本語'],
  ['a1b2', 'a 1 b 2'],
  ['utf8Decode', 'utf 8 Decode'],
  ['_', ''],
  ['', ''],
])('%s is made of the words %s', (identifier, words) => {
  expect(splitIdentifier(identifier).join(' ')).toBe(words);
});

test.each([
  ['readLines', 'read line readline'],
  ['lines', 'line'],
  ['parse', 'pars'],
  ['HTTP_PORT', 'http port httpport'],
  ['_private', 'privat'],
  ['x', ''],
  ['fooFoo', 'foo foofoo'],
  ['i18n', '18 i18n'],
  ['日', '日'],
])('%s is found under %s', (identifier, terms) => {
  expect(identifierTerms(identifier).join(' ')).toBe(terms);
});

test.each([
  ['caching cache caches cached', 'cach'],
  ['parses parsing parsed parse parser'.replace(' parser', ''), 'pars'],
  ['running run runs', 'run'],
  ['queries query', 'query'],
  ['classes class', 'class'],
  ['boxes box', 'box'],
  ['indexed indexes index indexing', 'index'],
])('%s share a stem', (words, expected) => {
  expect(new Set(words.split(' ').map(stem))).toEqual(new Set([expected]));
});

test.each(['bus', 'this', 'need', 'string', 'process', 'status', 'go', 'sing'])('%s is its own stem', (word) => {
  expect(stem(word)).toBe(word);
});

test('keys of terms do not collide over many words', () => {
  const keys = new Set<string>();
  const count = 200_000;
  for (let i = 0; i < count; i++) {
    const { high, low } = termKey(`term${i.toString(36)}`);
    keys.add(`${high}:${low}`);
  }
  expect(keys.size).toBe(count);
});
