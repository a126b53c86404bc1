import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createChunker } from '../../src/chunking/index.js';
import type { Chunker } from '../../src/chunking/index.js';
import { languages } from '../../src/model/index.js';
import { bytesOf, expectPartition, symbolLines } from './helpers.js';
import { placeSymbols } from '../../src/segment/index.js';
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

  test.each(Object.entries(samples))(
    '%s: the same under other line ends and after a byte order mark',
    (language, { source }) => {
      const text = source.slice(1);
      const expected = symbolsOf(text, language);
      for (const other of [text.replaceAll('\n', '\r\n'), `\ufeff${text}`])
        expect(symbolsOf(other, language)).toEqual(expected);
    },
  );

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

  test('functions inside a function are found whatever their size, and cut no chunk', () => {
    const inner = 'function inner() {\n  return 1;\n}\n';
    const short = `function outer() {\n${inner}}\n`;
    const long = `function outer() {\n${'  step();\n'.repeat(70)}${inner}}\n`;
    expect(symbolsOf(short, 'javascript')).toEqual(['0 function outer', '1 function outer.inner']);
    expect(symbolsOf(long, 'javascript')).toEqual(['0 function outer', '71 function outer.inner']);
    const { chunks } = chunker.chunk(bytesOf(short.repeat(3)), 'javascript');
    expect(chunks).toHaveLength(1);
    expect(chunks[0]!.symbols.map(({ inner }) => inner)).toEqual([false, true, false, true, false, true]);
  });
});

describe('where definitions begin and end', () => {
  const rangesOf = (source: string, language: string): string[] => {
    const content = bytesOf(source);
    const { chunks } = chunker.chunk(content, language);
    const lineCounts = chunks.map(({ startByte, endByte }) => source.slice(startByte, endByte).split('\n').length - 1);
    return placeSymbols(chunks.map((symbols, i) => ({ symbols, lineCount: lineCounts[i]! }))).map(
      ({ symbol, startLine, endLine }) => `${startLine}-${endLine} ${symbol.scope && `${symbol.scope}.`}${symbol.name}`,
    );
  };

  test('decorators are part of it, comments above it are not', () => {
    const source = '/** Doc. */\n@sealed\nclass A {\n  // about\n  @log()\n  m() {\n  }\n}\n';
    expect(rangesOf(source, 'typescript')).toEqual(['1-7 A', '4-6 A.m']);
    expect(rangesOf('# about\n@app.route("/")\ndef f():\n    return 1\n', 'python')).toEqual(['1-3 f']);
    expect(rangesOf('/// Doc.\n#[derive(Debug)]\nstruct S {\n    a: u8,\n}\n', 'rust')).toEqual(['1-4 S', '3-3 S.a']);
  });

  test('also where the end lies many chunks later', () => {
    const method = (i: number): string =>
      `  m${i}() {\n${`    work(${i}, 'something that fills the line');\n`.repeat(20)}  }\n`;
    const methods = Array.from({ length: 12 }, (_, i) => method(i));
    const source = `class A {\n${methods.join('')}}\nclass B {\n${methods.join('')}}\nfunction last() {}\n`;
    const own = (name: string, from: number): string[] => [
      `${from}-${from + 12 * 22 + 1} ${name}`,
      ...methods.map((_, i) => `${from + 1 + i * 22}-${from + (i + 1) * 22} ${name}.m${i}`),
    ];
    expect(rangesOf(source, 'javascript')).toEqual([...own('A', 0), ...own('B', 266), '532-532 last']);
  });

  test('a chunk does not tell how long what it begins is: it stays when the rest grows', () => {
    const method = (i: number): string =>
      `  m${i}() {\n${`    work(${i}, 'something that fills the line');\n`.repeat(20)}  }\n`;
    const text = (count: number): string =>
      `class A {\n${Array.from({ length: count }, (_, i) => method(i)).join('')}}\n`;
    const first = (source: string) => chunker.chunk(bytesOf(source), 'javascript').chunks.slice(0, 5);
    expect(first(text(20))).toEqual(first(text(12)));
  });
});
