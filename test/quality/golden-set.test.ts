import { describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { parseGoldenSet } from '../../src/evaluation/index.js';

const line = (relevant: unknown, more: object = {}): string => JSON.stringify({ query: 'q', relevant, ...more });

function problemOf(text: string): string {
  try {
    parseGoldenSet(text, 'set.jsonl');
  } catch (error) {
    expect(error).toBeInstanceOf(CoppiceError);
    expect((error as CoppiceError).code).toBe('GOLDEN_SET_INVALID');
    return (error as CoppiceError).message;
  }
  throw new Error('it was taken');
}

test('whole files, lines, definitions; empty lines are skipped and counted', () => {
  const text = [
    line([{ path: 'src/a.ts' }, { path: 'b.ts', startLine: 3, endLine: 9 }], { category: 'semantic' }),
    '',
    `${line([
      { path: 'c.ts', startLine: 4 },
      { path: 'd.ts', symbol: 'Store.open' },
    ])}\r`,
    '',
  ].join('\n');
  expect(parseGoldenSet(text, 'set.jsonl')).toEqual([
    {
      line: 1,
      query: 'q',
      category: 'semantic',
      rev: null,
      relevant: [{ path: 'src/a.ts' }, { path: 'b.ts', startLine: 3, endLine: 9 }],
    },
    {
      line: 3,
      query: 'q',
      category: '',
      rev: null,
      relevant: [
        { path: 'c.ts', startLine: 4, endLine: 4 },
        { path: 'd.ts', symbol: 'Store.open' },
      ],
    },
  ]);
});

describe('mistakes are named with their line', () => {
  test.each([
    ['{', 'not JSON'],
    ['[]', 'a line is not an object'],
    [
      line([{ path: 'a' }], { weight: 2 }),
      'a line has query, relevant, category, rev, commit, chunk, irrelevant, not "weight"',
    ],
    [JSON.stringify({ query: ' ', relevant: [{ path: 'a' }] }), '"query" is not a text'],
    [line([{ path: 'a' }], { category: 3 }), '"category" is not a text'],
    [line([{ path: 'a' }], { rev: 3 }), '"rev" is not a text'],
    [line([{ path: 'a' }], { commit: '' }), '"commit" is not a text'],
    [line([{ path: 'a' }], { irrelevant: 'a' }), '"irrelevant" is not a list'],
    [line([{ path: 'a' }], { irrelevant: [{ path: '/a' }] }), 'paths count from the top of the rev'],
    [line([]), '"relevant" is not a list of at least one'],
    [line('a.ts'), '"relevant" is not a list'],
    [line(['a.ts']), 'an entry of "relevant" is not an object'],
    [line([{ path: 'a', start_line: 3 }]), 'not "start_line"'],
    [line([{ path: '' }]), '"path" is not a text'],
    [line([{ path: '/a.ts' }]), 'paths count from the top of the rev'],
    [line([{ path: './a.ts' }]), 'paths count from the top of the rev'],
    [line([{ path: 'a', startLine: 0 }]), '"startLine" is not a line number'],
    [line([{ path: 'a', endLine: 3 }]), '"startLine" is not a line number'],
    [line([{ path: 'a', startLine: 3, endLine: 2 }]), '"endLine" is not a line number from "startLine" on'],
    [line([{ path: 'a', symbol: '' }]), '"symbol" is not a text'],
    [line([{ path: 'a', symbol: 'f', startLine: 3 }]), '"symbol" says where it is'],
  ])('%s', (wrong, problem) => {
    const message = problemOf(`${line([{ path: 'a' }])}\n\n${wrong}\n`);
    expect(message).toContain('set.jsonl:3: ');
    expect(message).toContain(problem);
  });

  test('all of them at once, but not without end', () => {
    const message = problemOf(Array.from({ length: 25 }, () => '{}').join('\n'));
    expect(message.split('\n')).toHaveLength(11);
    expect(message).toContain('set.jsonl:10: ');
    expect(message).toContain('and 15 lines more');
  });

  test('an empty set', () => {
    expect(problemOf('\n \n')).toContain('there is no query in it');
  });
});
