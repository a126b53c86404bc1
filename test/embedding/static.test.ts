import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { StaticEmbedder, StaticModel, bundledSpace, createBundledEmbedder } from '../../src/embedding/index.js';
import { languages } from '../../src/model/index.js';
import { Analyzer } from '../../src/text/index.js';
import { lengthOf } from '../../src/vector/index.js';

const fields = { body: 1, comment: 1, symbol: 1 };
const space = { model: 'test', revision: '1', dimension: 4 };
const terms = ['lock', 'file', 'unlock', 'releas', 'stal', 'cach'];
const vectors = Float32Array.from(
  [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0.9, 0.1, 0, 0],
    [0.5, 0, 0.5, 0],
    [0, 0, 0, 0.25],
    [0, 0, 1, -1],
  ].flat(),
);
const bytes = StaticModel.encode({ space, fields }, terms, vectors);
const model = StaticModel.load(bytes);

const cosine = (a: Int8Array, b: Int8Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0) / (lengthOf(a) * lengthOf(b));

describe('a model file', () => {
  test('has the vectors that it was made of, to a byte each', () => {
    for (const [i, term] of terms.entries()) {
      const [row, ...more] = model.rowsOf(term);
      expect(more).toEqual([]);
      const own = model.vectorOf(row!);
      for (const [c, value] of own.entries()) expect(value).toBeCloseTo(vectors[i * 4 + c]!, 2);
    }
  });

  test('is read wherever it lies in memory', () => {
    const shifted = Buffer.concat([Buffer.from('x'), bytes]).subarray(1);
    expect(StaticModel.load(shifted).rowsOf('file')).toEqual(model.rowsOf('file'));
  });

  test('is refused when it is cut off, longer, or something else', () => {
    for (const wrong of [
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.from('x')]),
      Buffer.from('not a model'),
      Buffer.alloc(0),
    ])
      expect(() => StaticModel.load(wrong)).toThrow(/not a file of a static embedding/);
  });

  test('cuts words that it does not know into the fewest that it does', () => {
    const rows = (...words: string[]): number[] => words.flatMap((word) => model.rowsOf(word));
    expect(model.rowsOf('lockfile')).toEqual(rows('lock', 'file'));
    expect(model.rowsOf('lockfil')).toEqual(rows('lock', 'file')); // its stem
    expect(model.rowsOf('unlockfile')).toEqual(rows('unlock', 'file'));
    expect(model.rowsOf('lockx')).toEqual([]);
    expect(model.rowsOf('zzz')).toEqual([]);
    expect(model.rowsOf('')).toEqual([]);
  });
});

describe('a static embedder', () => {
  test('says the same of a chunk and of its analysis', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...terms, 'lockFile', 'other', '// cache', '\n'), { maxLength: 30 }),
        async (words) => {
          const text = `${words.join(' ')}\n`;
          const embedder = new StaticEmbedder(model);
          const analyzer = new Analyzer();
          const content = Buffer.from(text);
          const syntax = languages.find(({ id }) => id === 'typescript')!;
          const analysis = analyzer.analyze(content, 0, content.length, syntax, ['release'], []);
          const [vector] = await embedder.embedChunks([
            { text, language: 'typescript', symbols: ['release'], scopes: [] },
          ]);
          expect(embedder.embedAnalyzed(analyzer, analysis)).toEqual(vector);
        },
      ),
    );
  });

  test('knows the terms of an analyzer that has numbered them anew', () => {
    const embedder = new StaticEmbedder(model);
    const one = new Analyzer();
    const embed = (analyzer: Analyzer, text: string): Int8Array => {
      const content = Buffer.from(text);
      return embedder.embedAnalyzed(analyzer, analyzer.analyze(content, 0, content.length, languages[0]!, [], []));
    };
    const before = embed(one, 'lock file');
    for (let i = 0; i < 400_001; i += 10_000) {
      embed(one, Array.from({ length: 10_000 }, (_, n) => `q${i + n}`).join(' '));
    }
    expect(one.generation).toBeGreaterThan(0);
    expect(embed(one, 'lock file')).toEqual(before);
  });

  test('says nothing of what it does not know', async () => {
    const embedder = new StaticEmbedder(model);
    expect(await embedder.embedQuery('zzz 123 日本')).toEqual(new Int8Array(4));
    expect(await embedder.embedQuery('')).toEqual(new Int8Array(4));
  });
});

describe('the bundled model', () => {
  const embedder = createBundledEmbedder()!;

  test('is there, and says of itself what its file does', () => {
    expect(embedder.space).toEqual(bundledSpace());
    expect(embedder.space).toMatchObject({ model: 'coppice-code', dimension: 256 });
  });

  test('finds what shares no word with the question', async () => {
    const texts = {
      locks: 'function releaseLock(path) { if (isExpired(holder(path))) unlinkSync(path); }',
      parsing: 'function parseNumber(text) { const token = lexer.next(text); return Number(token); }',
      colours: 'const palette = { red: "#f00", green: "#0f0" }; function hexOf(name) { return palette[name]; }',
      requests: 'async function fetchJson(url) { const response = await fetch(url); return response.json(); }',
    };
    const vectors = await embedder.embedChunks(
      Object.values(texts).map((text) => ({ text: `${text}\n`, language: 'javascript', symbols: [], scopes: [] })),
    );
    const nearest = async (question: string): Promise<string> => {
      const query = await embedder.embedQuery(question);
      const cosines = vectors.map((vector) => cosine(query, vector));
      return Object.keys(texts)[cosines.indexOf(Math.max(...cosines))]!;
    };
    expect(await nearest('where are stale mutexes freed?')).toBe('locks');
    expect(await nearest('convert a string to an integer')).toBe('parsing');
    expect(await nearest('download from a server')).toBe('requests');
    expect(await nearest('theme paint')).toBe('colours');
  });
});
