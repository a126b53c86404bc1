import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { chunkByLines, createChunker } from '../../src/chunking/index.js';
import type { Chunker } from '../../src/chunking/index.js';
import { checkCursor } from '../../src/chunking/tree-cursor.js';
import type { Cursor } from '../../src/chunking/tree-cursor.js';
import { bytesOf, chunkKeys, expectPartition } from './helpers.js';
import { samples } from './samples.js';

let chunker: Chunker;
beforeAll(async () => {
  chunker = await createChunker();
});

const chunkTexts = (source: string, language: string): string[] =>
  chunker.chunk(bytesOf(source), language).chunks.map(({ startByte, endByte }) => source.slice(startByte, endByte));

const anyLanguage = fc.constantFrom(...Object.keys(samples), 'text', 'nonsense');

describe('chunks partition the lines', () => {
  test('of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), anyLanguage, (content, language) => {
        expectPartition(content, chunker.chunk(content, language));
      }),
      { numRuns: 300 },
    );
  });

  test('of pieces of code in any order, with any line ends', () => {
    const lines = Object.values(samples).flatMap(({ source }) => source.split('\n'));
    const end = fc.constantFrom('\n', '\r\n', '\r', '\n\n', ' ');
    const piece = fc.tuple(fc.constantFrom(...lines), end).map(([line, end]) => line + end);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 120 }), anyLanguage, (pieces, language) => {
        const content = bytesOf(pieces.join(''));
        expectPartition(content, chunker.chunk(content, language));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['nothing', ''],
    ['one byte', 'x'],
    ['line ends only', '\n\n\r\n\n'],
    ['no final line end', 'a\nb'],
    ['one line of 1 MB', 'x'.repeat(1 << 20)],
    ['one line of 1 MB between others', `a\n${'x'.repeat(1 << 20)}\nb\n`],
    ['500 KB of blank lines', '\n'.repeat(500_000)],
    ['400 KB of brackets', '([{'.repeat(1000).concat('\n').repeat(130)],
  ])('of %s', (_, source) => {
    const content = bytesOf(source);
    for (const language of ['typescript', 'python', 'markdown', 'json', 'text']) {
      expectPartition(content, chunker.chunk(content, language));
    }
    expectPartition(content, chunkByLines(content));
  });

  test('an empty file has none', () => {
    expect(chunker.chunk(new Uint8Array(0), 'typescript').chunks).toEqual([]);
  });
});

describe('what belongs together', () => {
  const body = (name: string): string => `  const ${name} = ${name}Of(input, options);\n`.repeat(14);

  test('comments, decorators and attributes go with the definition below', () => {
    const first = `function first() {\n${body('a')}}\n\n`;
    const second = `/**\n * Documented.\n */\n// Really.\nexport function second() {\n${body('b')}}\n`;
    expect(chunkTexts(first + second, 'typescript')).toEqual([first, second]);

    const one = `def one():\n${'    call(one, two, three, four)\n'.repeat(14)}\n`;
    const two = `# About two.\n@decorated(1)\n@again\ndef two():\n${'    call(one, two, three, four)\n'.repeat(14)}`;
    expect(chunkTexts(one + two, 'python')).toEqual([one, two]);
  });

  test('small neighbours share a chunk, a larger definition has its own', () => {
    const small = ["import a from 'a';\n", "import b from 'b';\n\n", 'const x = 1;\n\n'].join('');
    const large = `function large() {\n${body('a')}}\n\n`;
    const after = 'const y = 2;\nconst z = 3;\n'.repeat(10);
    expect(chunkTexts(small + large + after, 'typescript')).toEqual([small + large, after]);
  });

  test('a large class is cut at its members, which name it', () => {
    const member = (name: string): string => `  ${name}() {\n${body(name)}  }\n\n`;
    const source = `class Big {\n  size = 1;\n\n${['one', 'two', 'three', 'four', 'five', 'six'].map(member).join('')}}\n`;
    const { chunks } = chunker.chunk(bytesOf(source), 'typescript');
    expect(chunks.map(({ symbols, continues }) => [symbols.map(({ name }) => name).join(' '), continues])).toEqual([
      ['Big size one', ''],
      ['two', 'Big'],
      ['three', 'Big'],
      ['four', 'Big'],
      ['five', 'Big'],
      ['six', 'Big'],
    ]);
  });

  test('a long function is cut, and its later parts name it', () => {
    const source = `class Big {\n  long() {\n${'    step(one, two, three);\n\n    if (two) other();\n'.repeat(60)}  }\n}\n`;
    const { chunks } = chunker.chunk(bytesOf(source), 'typescript');
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks[0]!.symbols.map(({ name }) => name)).toEqual(['Big', 'long']);
    for (const { symbols, continues } of chunks.slice(1)) expect([symbols, continues]).toEqual([[], 'Big.long']);
  });
});

