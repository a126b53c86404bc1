import { expect, test } from 'vitest';
import { createChunker } from '../../src/chunking/index.js';
import { languages } from '../../src/model/index.js';
import { bytesOf, expectPartition } from './helpers.js';

// Rules for lines and macros are regular expressions over a stranger's text: where one can read a run in many ways, a line of it takes
// for ever. Runs of what they are made of, behind what they begin with, must be read like anything else.

const pieces = [
  'A_API ', 'ABCDEFGH', '__a', '__A ', 'x<y> ', 'x<y', 'f(1) ', '(', '@a ', '@a(b) ', 'a.', 'a::', ' ', '\t', 'pub ', 'static ', '[a] ', '#a ', "'a ", '"', 'a, ', '-> ', '<a b="c"> ', '* ',
]; // prettier-ignore
const beginnings = ['', 'class a ', 'f(a) ', '} ', 'template<', 'A_API ', 'def ', 'type '];
/** Else the text would be taken for a program's, which nobody reads by rules. */
const between = `\n${'a\n'.repeat(40)}`;
const runs = beginnings.map((beginning) => pieces.map((piece) => beginning + piece.repeat(90)));

const chunker = await createChunker();

test.each(languages.map(({ name }) => name))('%s', (language) => {
  for (const lines of runs) {
    const content = bytesOf(lines.join(between) + between);
    expectPartition(content, chunker.chunk(content, language));
  }
});

test.each(['c', 'cpp'])('%s on one line, however long', (language) => {
  for (const piece of pieces) {
    const content = bytesOf(`struct a ${piece.repeat(300)}\n) ${piece.repeat(300)}\n${between.repeat(20)}`);
    expectPartition(content, chunker.chunk(content, language));
  }
  expect(chunker.chunk(bytesOf('int f(void);\n'), language).chunks.length).toBe(1);
});
