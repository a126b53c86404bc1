import fc from 'fast-check';
import ignore from 'ignore';
import { expect, test } from 'vitest';
import { compileIgnoreRules } from '../../src/pattern/index.js';

const name = fc
  .array(fc.constantFrom('a', 'b', 'A', '.', 'x', '-'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
  .filter((text) => !/^\.+$/.test(text));
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const part = fc.oneof(
  { weight: 3, arbitrary: name },
  { weight: 1, arbitrary: fc.constant('**') },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.constantFrom('a', 'b', '*', '?', '[ab]', '[!a]', '.', 'x', '{a,b}'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(''))
      .filter((text) => !text.includes('**') && !/^\.+$/.test(text)),
  },
);
const rule = fc
  .tuple(
    fc.constantFrom('', '', '!'),
    fc.constantFrom('', '', '/'),
    fc.array(part, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '/', ' '),
  )
  .map(([not, root, parts, end]) => not + root + parts.join('/') + end);

test('rules leave out what the package `ignore` leaves out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: rule }, fc.constantFrom('# a', '', ' ')), { maxLength: 6 }),
      fc.array(path, { minLength: 1, maxLength: 8 }),
      (rules, paths) => {
        const text = rules.join('\n');
        const ours = compileIgnoreRules(text);
        const theirs = ignore({ allowRelativePaths: true }).add(text);
        expect(paths.map((one) => [one, ours(one)])).toEqual(paths.map((one) => [one, theirs.ignores(one)]));
      },
    ),
    { numRuns: Number(process.env['COPPICE_FUZZ_RUNS'] ?? 2_000) },
  );
});

test('a rule that would explode as a regular expression takes no time', () => {
  const passes = compileIgnoreRules(`${'a*'.repeat(40)}b\n${'**/a*/'.repeat(20)}b\n${'{a,'.repeat(1000)}`);
  const started = performance.now();
  for (let i = 0; i < 100; i++) passes(`${'a'.repeat(200)}/${'a/'.repeat(100)}${'a'.repeat(250)}`);
  expect(performance.now() - started).toBeLessThan(3_000);
});
