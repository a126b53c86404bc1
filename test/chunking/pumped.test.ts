import { expect, test } from 'vitest';
import { createChunker } from '../../src/chunking/index.js';
import { languages } from '../../src/model/index.js';
import { bytesOf, expectPartition } from './helpers.js';

// Rules for lines and macros are regular expressions over a stranger's text: where one can read a run in many ways, a line of it takes
// for ever. Runs of what they are made of, behind what they begin with, must be read like anything else.

const pieces = [
  'A_API ', 'ABCDEFGH', '__a', '__A ', 'x<y> ', 'x<y', 'f(1) ', '(', '@a ', '@a(b) ', 'a.', 'a::', ' ', '\t', 'pub ', 'static ', '[a] ', '#a ', "'a ", '"', 'a, ', '-> ', '-U ', '-> & ', '<a b="c"> ', '* ',
]; // prettier-ignore
const beginnings = [
  '',
  'class a ',
  'f(a) ',
  '} ',
  'template<',
  'A_API ',
  'def ',
  'type ',
  '@property (a) ',
  'set ',
  'f(a) -> ',
];
/** Else the text would be taken for a program's, which nobody reads by rules. */
const between = '\na\na\n';
const runs = beginnings.map((beginning) => pieces.map((piece) => beginning + piece.repeat(45)));

const chunker = await createChunker();

test.each(languages.map(({ id }) => id))('%s', (language) => {
  for (const lines of runs) {
    const content = bytesOf(lines.join(between) + between);
    expectPartition(content, chunker.chunk(content, language));
  }
});

test.each(['c', 'cpp'])('%s on one line, however long', (language) => {
  for (const piece of pieces) {
    const content = bytesOf(`struct a ${piece.repeat(100)}\n) ${piece.repeat(100)}\n${between.repeat(150)}`);
    expectPartition(content, chunker.chunk(content, language));
  }
  expect(chunker.chunk(bytesOf('int f(void);\n'), language).chunks.length).toBe(1);
});

test.each([{ linesOnly: true }, {}])(
  'lists of constants that are never closed are read once (%o)',
  (options) => {
    const content = bytesOf(Array.from({ length: 3000 }, (_, i) => `enum a${i} { B${i},\n`).join(''));
    const { chunks } = chunker.chunk(content, 'c', options);
    const constants = chunks.flatMap(({ symbols }) => symbols).filter(({ kind }) => kind === 'constant');
    expect(constants.length).toBeGreaterThan(2500);
  },
  5000,
);

test('owners without number, of which each is looked for', () => {
  const one = (i: number): string => `owner${i}.x = ${'1'.repeat(20)}\n`;
  const ofMany = bytesOf(Array.from({ length: 10_000 }, (_, i) => one(i)).join(''));
  const ofOne = bytesOf(one(0).repeat(10_000));
  const costOf = (content: Uint8Array): number => {
    const before = process.cpuUsage();
    chunker.chunk(content, 'lua');
    return process.cpuUsage(before).user;
  };
  costOf(ofOne);
  expect(costOf(ofMany)).toBeLessThan(4 * costOf(ofOne));
});

test.each(['html', 'vue', 'svelte', 'astro', 'php'])('what %s opens and never closes', (language) => {
  for (const piece of [
    '<!--',
    '<script ',
    '<script "',
    '<script>a</script>',
    '<style',
    '<a',
    '<?',
    '<%',
    '{%',
    '{{',
    '',
  ]) {
    const content = bytesOf(`${piece}\n`.repeat(40_000 / (piece.length + 1)));
    expectPartition(content, chunker.chunk(content, language));
  }
});

test.each(['<b>\n'.repeat(12_000), '<b></x>\n'.repeat(12_000), `${'<br/>\n'.repeat(6000)}${'<b>\n'.repeat(8000)}`])(
  'elements that are open at once, far more than any page has (%#)',
  (text) => {
    const { chunks, diagnostics } = chunker.chunk(bytesOf(text), 'html');
    expect(chunks.length).toBeGreaterThan(1);
    expect(diagnostics.map(({ code }) => code)).toEqual(['parse-limit']);
  },
);

test.each([
  '<p>one\n<li>two\n'.repeat(1500),
  '<b>one</b>\n'.repeat(6000),
  '<b a="1"/>\n'.repeat(6000),
  `<script>\n${'if (i<n) n++;\n'.repeat(6000)}</script>\n`,
])('elements that are not (%#)', (text) => {
  expect(chunker.chunk(bytesOf(text), 'html').diagnostics).toEqual([]);
});

test.each([
  ['css', 'a {\n'.repeat(40_000)],
  ['css', 'function a\n'.repeat(15_000)],
  ['java', 'function a() {\n'.repeat(20_000)],
])(
  'what opens and is never closed in %s, deeper than any stack and longer than any list (%#)',
  (language, text) => {
    const content = bytesOf(text);
    expectPartition(content, chunker.chunk(content, language));
  },
  60_000,
);
