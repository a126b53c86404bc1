import fc from 'fast-check';
import { expect, test } from 'vitest';
import { languages } from '../../src/model/index.js';
import { Analyzer, identifierTerms, termKey } from '../../src/text/index.js';
import type { ChunkAnalysis } from '../../src/text/index.js';

const analyzer = new Analyzer();
const syntaxOf = (id: string): (typeof languages)[number] => languages.find((language) => language.id === id)!;

function analyze(text: string, language: string, symbols: string[] = [], scopes: string[] = []): ChunkAnalysis {
  const bytes = Buffer.from(text);
  return analyzer.analyze(bytes, 0, bytes.length, syntaxOf(language), symbols, scopes);
}

/** Frequencies of a term in body, comments and symbols. */
function frequency(analysis: ChunkAnalysis, term: string): [body: number, comment: number, symbol: number] {
  const { high, low } = termKey(term);
  for (let i = 0; i < analysis.termHigh.length; i++) {
    if (analysis.termHigh[i] !== high || analysis.termLow[i] !== low) continue;
    const packed = analysis.frequencies[i]!;
    return [packed & 15, (packed >>> 4) & 3, packed >>> 6];
  }
  return [0, 0, 0];
}

const body = [1, 0, 0];
const comment = [0, 1, 0];

test.each([
  ['typescript', 'x = 1; // word\nafter()', comment, body],
  ['typescript', 'x = "http://word";\nafter()', body, body],
  ['typescript', "x = 'it\\'s // word';\nafter()", body, body],
  ['typescript', '/* word\n * more */ after()', comment, body],
  ['typescript', 'x = `a // word\n// b`; after()', body, body],
  ['typescript', "// don't\nword() // after", body, comment],
  ['typescript', '/* never closed\nword\nafter', comment, comment],
  ['python', 'x = 1 # word\nafter()', comment, body],
  ['python', 'x = "# word"\nafter()', body, body],
  ['python', 'x = 1 // word\nafter()', body, body],
  ['go', 'x := 1 // word\nafter()', comment, body],
  ['sql', 'select 1 -- word\nafter', comment, body],
  ['html', '<p>word</p><!-- after -->', body, comment],
  ['css', '.word { } /* after */', body, comment],
  ['rust', "let a: &'static str = x; // word\nafter()", body, body], // a lifetime reads as a string to the line's end
  ['text', '// word # after', body, body],
])('%s: %j', (language, text, word, after) => {
  const analysis = analyze(text, language);
  expect(frequency(analysis, 'word')).toEqual(word);
  expect(frequency(analysis, 'after')).toEqual(after);
});

test('definitions count as symbols, what they are in as text', () => {
  const analysis = analyze('finish() {}', 'typescript', ['finish'], ['QueryBuilder']);
  expect(frequency(analysis, 'finish')).toEqual([1, 0, 1]);
  expect(frequency(analysis, 'builder')).toEqual([1, 0, 0]);
  expect(frequency(analysis, 'querybuilder')).toEqual([1, 0, 0]);
  expect(analysis.symbolLength).toBe(1);
});

test('frequencies are saturated, however often a term occurs', () => {
  for (const times of [1, 14, 15, 16, 255, 256, 65_535, 65_536, 70_000]) {
    const analysis = analyze('word '.repeat(times), 'typescript');
    expect(frequency(analysis, 'word')).toEqual([Math.min(times, 15), 0, 0]);
    expect(analysis.termHigh).toHaveLength(1);
    expect(analysis.bodyLength).toBe(times);
  }
});

test('grams are those of every line, each once, ASCII letters in lower case', () => {
  const text = fc
    .array(fc.constantFrom('a', 'B', 'b', 'c', '\n', ' ', 'é', '\r'), { maxLength: 30 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (value) => {
      const expected = new Set<number>();
      for (const line of value.split('\n')) {
        const bytes = Buffer.from(line).map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));
        for (let i = 0; i + 3 <= bytes.length; i++)
          expected.add((bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!);
      }
      const { grams } = analyze(value, 'typescript');
      expect(new Set(grams)).toEqual(expected);
      expect(grams).toHaveLength(expected.size);
    }),
    { numRuns: 500 },
  );
});

test('an analysis depends on its arguments alone', () => {
  const word = fc.constantFrom(
    'parse',
    'Query',
    'fooBar',
    'größe',
    'HTTP2',
    '//',
    '/*',
    '*/',
    '"',
    "'",
    '`',
    '\n',
    '#',
    '--',
    ' ',
  );
  const text = fc.array(word, { maxLength: 30 }).map((parts) => parts.join(' '));
  const sorted = (analysis: ChunkAnalysis): unknown => ({
    ...analysis,
    grams: [...analysis.grams].sort((a, b) => a - b),
    terms: [...analysis.termHigh].map((high, i) => `${high}:${analysis.termLow[i]}:${analysis.frequencies[i]}`).sort(),
    termHigh: null,
    termLow: null,
    frequencies: null,
  });
  fc.assert(
    fc.property(text, fc.constantFrom('typescript', 'python', 'html'), (value, language) => {
      const bytes = Buffer.from(value);
      const fresh = new Analyzer().analyze(bytes, 0, bytes.length, syntaxOf(language), [], []);
      expect(sorted(analyze(value, language))).toEqual(sorted(fresh));
    }),
    { numRuns: 60 },
  );
});

test('words of any script are found under the terms of a query for them, however long the run of bytes is', () => {
  const sentence = '使用JWT令牌进行身份验证，并且在过期之前自动刷新会话以避免用户重新登录；“don’t”—naïve_approach';
  const analysis = analyze(`// ${sentence}`, 'typescript');
  for (const word of ['令牌', '身份验证', 'JWT', '重新登录', 'don', 'naive', 'NaiveApproach']) {
    for (const term of identifierTerms(word)) expect(frequency(analysis, term), term).not.toEqual([0, 0, 0]);
  }
});

test('identifiers too long to be words are left out', () => {
  const analysis = analyze(`${'a'.repeat(65)} ${'b'.repeat(64)}`, 'typescript');
  expect(analysis.bodyLength).toBe(identifierTerms('b'.repeat(64)).length);
});
