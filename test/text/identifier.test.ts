import fc from 'fast-check';
import { expect, test } from 'vitest';
import { identifierTerms, splitIdentifier, stem, stemsOf, termKey } from '../../src/text/index.js';

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
  ['x', 'x'],
  ['7', '7'],
  ['a_b', 'ab'],
  ['fooFoo', 'foo foofoo'],
  ['i18n', '18 i18n'],
  ['日', '日'],
  ['使用JWT令牌进行', '使用 jwt 令牌 牌进 进行'],
  ['トークン', 'トー ーク クン'],
  ['ﾄｰｸﾝ', 'トー ーク クン'],
  ['โทเค็น', 'โท ทเ เค ค็ ็น'],
  ['인증을', '인증 증을'],
  ['токенами', 'токен'],
  ['загрузитьТокен', 'загрузит токен загрузиттокен'],
  ['café', 'cafe'],
  ['cafe\u0301', 'cafe'],
  ['ＧｅｔＴｏｋｅｎ', 'get token gettoken'],
  ['straße', 'strass'],
  ['Øresund', 'oresund'],
  ['टोकन', 'टोकन'],
  ['ﬁle', 'file'],
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

test.each([
  ['токен токена токену токеном токене токены токенов токенам токенами токенах', 'токен'],
  ['ошибка ошибки ошибке ошибку ошибкой ошибками ошибках', 'ошибк'],
  ['новый новая новое новые нового новому новым новыми', 'нов'],
  ['رمز الرمز والرمز بالرمز', 'رمز'],
  ['résumés resume Résumé', 'resum'],
])('%s share a stem, folded', (words, expected) => {
  expect(new Set(words.split(' ').flatMap(stemsOf))).toEqual(new Set([expected]));
});

test('pairs of a part of an unsegmented run are pairs of the run', () => {
  const letters = fc.string({
    unit: fc.constantFrom(...'令牌使用进行ーンガｶﾞ𠮷인증을โทเค็น'),
    minLength: 2,
    maxLength: 12,
  });
  fc.assert(
    fc.property(letters, fc.nat(), fc.nat(), (run, a, b) => {
      const characters = [...run.normalize('NFKC')];
      const from = a % characters.length;
      const part = characters.slice(from, from + 2 + (b % characters.length));
      if (part.length < 2) return;
      const all = new Set(identifierTerms(characters.join('')));
      for (const term of identifierTerms(part.join(''))) expect(all).toContain(term);
    }),
  );
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
