import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createChunker } from '../../src/chunking/index.js';
import type { Chunker } from '../../src/chunking/index.js';
import { languages } from '../../src/model/index.js';
import { bytesOf, expectPartition, symbolLines } from './helpers.js';
import { samples } from './samples.js';

let chunker: Chunker;
beforeAll(async () => {
  chunker = await createChunker();
});

const symbolsOf = (source: string, language: string): string[] =>
  symbolLines(bytesOf(source), chunker.chunk(bytesOf(source), language));

describe('definitions', () => {
  test.each(Object.entries(samples))('%s', (language, { source, symbols }) => {
    const content = bytesOf(source.slice(1));
    const file = chunker.chunk(content, language);
    expect(file.diagnostics).toEqual([]);
    expect(symbolLines(content, file).join('\n')).toBe(symbols.trim().replace(/^ +/gm, ''));
    expectPartition(content, file);
  });

  test('every grammar has a sample and is a language', () => {
    const sources = JSON.parse(readFileSync(new URL('../../grammars/sources.json', import.meta.url), 'utf8')) as object;
    for (const language of Object.keys(sources)) {
      expect(Object.keys(samples)).toContain(language);
      expect(languages.map(({ id }) => id)).toContain(language);
    }
  });

  test('lines are right after characters of several bytes and units', () => {
    expect(symbolsOf('// é 中文 🎉\nconst größe = "🎉";\r\nfunction naïve() {}\n', 'javascript')).toEqual([
      '1 constant größe',
      '2 function naïve',
    ]);
  });

  test('bytes that are not UTF-8, and a byte order mark', () => {
    const latin1 = Buffer.from('// caf\xe9\nfunction after() {}\n', 'latin1');
    expect(symbolLines(latin1, chunker.chunk(latin1, 'javascript'))).toEqual(['1 function after']);
    expect(symbolsOf('\ufeffclass Marked {}\n', 'typescript')).toEqual(['0 class Marked']);
  });

  test('broken code keeps what can be read', () => {
    const source = 'function whole() { return 1; }\n\nfunction broken( {{{\n\nclass Later { method() {} }\n';
    expect(symbolsOf(source, 'javascript')).toContain('0 function whole');
  });

  test('functions inside a function are found only when it is cut', () => {
    const inner = 'function inner() {\n  return 1;\n}\n';
    const short = `function outer() {\n${inner}}\n`;
    const long = `function outer() {\n${'  step();\n'.repeat(70)}${inner}}\n`;
    expect(symbolsOf(short, 'javascript')).toEqual(['0 function outer']);
    expect(symbolsOf(long, 'javascript')).toEqual(['0 function outer', '71 function outer.inner']);
  });
});
