import fc from 'fast-check';
import { expect, test } from 'vitest';

import { answerOf, readJson, readOrder } from '../../src/chat/index.js';

test.each<[string, string, number[] | null]>([
  ['as asked', '{"order": [3, 1, 2]}', [2, 0, 1]],
  ['a bare list', '[3,1]', [2, 0]],
  ['numbers as texts', '{"order": ["3", "[1]"]}', [2, 0]],
  ['objects', '[{"id": 3, "why": "best"}, {"id": 1}]', [2, 0]],
  ['in a fence', 'Here you go:\n```json\n{"order": [2, 3]}\n```\nDone.', [1, 2]],
  ['after thoughts', '<think>[1] is {"order": [1, 2]}?</think>\n{"order": [2, 1]}', [1, 0]],
  ['as rankers do', '[3] > [1] > [2]', [2, 0, 1]],
  ['numbers alone', '3, 1, 2', [2, 0, 1]],
  ['one twice', '[3, 3, 1]', [2, 0]],
  ['another key', '{"reasoning": "x", "ranking": [2, 1]}', [1, 0]],
  ['a number that is not there', '[4, 1, 2]', null],
  ['too few', '[1]', null],
  ['prose with numbers', 'The 3 best of 4 results', null],
  ['thoughts without end', '<think> I would say [1, 2, 3]', null],
  ['nothing', '', null],
  ['no numbers', '{"order": ["a"]}', null],
])('an order %s', (_, text, order) => expect(readOrder(text, 3, 3)).toEqual(order));

test('whatever is answered, an order is none or one of what is there', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.array(fc.integer({ min: -2, max: 9 })).map(String)), (text) => {
      const order = readOrder(text, 6, 3);
      if (order === null) return;
      expect(new Set(order).size).toBe(order.length);
      expect(order.every((i) => Number.isInteger(i) && i >= 0 && i < 6)).toBe(true);
    }),
  );
});

test('JSON is found between anything, and nothing takes long', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.dictionary(fc.string(), fc.integer()), (before, after, value) => {
      const text = `${before.replace(/[{["<]/g, '')} ${JSON.stringify({ own: value })} ${after}`;
      const read = readJson(text, (one) => (one as { own?: object } | null)?.own ?? null);
      expect(read).toEqual(value);
    }),
  );
  const startMs = performance.now();
  expect(readJson('{['.repeat(100_000), () => null)).toBe(null);
  expect(answerOf('<think>'.repeat(50_000))).toBe('');
  expect(performance.now() - startMs).toBeLessThan(1000);
});