describe('after an edit', () => {
  const files: [string, string][] = [
    ['typescript', new URL('../../src/engine/types.ts', import.meta.url).pathname],
    ['typescript', new URL('../../src/chunking/walk.ts', import.meta.url).pathname],
    ['text', new URL('../../src/model/languages.ts', import.meta.url).pathname],
    ['markdown', new URL('../../grammars/README.md', import.meta.url).pathname],
  ];
  const edits = {
    change: (lines: string[], at: number): unknown => (lines[at] = `${lines[at]} // changed ${at}`),
    insert: (lines: string[], at: number): unknown => lines.splice(at, 0, `inserted(${at});`),
    remove: (lines: string[], at: number): unknown => lines.splice(at, 1),
  };

  test.each(files)('nearly all chunks of a %s file stay (%s)', (language, path) => {
    // Three copies with names of their own, so that the file is long enough to have something to lose.
    const text = readFileSync(path, 'utf8');
    const source = ['', '2', '3'].map((n) => text.replace(/\b([A-Z][a-z]+[A-Z]\w+)\b/g, `$1${n}`)).join('\n');
    const before = new Set(chunkKeys(bytesOf(source), chunker.chunk(bytesOf(source), language)));
    // The same places in each run: what few edits cost (one in an opening brace renames what is in it) is no matter of luck.
    const lineCount = source.split('\n').length;
    const changed = Array.from({ length: 81 }, (_, n) => {
      const lines = source.split('\n');
      Object.values(edits)[n % 3]!(lines, Math.floor((n * lineCount) / 81));
      const content = bytesOf(lines.join('\n'));
      return chunkKeys(content, chunker.chunk(content, language)).filter((key) => !before.has(key)).length;
    }).sort((a, b) => a - b);
    expect([changed[40]! <= 2, changed[72]! <= 8], changed.join(' ')).toEqual([true, true]);
    expect(changed.reduce((sum, count) => sum + count) / changed.length).toBeLessThan(3);
  });
});

describe('what is not parsed', () => {
  const code = 'function one() {}\n'.repeat(400);

  test.each([
    ['generated', `// @generated by tool\n${code}`, 400],
    ['with one very long line', `${code}${'x=1;'.repeat(2000)}\n`, 400],
    ['too long', code.repeat(80), 32_000],
  ])('code that is %s is cut by lines, and what it defines is known', (_, source, count) => {
    const content = bytesOf(source);
    const { chunks } = chunker.chunk(content, 'javascript');
    const sizes = (all: typeof chunks): number[] => all.map(({ endByte }) => endByte);
    expect(sizes(chunks)).toEqual(sizes(chunkByLines(content).chunks));
    expect(chunks.flatMap(({ symbols }) => symbols)).toHaveLength(count);
  });

  test('minified code is cut by lines, and what it defines is known once a line', () => {
    const content = bytesOf(
      `function one(){return 1}class Two{go(){}}function one(){}${'x=1;'.repeat(2000)}\n`.repeat(3),
    );
    const { chunks } = chunker.chunk(content, 'javascript');
    const cut = chunkByLines(content).chunks;
    expect(chunks.map(({ endByte }) => endByte)).toEqual(cut.map(({ endByte }) => endByte));
    const names = chunks.map(({ symbols }) => symbols.map(({ name, inner }) => `${name} ${inner}`).join());
    expect(names).toEqual(Array(3).fill('one true,Two true,go true'));
    // Of other languages nobody publishes such text.
    expect(chunker.chunk(content, 'php')).toEqual(chunkByLines(content));
  });

  test('a parse that takes too much work is given up, and the next file parses again', () => {
    const content = bytesOf(code.repeat(60));
    const file = chunker.chunk(content, 'javascript', { parseWork: 20 });
    expectPartition(content, file);
    // What rules find line by line is all there is.
    expect(file.chunks.flatMap(({ symbols }) => symbols.map(({ name }) => name))).toEqual(Array(24_000).fill('one'));
    expect(file.diagnostics).toEqual([{ code: 'parse-limit', message: 'parsing takes more than 20 steps' }]);
    expect(chunker.chunk(bytesOf('function next() {}\n'), 'javascript').chunks[0]!.symbols).toHaveLength(1);
  });

  test('a file that makes the parser ask for all memory costs nobody else their symbols', async () => {
    const greedy = bytesOf('a<b<c<\n'.repeat(10_000));
    for (let i = 0; i < 2; i++) {
      const file = chunker.chunk(greedy, 'csharp');
      expect(file.diagnostics.map(({ code }) => code)).toEqual(['parse-failed']);
      expect(file.chunks).toEqual(chunkByLines(greedy).chunks);
      await chunker.ready;
      expect(chunker.chunk(bytesOf('class Next {}\n'), 'csharp').chunks[0]!.symbols).toHaveLength(1);
    }
  });
});

test.each(['nodeTypeId', 'startIndex', 'endIndex'] as const)(
  'a parser package that keeps %s of its cursors elsewhere is refused, not taken for one that no file parses with',
  (property) => {
    const node = { typeId: 1, startIndex: 2, endIndex: 3 };
    const cursor = { nodeTypeId: 1, startIndex: 2, endIndex: 3, currentNode: node, gotoFirstChild: () => false };
    expect(() => checkCursor(cursor as unknown as Cursor)).not.toThrow();
    expect(() => checkCursor({ ...cursor, [property]: 0 } as unknown as Cursor)).toThrow(/web-tree-sitter/);
  },
);
