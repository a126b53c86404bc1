import fc from 'fast-check';
import hljs from 'highlight.js/lib/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { languages } from '../../../src/model/index.js';
import { grammarOfLanguage, loadGrammars } from '../../../src/page/code/highlight-languages.js';
import { runsOfHtml, scopes, type ScopeRuns } from '../../../src/page/code/highlighted-html.js';
import { lineSpan, lineStartsOf, segmentsOf } from '../../../src/page/code/line-segments.js';

beforeAll(async () => {
  for (const [name, grammar] of await loadGrammars('typescript')) hljs.registerLanguage(name, grammar);
});

const runsOf = (text: string): ScopeRuns => runsOfHtml(hljs.highlight(text, { language: 'typescript' }).value);
const coloured = (text: string, runs: ScopeRuns): string[] =>
  segmentsOf(text, { start: 0, end: text.length }, runs, []).map(({ text, scope }) =>
    scope ? `${scope}:${text}` : text,
  );

describe('colours', () => {
  test('are those of the innermost span', () => {
    expect(coloured('a = `x ${y} z` // <&>', runsOf('a = `x ${y} z` // <&>'))).toEqual([
      'a = ',
      'string:`x ',
      '${y}',
      'string: z`',
      ' ',
      'comment:// <&>',
    ]);
  });

  test('keep the text as it is', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '<', '&', '"', "'", '\n', '/', '`', '$', '{', '}', '😀', ' '),
    });
    fc.assert(
      fc.property(text, (code) => {
        const runs = runsOf(code);
        expect(
          coloured(code, runs)
            .map((part) => part.replace(/^\w+:/, ''))
            .join(''),
        ).toHaveLength(code.length);
        for (let at = 0; at < runs.length; at += 3) {
          expect(runs[at]!).toBeLessThan(runs[at + 1]!);
          expect(runs[at + 1]!).toBeLessThanOrEqual(Math.min(code.length, runs[at + 3] ?? Infinity));
          expect(runs[at + 2]!).toBeLessThan(scopes.length);
        }
      }),
    );
  });

  test('every grammar of a language can be loaded with all that it includes', async () => {
    const known = languages.flatMap(({ id }) => grammarOfLanguage(id) ?? []);
    expect(known.length).toBeGreaterThan(60);
    for (const name of known) {
      const instance = hljs.newInstance();
      for (const [grammar, definition] of await loadGrammars(name)) instance.registerLanguage(grammar, definition);
      expect(instance.highlight('x "y" <z>', { language: name }).illegal).toBe(false);
    }
  });
});

describe('segments', () => {
  const runs = Uint32Array.from([0, 5, 1, 6, 9, 2]);

  test('end where a colour or a mark does', () => {
    expect(segmentsOf('const abc;', { start: 0, end: 10 }, runs, [{ start: 3, end: 7 }])).toEqual([
      { text: 'con', scope: 'keyword', marked: false },
      { text: 'st', scope: 'keyword', marked: true },
      { text: ' ', scope: '', marked: true },
      { text: 'a', scope: 'string', marked: true },
      { text: 'bc', scope: 'string', marked: false },
      { text: ';', scope: '', marked: false },
    ]);
  });

  test('together are the part that was asked for', () => {
    const span = fc.tuple(fc.nat(12), fc.nat(12)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) + 1 }));
    fc.assert(
      fc.property(span, fc.array(span, { maxLength: 3 }), (part, marks) => {
        const sorted = marks.sort((a, b) => a.start - b.start);
        const text = 'const abc; more of it';
        const segments = segmentsOf(text, part, runs, sorted);
        expect(segments.map((segment) => segment.text).join('')).toBe(text.slice(part.start, part.end));
        expect(segments.every((segment) => segment.text !== '')).toBe(true);
      }),
    );
  });

  test('lines are without their ends', () => {
    const text = 'a\r\n\nb';
    const starts = lineStartsOf(text);
    expect(
      starts.map((_, index) => lineSpan(text, starts, index)).map(({ start, end }) => text.slice(start, end)),
    ).toEqual(['a', '', 'b']);
    expect(lineStartsOf('')).toEqual([]);
    expect(lineStartsOf('a\n')).toEqual([0]);
  });
});
