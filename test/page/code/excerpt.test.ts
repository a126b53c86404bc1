import { describe, expect, test } from 'vitest';
import type { Hit } from '../../../src/page/api/protocol.js';
import { cut, excerptOf } from '../../../src/page/code/excerpt.js';

function hitOf(text: string, matches: Hit['matches'] = [], symbolLine: number | null = null): Hit {
  const hit = { text, matches, symbolLine, startLine: 10 } satisfies Partial<Hit>;
  return hit as unknown as Hit;
}

/** What is shown, as `number:text`. */
const shown = (hit: Hit): string[] =>
  excerptOf(hit).lines.map(({ number, start, end }) => `${number}:${hit.text.slice(start, end)}`);

const numbered = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index}\n`).join('');

describe('an excerpt', () => {
  test('has the definition and the matches, with what is around them', () => {
    const text = '/**\n * Adds.\n */\nfunction add(a, b) {\n  check(a);\n  check(b);\n\n  return sum;\n}\n';
    const hit = hitOf(text, [{ line: 17, column: 10, length: 3 }], 13);
    expect(shown(hit)).toEqual([
      '13:function add(a, b) {',
      '14:  check(a);',
      '15:  check(b);',
      '16:',
      '17:  return sum;',
      '18:}',
    ]);
    expect(excerptOf(hit).marks.map(({ start, end }) => text.slice(start, end))).toEqual(['sum']);
  });

  test('is short, and tells where lines are left out', () => {
    const matches = [2, 20, 40, 60, 80].map((line) => ({ line: 10 + line, column: 1, length: 4 }));
    const { lines } = excerptOf(hitOf(numbered(100), matches));
    expect(lines.map(({ number }) => number)).toEqual([12, 13, 30, 31, 50, 70, 90]);
    expect(lines.map(({ afterGap }) => afterGap)).toEqual([false, false, true, false, true, true, true]);
  });

  test('without a match or definition is how the text begins', () => {
    expect(shown(hitOf(numbered(20)))).toHaveLength(7);
    expect(shown(hitOf('\n\na\n'))).toEqual(['12:a']);
    expect(shown(hitOf(''))).toEqual([]);
  });

  test('leaves out common indentation, blank lines aside', () => {
    expect(shown(hitOf('\t\ta\n\n\t\t\tb\n'))).toEqual(['10:a', '11:', '12:\tb']);
  });

  test('takes no match that lies outside of the text', () => {
    const matches = [
      { line: 99, column: 1, length: 1 },
      { line: 10, column: 1, length: 0 },
    ];
    expect(excerptOf(hitOf('a\n', matches)).marks).toEqual([]);
  });

  test('cuts long lines around the first match', () => {
    const text = `${'x'.repeat(1000)}needle${'y'.repeat(1000)}`;
    const part = cut({ start: 0, end: text.length }, 0, [{ start: 1000, end: 1006 }]);
    expect(text.slice(part.start, part.end)).toContain('needle');
    expect(part.end - part.start).toBeLessThan(300);
    expect([part.cutBefore, part.cutAfter]).toEqual([true, true]);
    expect(cut({ start: 0, end: 2000 }, 0, [])).toMatchObject({ start: 0, cutBefore: false, cutAfter: true });
  });
});
